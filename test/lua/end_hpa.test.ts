import { describe, expect, it } from 'vitest';
import { globalKeys, runGlobal } from '../../src/queue/global-scripts.ts';
import { useGlobal } from './global.ts';

describe('end_hpa', () => {
  const global = useGlobal(['begin_hpa', 'end_hpa']);
  const begin = (changeId: string) =>
    runGlobal(global.redis, 'begin_hpa', { owner: 'a', changeId, intent: '{}', leaseMs: 4_000 });
  const end = (changeId: string, rest: { audit?: string; hold?: string } = {}) =>
    runGlobal(global.redis, 'end_hpa', { changeId, nowUs: 5_000_000, ...rest });

  it('writes record, version and what is held, and frees the lease', async () => {
    await begin('one');
    expect(await end('one', { audit: '{"a":1}', hold: '{"min":9}' })).toEqual(['ended', 1]);
    const kept = await global.redis.hgetall(globalKeys.hpa);
    expect(Object.keys(kept).sort()).toEqual(['changes', 'hold', 'revision']);
    expect([kept.hold, kept.revision]).toEqual(['{"min":9}', '1']);
    const [record] = await global.redis.xrange(globalKeys.audit, '-', '+');
    expect(record?.[1]).toEqual(['record', '{"a":1}', 'revision', '1', 'at', '5000']);
  });

  it('writes a change once, however often it is ended', async () => {
    await begin('one');
    await end('one', { audit: '{}' });
    expect(await end('one', { audit: '{}' })).toEqual(['ended', 1]);
    expect(await global.redis.xlen(globalKeys.audit)).toBe(1);
  });

  it('writes nothing of what was not done', async () => {
    await begin('one');
    expect(await end('one')).toEqual(['ended', 0]);
    expect(await global.redis.exists(globalKeys.hpa, globalKeys.audit)).toBe(0);
  });

  it('leaves alone what somebody else has begun meanwhile, and writes its record', async () => {
    await begin('one');
    await global.redis.hset(globalKeys.hpa, 'intentId', 'two');
    expect(await end('one', { audit: '{}' })).toEqual(['ended', 1]);
    expect(await global.redis.hget(globalKeys.hpa, 'intentId')).toBe('two');
    expect(await global.redis.xlen(globalKeys.audit)).toBe(1);
  });

  it('keeps what is held unless it is told otherwise', async () => {
    await end('one', { audit: '{}', hold: '{"min":9}' });
    await end('two', { audit: '{}' });
    expect(await global.redis.hget(globalKeys.hpa, 'hold')).toBe('{"min":9}');
    await end('three', { audit: '{}', hold: '-' });
    expect(await global.redis.hget(globalKeys.hpa, 'hold')).toBeNull();
  });
});
