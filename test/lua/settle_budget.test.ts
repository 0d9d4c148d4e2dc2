import { describe, expect, it } from 'vitest';
import { globalKeys, runGlobal } from '../../src/queue/global-scripts.ts';
import { useGlobal } from './global.ts';

describe('settle_budget', () => {
  const global = useGlobal(['settle_budget', 'claim_budget']);
  const settle = (claims: Record<string, number>, nowSec: number) =>
    runGlobal(global.redis, 'settle_budget', {
      claims: JSON.stringify(claims),
      graceMs: 5_000,
      nowUs: nowSec * 1e6,
    });
  const claim = (event: string, refill: number, nowSec: number) =>
    runGlobal(global.redis, 'claim_budget', { event, refill, nowUs: nowSec * 1e6 });
  const claims = () => global.redis.hgetall(globalKeys.budget);

  it('writes what is in force and forgets who admits no more', async () => {
    await settle({ a: 10, b: 20 }, 100);
    expect(await claims()).toEqual({ 'event:a': '10 0', 'event:b': '20 0' });
    expect(await settle({ b: 25 }, 101)).toEqual(['settled', 2]);
    expect(await claims()).toEqual({ 'event:b': '25 0' });
  });

  it('leaves a claim that is under way, and puts it right once it is old', async () => {
    await settle({ a: 10 }, 100);
    await claim('a', 50, 100);
    await settle({ a: 10 }, 103);
    expect(await claims()).toEqual({ 'event:a': '50 100000' });
    await settle({}, 104);
    expect(await claims()).toEqual({ 'event:a': '50 100000' });
    await settle({ a: 10 }, 105);
    expect(await claims()).toEqual({ 'event:a': '10 0' });
  });

  it('raises a claim at once where the settings say more', async () => {
    await claim('a', 50, 100);
    await settle({ a: 80 }, 101);
    expect(await claims()).toEqual({ 'event:a': '80 0' });
  });

  it('touches nothing else, and says how much was put right', async () => {
    await global.redis.hset(globalKeys.budget, 'perSec', 99, 'revision', 3, 'changes', '[]');
    expect(await settle({ a: 10 }, 100)).toEqual(['settled', 1]);
    expect(await settle({ a: 10 }, 101)).toEqual(['settled', 0]);
    expect(await claims()).toEqual({ perSec: '99', revision: '3', changes: '[]', 'event:a': '10 0' });
  });
});
