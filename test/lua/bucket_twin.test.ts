import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BucketRates, capacityAt, refillAt, settle } from '../../src/queue/bucket.ts';
import { constant, formatTimedValue, type TimedValue, valueAt } from '../../src/queue/timed-value.ts';
import { luaFolder } from '../../src/redis/script-loader.ts';
import { t0Us, useLine } from './line.ts';

const includes = ['int', 'timed_value', 'bucket'].map((name) =>
  readFileSync(join(luaFolder(), 'includes', `${name}.lua`), 'utf8'),
);
const probe = `${includes.join('\n')}
local rates = {refill = parse_timed(ARGV[1]), capacity = parse_timed(ARGV[2]), brake = parse_timed(ARGV[6])}
local now = tonumber(ARGV[5])
local tokens, lost = settle(rates, tonumber(ARGV[3]), tonumber(ARGV[4]), now)
return {int(tokens), int(lost), int(value_at(rates.refill, now / 1000)), int(capacity_at(rates, now / 1000)),
  int(refill_at(rates, now / 1000))}`;

const t0Ms = t0Us / 1000;

/** Values and times in ms about `t0Ms`; sometimes constant, sometimes with a ramp, a jump, an end. */
function timed(most: number): fc.Arbitrary<TimedValue> {
  const value = fc.integer({ min: 0, max: most });
  const offset = fc.integer({ min: -20_000, max: 20_000 });
  const scheduled = fc
    .record({
      from: value,
      to: value,
      after: value,
      fromAt: offset,
      rampMs: fc.oneof(fc.constant(0), fc.nat(30_000)),
      untilMs: fc.option(fc.nat(30_000)),
    })
    .map(({ from, to, after, fromAt, rampMs, untilMs }) => ({
      from,
      fromAtMs: t0Ms + fromAt,
      to,
      toAtMs: t0Ms + fromAt + rampMs,
      untilMs: untilMs === null ? 0 : t0Ms + fromAt + untilMs,
      after,
    }));
  return fc.oneof({ weight: 1, arbitrary: value.map(constant) }, { weight: 4, arbitrary: scheduled });
}

/** A step of the brake that may lie in the middle, and an end at which the full rate comes back. */
const brake = fc
  .record({
    from: fc.integer({ min: 1, max: 1_000 }),
    to: fc.integer({ min: 1, max: 1_000 }),
    at: fc.integer({ min: -20_000, max: 20_000 }),
    forMs: fc.nat(40_000),
  })
  .map(({ from, to, at, forMs }) => ({
    from,
    fromAtMs: t0Ms + at,
    to,
    toAtMs: t0Ms + at,
    untilMs: t0Ms + at + forMs,
    after: 1_000,
  }));

const refillMax = 5_000_000_000;
const schedule = fc.record({
  refill: timed(refillMax),
  capacity: fc.option(timed(1_000_000_000_000), { nil: undefined }),
  brake: fc.option(brake, { nil: undefined }),
});

/** Constant, of some 4 s of refill, so that the bucket is often full and often not. */
const plain = fc.record({
  refill: fc.integer({ min: 10_000, max: refillMax }).map(constant),
  capacity: fc.option(fc.integer({ min: 1, max: 20_000_000_000 }).map(constant), { nil: undefined }),
});

describe('the bucket in Lua and its twin in TypeScript', () => {
  const line = useLine();

  async function settleInLua(rates: BucketRates, tokensMicro: number, refilledAtUs: number, nowUs: number) {
    const capacity = rates.capacity ? formatTimedValue(rates.capacity) : '';
    const brake = rates.brake ? formatTimedValue(rates.brake) : '';
    const args = [formatTimedValue(rates.refill), capacity, tokensMicro, refilledAtUs, nowUs, brake];
    const reply = (await line.redis.eval(probe, 0, ...args)) as string[];
    const [tokens = 0, lost = 0, refill = 0, capacityNow = 0, braked = 0] = reply.map(Number);
    return { tokens, lost, refill, capacity: capacityNow, braked };
  }

  it('agree to the micro-token on any schedule', { timeout: 120_000 }, async () => {
    const times = fc.tuple(fc.integer({ min: -25e6, max: 25e6 }), fc.integer({ min: -1e6, max: 40e6 }));
    const tokens = fc.integer({ min: -10_000_000, max: 30_000_000_000 });
    await fc.assert(
      fc.asyncProperty(schedule, tokens, times, async (rates, tokensMicro, [start, elapsed]) => {
        const refilledAtUs = t0Us + start;
        const nowUs = refilledAtUs + elapsed;
        const lua = await settleInLua(rates, tokensMicro, refilledAtUs, nowUs);
        expect(lua.tokens).toBe(settle({ tokensMicro, refilledAtUs }, rates, nowUs).tokensMicro);
        expect(lua.refill).toBe(valueAt(rates.refill, nowUs / 1000));
        expect(lua.capacity).toBe(capacityAt(rates, nowUs / 1000));
        expect(lua.braked).toBe(refillAt(rates, nowUs / 1000));
      }),
      { numRuns: 3_000, seed: 1 },
    );
  });

  it('never hold more than the capacity, nor more than before plus the refill', async () => {
    await fc.assert(
      fc.asyncProperty(schedule, fc.integer({ min: 0, max: 40e6 }), async (rates, elapsed) => {
        const lua = await settleInLua(rates, 0, t0Us, t0Us + elapsed);
        const most = Math.max(rates.refill.from, rates.refill.to, rates.refill.after);
        expect(lua.tokens).toBeLessThanOrEqual(elapsed === 0 ? 0 : lua.capacity);
        expect(lua.tokens + lua.lost).toBeLessThanOrEqual((elapsed / 1e6) * most);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it('come to the same whether settled at once or in steps, but for a micro-token a step', () => {
    const stepsUs = fc.array(fc.integer({ min: 1, max: 5_000_000 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(plain, fc.integer({ min: -10_000_000, max: 0 }), stepsUs, (rates, tokensMicro, steps) => {
        let state = { tokensMicro, refilledAtUs: t0Us };
        const whole = state;
        for (const step of steps) state = settle(state, rates, state.refilledAtUs + step);
        const atOnce = settle(whole, rates, state.refilledAtUs).tokensMicro;
        expect(atOnce - state.tokensMicro).toBeGreaterThanOrEqual(0);
        expect(atOnce - state.tokensMicro).toBeLessThanOrEqual(steps.length);
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });

  it('let in no more with a brake than without one, and as much as its share', async () => {
    await fc.assert(
      fc.asyncProperty(schedule, fc.integer({ min: 0, max: 40e6 }), async (rates, elapsed) => {
        const large = { ...rates, capacity: constant(1e15) };
        const from = { tokensMicro: 0, refilledAtUs: t0Us };
        const { brake: _, ...free } = large;
        const { tokens } = await settleInLua(large, 0, t0Us, t0Us + elapsed);
        const full = settle(from, free, t0Us + elapsed).tokensMicro;
        const least = rates.brake ? Math.min(rates.brake.from, rates.brake.to) : 1_000;
        expect(tokens).toBeLessThanOrEqual(full);
        // Each stretch is rounded down, by a micro-token a second and one more.
        expect(tokens).toBeGreaterThanOrEqual((full * least) / 1_000 - elapsed / 1e6 - 20);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it('come back to the full rate at the end of a brake that nobody renews', async () => {
    const halfFor20Sec = { from: 500, fromAtMs: 0, to: 500, toAtMs: 0, untilMs: t0Ms + 20_000, after: 1_000 };
    const rates = { refill: constant(10e6), capacity: constant(1e12), brake: halfFor20Sec };
    expect(await settleInLua(rates, 0, t0Us, t0Us + 30e6)).toMatchObject({ tokens: 200e6, braked: 10e6 });
  });

  it('gain nothing when a limited small capacity ends, however late that is noticed', async () => {
    const untilMs = t0Ms + 60_000;
    const small = { from: 5e6, fromAtMs: t0Ms, to: 5e6, toAtMs: t0Ms, untilMs, after: 1000e6 };
    const rates = { refill: constant(10e6), capacity: small };
    const state = { tokensMicro: 5e6, refilledAtUs: t0Us };
    const nowUs = t0Us + 61e6;
    expect(settle(state, rates, nowUs).tokensMicro).toBe(15e6);
    expect(await settleInLua(rates, 5e6, t0Us, nowUs)).toMatchObject({ tokens: 15e6, lost: 600e6 });
  });

  it('keep a rate of a fraction exactly', async () => {
    const rates = { refill: constant(33_333_333), capacity: constant(1e12) };
    expect(await settleInLua(rates, 0, t0Us, t0Us + 1_000_003)).toMatchObject({ tokens: 33_333_432 });
  });

  it('stand where they are when the clock goes back', async () => {
    const rates = { refill: constant(10e6), capacity: undefined };
    expect(await settleInLua(rates, 7, t0Us, t0Us - 5_000_000)).toMatchObject({ tokens: 7, lost: 0 });
    expect(settle({ tokensMicro: 7, refilledAtUs: t0Us }, rates, t0Us - 5_000_000).tokensMicro).toBe(7);
  });
});
