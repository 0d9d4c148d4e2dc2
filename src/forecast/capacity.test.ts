import { describe, expect, it } from 'vitest';
import { type CapacityInput, capacityOf, crowdFigures, pollsInAll, pollsPerSec } from './capacity.ts';
import { measuredCosts, priceDefaults } from './capacity-costs.ts';

const sale: CapacityInput = {
  visitors: 300_000,
  joinPerSec: 30_000,
  admitPerSec: 500,
  events: 1,
  podCores: 2,
  podsMax: 50,
  redisNodeBytes: 13e9,
  prices: priceDefaults,
};
const capacity = (more: Partial<CapacityInput> = {}) => capacityOf(measuredCosts, { ...sale, ...more });

describe('polls', () => {
  it('are what people told an eighth of their wait, 2 to 30 s, send: summed one by one', () => {
    for (const [waiting, perSec] of [
      [100, 50],
      [5_000, 50],
      [300_000, 500],
    ] as const) {
      let sum = 0;
      for (let place = 1; place <= waiting; place += 1) {
        const middle = Math.min(30, Math.max(2, place / perSec / 8));
        // The jitter is even: the mean of 1 ÷ pace over it.
        sum += Math.log(1.2 / 0.8) / 0.4 / middle;
      }
      expect(pollsPerSec(waiting, perSec) / sum).toBeCloseTo(1, 2);
    }
  });

  it('in all are those of each second while the line empties', () => {
    let sum = 0;
    for (let second = 0.5; second < 600; second += 1) sum += pollsPerSec(300_000 - second * 500, 500);
    expect(pollsInAll(300_000, 500) / sum).toBeCloseTo(1, 3);
  });
});

describe('the sizes', () => {
  it('follow from the costs: cores, pods and memory of a sale of 300,000', () => {
    const { gateway, redis, line } = capacity();
    expect(gateway.joinCores).toBeCloseTo(30_000 * 37.5e-6);
    expect(gateway.pollCores).toBeCloseTo(line.pollPerSec * 27.8e-6);
    expect(gateway.workers).toBe(Math.ceil(gateway.cores / 0.6));
    expect(redis.joinCores).toBeCloseTo(0.129);
    // 1,000 journal entries a second, read by six processes.
    expect(redis.tailCores).toBeCloseTo(1_000 * 6 * 2.4e-6);
    expect(redis.bytes).toBe(1_980_000 + 300_000 * 126 + 8_600_000);
    expect(redis.masters).toBe(1);
  });

  it('never fall below three pods, and the hours are paid for that are asked for', () => {
    const { gateway, money } = capacity({ visitors: 10, joinPerSec: 1, hours: 10 });
    expect(gateway.pods).toBe(3);
    expect(money.podUsd).toBeCloseTo(3 * 2 * 10 * priceDefaults.coreHourUsd);
    expect(money.usd).toBeCloseTo(money.podUsd + money.redisUsd + money.networkUsd);
  });

  it('say that the one core of Redis breaks first when one event takes ten times as many', () => {
    const [first] = capacity({ visitors: 3_000_000, joinPerSec: 300_000 }).limits;
    expect(first?.limit).toBe('redis-core');
    expect(first?.use).toBeGreaterThan(1);
    const spread = capacity({ visitors: 3_000_000, joinPerSec: 300_000, admitPerSec: 5_000, events: 10 });
    expect(spread.limits.every(({ use }) => use < 1)).toBe(true);
    expect(spread.redis.masters).toBeGreaterThan(1);
  });

  it('sort the bounds by how full they are, whichever it is', () => {
    const shown = capacity({ redisNodeBytes: 100e6 / 2 }).limits;
    expect(shown[0]?.limit).toBe('redis-memory');
    expect(shown.map(({ use }) => use)).toEqual([...shown].map(({ use }) => use).sort((a, b) => b - a));
    expect(capacity({ podsMax: 1 }).limits[0]?.limit).toBe('hpa-max');
  });
});

it('a crowd costs what its requests cost', () => {
  const crowd = crowdFigures(measuredCosts, { visitors: 1_000, polls: 2_000, enters: 250 });
  expect(crowd.gatewayCpuSec).toBeCloseTo(1_000 * 37.5e-6 + 2_000 * 27.8e-6 + 250 * 188e-6);
  expect(crowd.redisBytes).toBe(126_000);
  expect(crowd.joinsPerSec).toBeCloseTo(1e6 / 37.5);
});
