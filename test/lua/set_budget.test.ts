import { describe, expect, it } from 'vitest';
import { globalKeys, runGlobal } from '../../src/queue/global-scripts.ts';
import { useGlobal } from './global.ts';

describe('set_budget', () => {
  const global = useGlobal(['set_budget']);
  let changes = 0;
  const set = (perSec: number | '', rest: { ifRevision?: number; changeId?: string } = {}) => {
    changes += 1;
    const given = { changeId: `c${changes}`, audit: `{"to":"${perSec}"}`, nowUs: 5_000_000, ...rest };
    return runGlobal(global.redis, 'set_budget', { perSec, ...given });
  };
  const state = () => global.redis.hmget(globalKeys.budget, 'perSec', 'revision');

  it('sets it and writes the record with it', async () => {
    expect(await set(120, { ifRevision: 0 })).toEqual(['applied', 1, 5_000]);
    expect(await state()).toEqual(['120', '1']);
    const [record] = await global.redis.xrange(globalKeys.audit, '-', '+');
    expect(record?.[1]).toEqual(['record', '{"to":"120"}', 'revision', '1', 'at', '5000']);
  });

  it('refuses where somebody else was faster, and changes nothing', async () => {
    await set(120, { ifRevision: 0 });
    expect(await set(90, { ifRevision: 0 })).toEqual(['conflict', 1]);
    expect(await state()).toEqual(['120', '1']);
    expect(await global.redis.xlen(globalKeys.audit)).toBe(1);
  });

  it('answers a change that is sent again as the first time', async () => {
    await set(120, { changeId: 'mine', ifRevision: 0 });
    await set(130);
    expect(await set(120, { changeId: 'mine', ifRevision: 0 })).toEqual(['applied', 1, 5_000]);
    expect(await state()).toEqual(['130', '2']);
    expect(await global.redis.xlen(globalKeys.audit)).toBe(2);
  });

  it('takes it away', async () => {
    await set(120);
    await set('');
    expect(await state()).toEqual(['', '2']);
  });

  it('refuses what is no rate, and writes nothing', async () => {
    for (const bad of [0, -5, 1.5]) await expect(set(bad)).rejects.toThrow('whole number');
    expect(await global.redis.exists(globalKeys.budget, globalKeys.audit)).toBe(0);
  });
});
