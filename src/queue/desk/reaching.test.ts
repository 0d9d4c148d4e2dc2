import { describe, expect, it } from 'vitest';
import { TacosError } from '../../contract/errors.ts';
import { FencedError, StaleEventError } from '../store.ts';
import { reachingRedis } from './reaching.ts';

/** The code that callers of the desk get, and what was warned of. */
async function told(error: Error): Promise<[code: string, warned: number]> {
  let warned = 0;
  const failed = await reachingRedis(
    () => Promise.reject(error),
    () => {
      warned += 1;
    },
  ).catch((thrown: unknown) => thrown);
  return [failed instanceof TacosError ? failed.refusal.code : String(failed), warned];
}

describe('what a caller of the desk is told', () => {
  it('of an event that was recovered or flushed meanwhile: that it is another one, not that it is gone', async () => {
    expect(await told(new FencedError('evt_x'))).toEqual(['VERSION_CONFLICT', 0]);
  });

  it('of one that is gone, of a refusal, and of Redis that is away', async () => {
    expect(await told(new StaleEventError('evt_x'))).toEqual(['EVENT_NOT_FOUND', 0]);
    expect(await told(new TacosError('GUARD_RAIL'))).toEqual(['GUARD_RAIL', 0]);
    expect(await told(new Error('connection lost'))).toEqual(['UNAVAILABLE', 1]);
  });
});
