import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RedisClock } from './redis-clock.ts';

const redisStartUs = 1_800_000_000_000_000;

/** A clock whose machine and Redis both follow the test. */
function begin(redisUsAt: (monoMs: number) => number = (ms) => redisStartUs + ms * 1000) {
  let monoMs = 1_000;
  const clock = new RedisClock(() => monoMs);
  return {
    clock,
    /** Asks TIME now: so long to get there, so long to come back. */
    ask(thereMs: number, backMs: number) {
      const askedMs = monoMs;
      const redisUs = Math.floor(redisUsAt(monoMs + thereMs));
      monoMs += thereMs + backMs;
      clock.sample(redisUs, askedMs, monoMs);
    },
    pass(ms: number) {
      monoMs += ms;
    },
    errorUs: () => Math.abs(clock.nowUs() - redisUsAt(monoMs)),
  };
}

describe('the clock of Redis', () => {
  it('is this machine’s own, and wholly unsure, until Redis has answered once', () => {
    const { clock } = begin();
    expect(clock.known).toBe(false);
    expect(Math.abs(clock.nowMs() - Date.now())).toBeLessThan(1_000);
    expect(clock.uncertaintyUs()).toBe(1_000_000);
  });

  it('is never further off than it says, whatever the ways there and back', () => {
    const ways = fc.tuple(
      fc.double({ min: 0.01, max: 80, noNaN: true }),
      fc.double({ min: 0.01, max: 80, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(ways, { minLength: 1, maxLength: 40 }), (trips) => {
        const test = begin();
        for (const [there, back] of trips) {
          test.ask(there, back);
          test.pass(1_000);
          expect(test.errorUs()).toBeLessThanOrEqual(test.clock.uncertaintyUs() + 2);
        }
      }),
    );
  });

  it('keeps the quickest answer of late, and forgets it after 30 s', () => {
    const test = begin();
    test.ask(0.1, 0.1);
    expect(test.clock.uncertaintyUs()).toBeCloseTo(100, 0);
    for (let second = 0; second < 10; second += 1) {
      test.pass(1_000);
      test.ask(20, 20);
    }
    expect(test.clock.uncertaintyUs()).toBeLessThan(1_000);
    for (let second = 0; second < 31; second += 1) {
      test.pass(1_000);
      test.ask(20, 20);
    }
    expect(test.clock.uncertaintyUs()).toBeGreaterThan(20_000);
  });

  it('grows less sure with each second that it has not asked', () => {
    const test = begin();
    test.ask(1, 1);
    const before = test.clock.uncertaintyUs();
    test.pass(60_000);
    expect(test.clock.uncertaintyUs() - before).toBeCloseTo(3_000, 0);
  });

  it('stays within its bounds where the two clocks drift apart by 40 millionths', () => {
    const test = begin((ms) => redisStartUs + ms * 1000 * 1.00004);
    for (let second = 0; second < 120; second += 1) {
      test.ask(0.3, 0.5);
      test.pass(1_000);
      expect(test.errorUs()).toBeLessThanOrEqual(test.clock.uncertaintyUs() + 2);
    }
  });

  it.each([3_600_000, -3_600_000, 20, -20])('follows a jump of %i ms at the next answer', (jumpMs) => {
    let jumpedUs = 0;
    const test = begin((ms) => redisStartUs + ms * 1000 + jumpedUs);
    for (let second = 0; second < 20; second += 1) {
      test.ask(0.2, 0.2);
      test.pass(1_000);
    }
    jumpedUs = jumpMs * 1000;
    test.ask(2, 2);
    expect(test.errorUs()).toBeLessThanOrEqual(test.clock.uncertaintyUs() + 2);
  });
});
