import { describe, expect, it } from 'vitest';
import { globalKeys, runGlobal } from '../../src/queue/global-scripts.ts';
import { useGlobal } from './global.ts';

describe('begin_hpa', () => {
  const global = useGlobal(['begin_hpa', 'end_hpa']);
  const begin = (changeId: string, rest: { owner?: string; ifRevision?: number; nowUs?: number } = {}) =>
    runGlobal(global.redis, 'begin_hpa', {
      owner: 'a',
      changeId,
      intent: `{"id":"${changeId}"}`,
      leaseMs: 4_000,
      nowUs: 1_000_000,
      ...rest,
    });

  it('lets one at a time, and says how long the lease still is', async () => {
    expect(await begin('one')).toEqual(['begun', 0]);
    expect(await begin('two', { owner: 'b', nowUs: 2_000_000 })).toEqual(['busy', 3_000]);
    expect(await global.redis.hget(globalKeys.hpa, 'intentId')).toBe('one');
  });

  it('gives what was left open to whoever comes after the lease, who then has it', async () => {
    await begin('one');
    const later = { owner: 'b', nowUs: 5_000_001 };
    expect(await begin('two', later)).toEqual(['open', '{"id":"one"}']);
    expect(await begin('three', { owner: 'c', nowUs: 6_000_000 })).toEqual(['busy', 3_000]);
    await runGlobal(global.redis, 'end_hpa', { changeId: 'one' });
    expect(await begin('two', later)).toEqual(['begun', 0]);
  });

  it('gives the same process what it left open itself at once', async () => {
    await begin('one');
    expect(await begin('one')).toEqual(['open', '{"id":"one"}']);
  });

  it('refuses at another version, and begins nothing', async () => {
    expect(await begin('one', { ifRevision: 3 })).toEqual(['conflict', 0]);
    expect(await global.redis.exists(globalKeys.hpa)).toBe(0);
    expect(await begin('one', { ifRevision: 0 })).toEqual(['begun', 0]);
  });

  it('answers what was done before with its version', async () => {
    await begin('one');
    await runGlobal(global.redis, 'end_hpa', { changeId: 'one', audit: '{}' });
    expect(await begin('one', { ifRevision: 0 })).toEqual(['done', 1]);
  });
});
