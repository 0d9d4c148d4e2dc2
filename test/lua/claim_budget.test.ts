import { describe, expect, it } from 'vitest';
import { globalKeys, runGlobal } from '../../src/queue/global-scripts.ts';
import { useGlobal } from './global.ts';

describe('claim_budget', () => {
  const global = useGlobal(['claim_budget']);
  const set = (perSec: number | '') => global.redis.hset(globalKeys.budget, 'perSec', perSec);
  const claim = (
    event: string,
    refill: number,
    rest: { override?: 1; expect?: number; default?: number } = {},
  ) => runGlobal(global.redis, 'claim_budget', { event, refill, nowUs: 5_000_000, ...rest });
  const claimOf = (event: string) => global.redis.hget(globalKeys.budget, `event:${event}`);

  it('takes a share and remembers when', async () => {
    await set(100);
    expect(await claim('a', 60)).toEqual(['claimed', 0, 0, 100]);
    expect(await claimOf('a')).toBe('60 5000');
  });

  it('refuses what would pass the budget with the other events, and changes nothing', async () => {
    await set(100);
    await claim('a', 60);
    await claim('b', 30);
    expect(await claim('b', 41)).toEqual(['over', 30, 60, 100]);
    expect(await claimOf('b')).toBe('30 5000');
    expect(await claim('b', 40)).toEqual(['claimed', 30, 60, 100]);
  });

  it('lets one of two rises at once pass', async () => {
    await set(100);
    await claim('a', 40);
    await claim('b', 40);
    const words = (await Promise.all([claim('a', 60), claim('b', 60)])).map(([word]) => word);
    expect(words.sort()).toEqual(['claimed', 'over']);
  });

  it('never refuses to lower, even above the budget', async () => {
    await set(50);
    await claim('a', 80, { override: 1 });
    expect(await claim('a', 70)).toEqual(['claimed', 80, 0, 50]);
    expect(await claim('a', 71)).toEqual(['over', 70, 0, 50]);
  });

  it('knows no bound where there is no budget, and takes the default where none was ever set', async () => {
    expect(await claim('a', 5_000)).toEqual(['claimed', 0, 0, -1]);
    expect(await claim('b', 20, { default: 5_010 })).toEqual(['over', 0, 5_000, 5_010]);
    await set('');
    expect(await claim('b', 20, { default: 5_010 })).toEqual(['claimed', 0, 5_000, -1]);
  });

  it('takes a claim back only while it is the one that was taken', async () => {
    await claim('a', 10);
    await claim('a', 30);
    expect(await claim('a', 10, { expect: 20, override: 1 })).toEqual(['other', 30, 0, -1]);
    expect(await claimOf('a')).toBe('30 5000');
    expect(await claim('a', 10, { expect: 30, override: 1 })).toEqual(['claimed', 30, 0, -1]);
    expect(await claimOf('a')).toBe('10 5000');
  });

  it('refuses what is not a whole number', async () => {
    await expect(claim('a', 1.5)).rejects.toThrow('whole number');
    await expect(claim('a', -1)).rejects.toThrow('whole number');
  });

  it('carries the highest sums exactly', async () => {
    const high = 5_000_000_000;
    await Promise.all(Array.from({ length: 50 }, (_, index) => claim(`e${index}`, high)));
    expect(await claim('x', high, { default: 51 * high })).toEqual(['claimed', 0, 50 * high, 51 * high]);
  });
});
