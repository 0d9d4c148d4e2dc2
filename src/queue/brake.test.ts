import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BackendCalls,
  type BrakeReason,
  type BrakeState,
  brakeStart,
  formatBackends,
  formatReason,
  overloadOf,
  parseBackends,
  parseReason,
  reasonText,
  stepBrake,
  stepDownMs,
  stepUpMs,
} from './brake.ts';

const t0 = 1_800_000_000_000;
const slow: BrakeReason = { backend: 'payment', what: 'latency', value: 900 };

/** The states second by second, overloaded where `isBad` says so. */
function run(isBad: (sec: number) => boolean, seconds: number, floor = 200, from = brakeStart): BrakeState[] {
  const states: BrakeState[] = [];
  let state = from;
  for (let sec = 0; sec < seconds; sec += 1) {
    state = stepBrake(state, isBad(sec) ? slow : undefined, { nowMs: t0 + sec * 1000, floor });
    states.push(state);
  }
  return states;
}

const permilles = (states: readonly BrakeState[]): number[] => states.map(({ permille }) => permille);

describe('a step of the brake', () => {
  it('comes at once with an overload, then every 3 s, down to the floor and no further', () => {
    const states = permilles(run(() => true, 40));
    expect([states[0], states[2], states[3], states[6], states[9], states[12], states[39]]).toEqual([
      700, 700, 490, 343, 240, 200, 200,
    ]);
  });

  it('goes up a tenth every 10 s once it has been calm for 10 s, and is back within 2 minutes of the floor', () => {
    const states = permilles(run((sec) => sec < 20, 140));
    expect(states[29]).toBe(200);
    expect(states[30]).toBe(300);
    expect(states[40]).toBe(400);
    expect(states.indexOf(1_000) - 20).toBeLessThanOrEqual(90);
    expect(states.at(-1)).toBe(1_000);
  });

  it('does not go up while overloads keep coming within 10 s of each other', () => {
    const states = permilles(run((sec) => sec < 15 || sec % 9 === 0, 120));
    expect(Math.max(...states.slice(15))).toBe(200);
  });

  it('goes on from where it stands when the clock is set back', () => {
    const later: BrakeState = {
      permille: 300,
      steppedAtMs: t0 + 3_600_000,
      calmSinceMs: t0 + 3_590_000,
      reason: slow,
    };
    const states = permilles(run(() => false, 30, 200, later));
    expect(states[9]).toBe(300);
    expect(states[10]).toBe(400);
  });

  const course = fc.array(fc.record({ bad: fc.boolean(), sec: fc.integer({ min: -30, max: 30 }) }), {
    maxLength: 200,
  });
  const floors = fc.integer({ min: 10, max: 1_000 });

  it('never leaves the floor and the full rate, whatever happens and however the clock runs', () => {
    fc.assert(
      fc.property(course, floors, (looks, floor) => {
        let state = brakeStart;
        let nowMs = t0;
        for (const { bad, sec } of looks) {
          nowMs += sec * 1000;
          const before = state.permille;
          state = stepBrake(state, bad ? slow : undefined, { nowMs, floor });
          expect(state.permille).toBeGreaterThanOrEqual(floor);
          expect(state.permille).toBeLessThanOrEqual(1_000);
          expect(Number.isInteger(state.permille)).toBe(true);
          if (bad) expect(state.permille).toBeLessThanOrEqual(before);
          else expect(state.permille).toBeGreaterThanOrEqual(before);
        }
      }),
      { seed: 1 },
    );
  });

  it('ends at the full rate after enough calm, and at the floor after enough overload', () => {
    fc.assert(
      fc.property(course, floors, (looks, floor) => {
        let state = brakeStart;
        let sec = 0;
        for (const { bad } of looks) {
          sec += 1;
          state = stepBrake(state, bad ? slow : undefined, { nowMs: t0 + sec * 1000, floor });
        }
        const after = { ...state };
        for (let i = 1; i <= 110; i += 1)
          state = stepBrake(state, undefined, { nowMs: t0 + (sec + i) * 1000, floor });
        expect(state.permille).toBe(1_000);
        state = after;
        for (let i = 1; i <= 45; i += 1)
          state = stepBrake(state, slow, { nowMs: t0 + (sec + i) * 1000, floor });
        expect(state.permille).toBe(floor);
      }),
      { seed: 1 },
    );
  });

  it('keeps its times between steps, down and up', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 300 }), (bad) => {
        const states = run((sec) => bad[sec] === true, bad.length);
        const steps = states.filter(
          (state, at) => state.permille !== (states[at - 1] ?? brakeStart).permille,
        );
        for (const [at, step] of steps.entries()) {
          const before = steps[at - 1];
          if (!before) continue;
          const least = step.permille < before.permille ? stepDownMs : stepUpMs;
          expect(step.steppedAtMs - before.steppedAtMs).toBeGreaterThanOrEqual(least);
        }
      }),
      { seed: 1 },
    );
  });
});

const calls = (change: Partial<BackendCalls> = {}): BackendCalls => ({
  backend: 'payment',
  calls: 100,
  slow: 0,
  failed: 0,
  p95Ms: 80,
  ...change,
});

describe('an overload', () => {
  const policy = { errorPercent: 5 };

  it('is a p95 above the limit over all workers together: more than one call in twenty is slow', () => {
    expect(overloadOf([calls({ slow: 5 })], policy)).toBeUndefined();
    expect(overloadOf([calls({ slow: 6, p95Ms: 900 })], policy)).toEqual(slow);
    expect(overloadOf([calls({ slow: 6, p95Ms: 900 }), calls()], policy)).toBeUndefined();
    const half = [calls({ slow: 20, p95Ms: 800 }), calls({ calls: 300, slow: 60, p95Ms: 400 })];
    expect(overloadOf(half, policy)).toEqual({ backend: 'payment', what: 'latency', value: 500 });
  });

  it('is a share of failed calls above the limit, also where no call goes out', () => {
    expect(overloadOf([calls({ failed: 5 })], policy)).toBeUndefined();
    const refused = calls({ backend: 'reservation', calls: 40, failed: 40, p95Ms: -1 });
    expect(overloadOf([calls(), refused], policy)).toEqual({
      backend: 'reservation',
      what: 'errors',
      value: 100,
    });
  });

  it('is not said from a handful of calls, nor from one or two bad ones', () => {
    expect(overloadOf([], policy)).toBeUndefined();
    expect(overloadOf([calls({ calls: 4, slow: 4, failed: 4, p95Ms: 900 })], policy)).toBeUndefined();
    expect(overloadOf([calls({ calls: 10, slow: 2, failed: 2, p95Ms: 900 })], policy)).toBeUndefined();
  });

  it('is that of the backend that is worst off', () => {
    const worst = calls({ backend: 'reservation', slow: 50, p95Ms: 600 });
    const found = overloadOf(
      [calls({ slow: 10, p95Ms: 350 }), worst, calls({ backend: 'inventory' })],
      policy,
    );
    expect(found).toMatchObject({ backend: 'reservation', value: 600 });
  });
});

describe('what goes through Redis', () => {
  it('comes back as it was', () => {
    const all = [calls({ slow: 3, p95Ms: 412.4 }), calls({ backend: 'reservation', p95Ms: -1 })];
    expect(parseBackends(formatBackends(all))).toEqual([calls({ slow: 3, p95Ms: 412 }), all[1]]);
    expect(parseReason(formatReason(slow))).toEqual(slow);
    expect(formatReason(undefined)).toBe('');
  });

  it('is left out where another version wrote something else', () => {
    expect(parseBackends('')).toEqual([]);
    expect(parseBackends('payment:1:2,nonsense,inventory:9:0:0:12:7')).toEqual([
      calls({ backend: 'inventory', calls: 9, p95Ms: 12 }),
    ]);
    expect(parseReason('payment:moon:3')).toBeUndefined();
  });

  it('is told to people in words', () => {
    expect(reasonText(slow)).toBe('payment p95 900 ms');
    expect(reasonText({ backend: 'reservation', what: 'errors', value: 12 })).toBe('reservation 12 % errors');
  });
});
