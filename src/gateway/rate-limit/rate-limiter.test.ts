import { describe, expect, it } from 'vitest';
import { type ChargeShared, type Limit, RateLimiter } from './rate-limiter.ts';
import { debtBursts } from './shared-buckets.ts';

const limit: Limit = { scope: 'subject', perSec: 50, burst: 100 };

/** What Redis would do, answering after a delay on the same clock. */
function sharedBucket() {
  let nowMs = 0;
  let tokens: number | undefined;
  let atMs = 0;
  let charges = 0;
  const pending: { dueMs: number; run: () => void }[] = [];
  const charge: ChargeShared = ({ perSec, burst }, _, { count, ageMs }) => {
    charges += 1;
    return new Promise((resolve) => {
      pending.push({
        dueMs: nowMs + 2,
        run: () => {
          const sinceMs = Math.max(atMs, nowMs - ageMs);
          const then = Math.min(burst, (tokens ?? burst) + ((sinceMs - atMs) / 1000) * perSec);
          tokens = (sinceMs > atMs ? then : (tokens ?? burst)) + ((nowMs - sinceMs) / 1000) * perSec - count;
          tokens = Math.max(-debtBursts * burst, tokens);
          atMs = nowMs;
          resolve(tokens);
        },
      });
    });
  };
  return {
    charge,
    monoMs: () => nowMs,
    charges: () => charges,
    async advance(ms: number) {
      nowMs += ms;
      while (pending[0] && pending[0].dueMs <= nowMs) pending.shift()?.run();
      for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
    },
  };
}

describe('a rate limit', () => {
  it('lets the burst through at once, then the rate', () => {
    let nowMs = 0;
    const limiter = new RateLimiter({ charge: () => new Promise(() => {}), monoMs: () => nowMs });
    const passed = (): number => {
      let count = 0;
      while (limiter.take(limit, 'ann') === 0) count += 1;
      return count;
    };
    expect(passed()).toBe(100);
    expect(limiter.take(limit, 'ann')).toBeCloseTo(0.02, 9);
    nowMs += 1_000;
    expect(passed()).toBe(50);
    nowMs += 3_600_000;
    expect(passed()).toBe(100);
    expect(limiter.take(limit, 'bob')).toBe(0);
  });

  it('holds over four processes within 10 %, for one charge in twenty requests', async () => {
    const shared = sharedBucket();
    const processes = Array.from({ length: 4 }, () => new RateLimiter(shared));
    let passed = 0;
    let asked = 0;
    for (let ms = 0; ms < 30_000; ms += 1) {
      await shared.advance(1);
      // 500 a second in all: ten times the limit.
      if (ms % 2 === 0) {
        asked += 1;
        if (processes[(ms / 2) % 4]?.take(limit, 'ann') === 0) passed += 1;
      }
    }
    const allowed = limit.perSec * 30 + limit.burst;
    expect(asked).toBe(15_000);
    expect(Math.abs(passed - allowed)).toBeLessThanOrEqual(allowed / 10);
    expect(shared.charges()).toBeLessThanOrEqual(passed / 20);
  });

  it.each([
    ['it is low', { scope: 'subject', perSec: 1, burst: 5 }, 100],
    ['its burst is short', { scope: 'subject', perSec: 200, burst: 20 }, 1],
  ] as const)('holds over 32 processes also where %s', async (_, low, everyMs) => {
    const shared = sharedBucket();
    const processes = Array.from({ length: 32 }, () => new RateLimiter(shared));
    let passed = 0;
    for (let turn = 0; turn < 6_000; turn += 1) {
      await shared.advance(everyMs);
      if (processes[turn % 32]?.take(low, 'ann') === 0) passed += 1;
    }
    const allowed = 6 * everyMs * low.perSec + low.burst;
    // What they let through on old readings at first is a debt at the end.
    expect(passed).toBeLessThanOrEqual(allowed + debtBursts * low.burst);
    expect(passed).toBeGreaterThanOrEqual(0.5 * allowed);
  });

  it('never refuses somebody within it, however many processes there are', async () => {
    const shared = sharedBucket();
    const processes = Array.from({ length: 8 }, () => new RateLimiter(shared));
    for (let ms = 0; ms < 20_000; ms += 20) {
      await shared.advance(20);
      expect(processes[(ms / 20) % 8]?.take(limit, 'ann')).toBe(0);
    }
  });

  it('costs those who ask seldom no charge at all', async () => {
    const shared = sharedBucket();
    const limiter = new RateLimiter(shared);
    for (let second = 0; second < 600; second += 2) {
      await shared.advance(2_000);
      for (let visitor = 0; visitor < 20; visitor += 1) limiter.take(limit, `v${visitor}`);
    }
    // Nobody let twenty requests through before being forgotten or charged for them: 15 charges a visitor at most.
    expect(shared.charges()).toBeLessThanOrEqual((20 * 300) / 20);
  });

  it('goes by its own count while Redis is away', async () => {
    let nowMs = 0;
    const limiter = new RateLimiter({
      charge: () => Promise.reject(new Error('away')),
      monoMs: () => nowMs,
    });
    let passed = 0;
    for (; nowMs < 10_000; nowMs += 1) {
      await Promise.resolve();
      if (limiter.take(limit, 'ann') === 0) passed += 1;
    }
    expect(passed).toBeGreaterThanOrEqual(590);
    expect(passed).toBeLessThanOrEqual(600);
  });
});
