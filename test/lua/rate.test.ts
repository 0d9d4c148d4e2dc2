/** The rate holds: over random histories on a virtual clock, in every window that begins and ends with a grant. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overdraftTokens } from '../../src/contract/limits.ts';
import { type BucketRates, brakeAt, capacityAt } from '../../src/queue/bucket.ts';
import { type EventSettings, parseSettings } from '../../src/queue/settings.ts';
import type { TimedChange } from '../../src/queue/store.ts';
import { type TimedValue, valueAt, valueBefore } from '../../src/queue/timed-value.ts';
import { at, enterAt, joinMany, seqsFrom, sweepAt, t0Us, useLine } from './line.ts';
import { expectSound } from './sound.ts';

/** The rates that held from a time on, until the next one. */
interface Stretch {
  readonly fromUs: number;
  readonly settings: EventSettings;
}

const bendsOf = (timed: TimedValue | undefined): number[] =>
  timed ? [timed.fromAtMs, timed.toAtMs, timed.untilMs].map((ms) => ms * 1000) : [];

/** Times in [fromUs, toUs] between which every rate is linear. */
function kinks(rates: BucketRates, fromUs: number, toUs: number): number[] {
  const bends = [rates.refill, rates.capacity, rates.brake].flatMap(bendsOf);
  return [fromUs, ...bends.filter((us) => us > fromUs && us < toUs), toUs].sort((a, b) => a - b);
}

/** Micro-tokens that flow in, and the largest capacity in force, from one time to another, both included. */
function flowBetween(
  stretches: readonly Stretch[],
  fromUs: number,
  toUs: number,
): { inflow: number; capacity: number } {
  let inflow = 0;
  let capacity = 0;
  for (const [index, { fromUs: begin, settings }] of stretches.entries()) {
    const end = stretches[index + 1]?.fromUs ?? Number.POSITIVE_INFINITY;
    const [low, high] = [Math.max(fromUs, begin), Math.min(toUs, end)];
    if (low > high) continue;
    const times = kinks(settings, low, high);
    for (const [step, us] of times.entries()) {
      capacity = Math.max(capacity, capacityAt(settings, us / 1000));
      const next = times[step + 1];
      if (next === undefined) continue;
      // Up to the end of a stretch the value that ends there holds, hence the second function.
      capacity = Math.max(capacity, capacityAt(settings, (next - 1) / 1000));
      const middle = (valueAt(settings.refill, us / 1000) + valueBefore(settings.refill, next / 1000)) / 2;
      const braked = (middle * brakeAt(settings, (us + next) / 2000)) / 1_000;
      if (!settings.paused) inflow += ((next - us) / 1e6) * (braked + 1);
    }
  }
  return { inflow, capacity };
}

const micro = (tokens: fc.Arbitrary<number>) => tokens.map((count) => Math.round(count * 1e6));
const timedChange = (to: fc.Arbitrary<number>): fc.Arbitrary<TimedChange> =>
  fc.record(
    { to, rampMs: fc.integer({ min: 1, max: 8_000 }), forMs: fc.integer({ min: 1, max: 8_000 }) },
    { requiredKeys: ['to'] },
  );
const operation = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constant('enter' as const), tries: fc.nat(25), spread: fc.nat(20) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const, 'sweep' as const) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('brake' as const),
      permille: fc.integer({ min: 1, max: 1_000 }),
      leadMs: fc.nat(1_500),
      lastsMs: fc.integer({ min: 1, max: 6_000 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      timed: fc.record(
        {
          refill: timedChange(micro(fc.double({ min: 0.01, max: 60, noNaN: true }))),
          capacity: timedChange(micro(fc.integer({ min: 0, max: 60 }))),
        },
        { requiredKeys: [] },
      ),
    }),
  },
);
const history = fc.array(fc.record({ afterUs: fc.nat(2_000_000), operation }), {
  minLength: 20,
  maxLength: 80,
});

describe('the rate', () => {
  const line = useLine();

  /** Plays a history and returns when grants happened and which rates held. */
  async function play(steps: typeof history extends fc.Arbitrary<infer T> ? T : never) {
    const { redis, store } = line;
    const event = await line.event({ capacity: 20, window: 1_000, tiers: '1-=0' });
    await joinMany(store, event, 1_500, t0Us, 10_000_000);
    const read = async () => parseSettings(await redis.hgetall(event.keys.meta));
    const stretches: Stretch[] = [{ fromUs: t0Us, settings: await read() }];
    const grants: number[] = [];
    let inLine = seqsFrom(1, 1_500);
    let nowUs = t0Us;
    for (const [index, step] of steps.entries()) {
      nowUs += step.afterUs;
      const { operation: todo } = step;
      if (todo.kind === 'enter') {
        for (let attempt = 0; attempt < todo.tries; attempt += 1) {
          const seq = inLine[Math.min(todo.spread, inLine.length - 1)] ?? 1;
          if ((await enterAt(store, event, seq, nowUs)).word !== 'granted') break;
          grants.push(nowUs);
          inLine = inLine.filter((other) => other !== seq);
        }
        continue;
      }
      if (todo.kind === 'sweep') {
        await sweepAt(store, event, nowUs);
        continue;
      }
      if (todo.kind === 'brake') {
        const { permille, leadMs, lastsMs } = todo;
        await sweepAt(store, event, nowUs);
        const how = { worker: 'w1', permille, leadMs, forMs: leadMs + lastsMs, why: '', audit: '', nowUs };
        await store.setBrake(event, how);
        stretches.push({ fromUs: nowUs, settings: await read() });
        continue;
      }
      const change = { changeId: `c${index}`, audit: '{}', nowUs };
      if (todo.kind === 'set') await store.setSettings(event, { ...change, timed: todo.timed });
      else await store.setPhase(event, { ...change, action: todo.kind });
      stretches.push({ fromUs: nowUs, settings: await read() });
    }
    await expectSound(redis, event);
    return { grants, stretches };
  }

  it('is never exceeded in any window, whatever operators do meanwhile', { timeout: 120_000 }, async () => {
    let windows = 0;
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const { grants, stretches } = await play(steps);
        const between = grants.map((us, index) => flowBetween(stretches, us, grants[index + 1] ?? us));
        for (let first = 0; first < grants.length; first += 1) {
          let inflow = 0;
          let capacity = flowBetween(stretches, grants[first] ?? 0, grants[first] ?? 0).capacity;
          for (let last = first; last < grants.length; last += 1) {
            const bound = capacity + overdraftTokens * 1e6 + inflow;
            const count = last - first + 1;
            windows += 1;
            if (count * 1e6 > bound) throw new Error(`grants ${first} to ${last}: ${count} > ${bound / 1e6}`);
            inflow += between[last]?.inflow ?? 0;
            capacity = Math.max(capacity, between[last]?.capacity ?? 0);
          }
        }
      }),
      { numRuns: 60, seed: 1 },
    );
    expect(windows).toBeGreaterThan(10_000);
  });

  it('is reached by people who keep trying', async () => {
    const { store } = line;
    for (const refillPerSec of [0.5, 10, 33.3]) {
      const event = await line.event({ capacity: 20, refillPerSec, tiers: '1-=0' });
      await joinMany(store, event, 1_500, at(0), 10_000_000);
      let seq = 1;
      for (let tick = 0; tick <= 400; tick += 1) {
        while ((await enterAt(store, event, seq, at(tick / 20))).word === 'granted') seq += 1;
      }
      expect(seq - 1).toBe(Math.floor(20 + overdraftTokens + 20 * refillPerSec));
    }
  });

  it('is the share that the brake lets through, no less', async () => {
    const { store } = line;
    const event = await line.event({ capacity: 20, refillPerSec: 33.3, tiers: '1-=0' });
    await joinMany(store, event, 1_500, at(0), 10_000_000);
    await sweepAt(store, event, at(0));
    const brake = { worker: 'w1', permille: 300, leadMs: 1_000, forMs: 11_000, why: '', audit: '' };
    await store.setBrake(event, { ...brake, nowUs: at(0) });
    let seq = 1;
    for (let tick = 0; tick <= 400; tick += 1) {
      while ((await enterAt(store, event, seq, at(tick / 20))).word === 'granted') seq += 1;
    }
    expect(seq - 1).toBe(Math.floor(20 + overdraftTokens + 33.3 * (1 + 10 * 0.3 + 9)));
  });

  it('gains nothing by raising the capacity, nor by a pause', async () => {
    const { store } = line;
    const event = await line.event({ capacity: 5, tiers: '1-=0' });
    await joinMany(store, event, 100, at(0), 10_000_000);
    let seq = 1;
    const enterAll = async (sec: number) => {
      const before = seq;
      while ((await enterAt(store, event, seq, at(sec))).word === 'granted') seq += 1;
      return seq - before;
    };
    expect(await enterAll(0)).toBe(5 + overdraftTokens);
    const capacity = { to: 1_000_000_000 };
    await store.setSettings(event, { changeId: 'c', timed: { capacity }, audit: '{}', nowUs: at(0) });
    expect(await enterAll(0)).toBe(0);
    await store.setPhase(event, { action: 'pause', changeId: 'p', audit: '{}', nowUs: at(0) });
    await store.setPhase(event, { action: 'resume', changeId: 'r', audit: '{}', nowUs: at(3_600) });
    expect(await enterAll(3_600)).toBe(0);
    expect(await enterAll(3_601)).toBe(10);
  });
});
