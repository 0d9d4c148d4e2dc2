import { describe, expect, it } from 'vitest';
import { nowMs, serve } from '../../../test/helpers/served.ts';
import type { RedisClient } from '../../redis/client.ts';
import type { References } from './references.ts';
import { seqOf } from './visitor-names.ts';

const noRedis = {} as RedisClient;

/** Places 1 to 9 wait, except 4, which left; these seqs have the reference that is asked for. */
function lookUp(name: string, named: readonly number[] = []) {
  const { served, replica } = serve({ waiting: 9 });
  replica.apply(2, { kind: 'left', seq: 4, nowMs }, nowMs);
  const references = { seqsOf: async () => [...named] } as unknown as References;
  return seqOf({ replica, ref: served.ref, secret: served.secret, references }, noRedis, name);
}

describe('a visitor named', () => {
  it('by position is who stands there now', async () => {
    expect(await lookUp('#1')).toBe(1);
    expect(await lookUp('#4')).toBe(5);
    for (const name of ['#0', '#9', '#-1', '#x']) expect(await lookUp(name)).toBeUndefined();
  });

  it('by reference is found, also once the place has ended', async () => {
    expect(await lookUp('v_abcdefgh', [7])).toBe(7);
    expect(await lookUp('v_abcdefgh', [4])).toBe(4);
    expect(await lookUp('v_abcdefgh')).toBeUndefined();
  });

  it('by a reference of two is the one who is still in the line', async () => {
    expect(await lookUp('v_abcdefgh', [4, 7])).toBe(7);
  });

  it('by a reference of two who both wait is nobody: they are told apart by position', async () => {
    await expect(lookUp('v_abcdefgh', [2, 7])).rejects.toMatchObject({
      refusal: { code: 'BAD_REQUEST', message: expect.stringContaining('#2 and #6') },
    });
  });

  it('in another way is nobody', async () => {
    for (const name of ['', 'anna', 'user:', 'idem:abc']) expect(await lookUp(name)).toBeUndefined();
  });
});
