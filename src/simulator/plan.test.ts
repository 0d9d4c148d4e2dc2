import { describe, expect, it } from 'vitest';
import { idempotencyKeyReplayCharsMin } from '../contract/limits.ts';
import { type CrowdOptions, crowdSettings } from './options.ts';
import { addressOf, planVisitor } from './plan.ts';
import { forkRandom, poissonGapMs, randomOf } from './random.ts';

const options: CrowdOptions = {
  gateway: 'http://127.0.0.1:1',
  event: 'evt_x',
  noShow: 0.1,
  neverEnter: 0.05,
  leave: 0.2,
  doubleClick: 0.3,
  runId: 'r',
};

const plans = (seed: number, count: number) => {
  const settings = crowdSettings({ ...options, seed });
  return Array.from({ length: count }, (_, index) => planVisitor(settings, index));
};

describe('a plan', () => {
  it('is the same for the same seed and another for another', () => {
    const told = (seed: number) =>
      plans(seed, 50).map(({ random, ...rest }) => ({ ...rest, next: random() }));
    expect(told(3)).toEqual(told(3));
    expect(told(3)).not.toEqual(told(4));
  });

  it('deals kinds and double clicks in their shares', () => {
    const all = plans(1, 20_000);
    const share = (test: (plan: (typeof all)[number]) => boolean) => all.filter(test).length / all.length;
    expect(share(({ kind }) => kind === 'noShow')).toBeCloseTo(0.1, 1.9);
    expect(share(({ kind }) => kind === 'neverEnter')).toBeCloseTo(0.05, 1.9);
    expect(share(({ kind }) => kind === 'leaver')).toBeCloseTo(0.2, 1.9);
    expect(share(({ joinCopies }) => joinCopies === 2)).toBeCloseTo(0.3, 1.9);
    expect(share(({ joinBy }) => joinBy === 'subject')).toBeCloseTo(0.15, 1.9);
    expect(share(({ vanishAt }) => vanishAt === 'join')).toBeCloseTo(0.5, 1.9);
  });

  it('gives each visitor an id, an address and a key of their own that is long enough to be replayed', () => {
    const all = plans(1, 1_000);
    for (const field of ['userId', 'address', 'idempotencyKey'] as const) {
      expect(new Set(all.map((plan) => plan[field])).size).toBe(all.length);
    }
    expect(all[0]?.idempotencyKey.length).toBeGreaterThanOrEqual(idempotencyKeyReplayCharsMin);
    expect([addressOf(0), addressOf(255), addressOf(65_535)]).toEqual(['10.0.0.1', '10.0.1.0', '10.1.0.0']);
  });
});

describe('random numbers', () => {
  it('are those of mulberry32', () => {
    // From the published C version with state 1.
    const random = randomOf(1);
    expect([random(), random()].map((value) => value * 2 ** 32)).toEqual([2_693_262_067, 11_749_833]);
  });

  it('differ between streams, and fill a Poisson process at its rate', () => {
    expect(forkRandom(1, 0)()).not.toBe(forkRandom(1, 1)());
    const random = forkRandom(1, -2);
    let sumMs = 0;
    for (let index = 0; index < 20_000; index += 1) sumMs += poissonGapMs(random, 100);
    expect(sumMs / 20_000).toBeGreaterThan(9.7);
    expect(sumMs / 20_000).toBeLessThan(10.3);
  });
});
