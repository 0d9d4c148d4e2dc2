import { describe, expect, it } from 'vitest';
import { nowMs, serve } from '../../test/helpers/served.ts';
import { bucketView, eventView, planRates, planTimed, summaryOf, timedOf, timedView } from './desk-views.ts';
import { constant } from './timed-value.ts';

const iso = (ms: number): string => new Date(ms).toISOString();
const settingsOf = (...args: Parameters<typeof serve>) => serve(...args).served.settings;

describe('a timed value as operators see it', () => {
  const ramp = { from: 10e6, fromAtMs: nowMs, to: 20e6, toAtMs: nowMs + 10_000, untilMs: 0, after: 20e6 };

  it('that simply holds', () => {
    expect(timedView(constant(5e6), nowMs)).toEqual({ now: 5, target: 5 });
  });

  it('on its way to another one', () => {
    expect(timedView(ramp, nowMs + 2_500)).toEqual({
      now: 12.5,
      target: 20,
      rampEndsAt: iso(nowMs + 10_000),
    });
    expect(timedView(ramp, nowMs + 10_000)).toEqual({ now: 20, target: 20 });
  });

  it('for a limited time, and after it', () => {
    const limited = { ...constant(5e6), untilMs: nowMs + 60_000, after: 10e6 };
    expect(timedView(limited, nowMs)).toEqual({ now: 5, target: 5, until: iso(nowMs + 60_000), after: 10 });
    expect(timedView(limited, nowMs + 60_000)).toEqual({ now: 10, target: 10 });
  });
});

describe('the bucket as operators see it', () => {
  it('has a capacity and a window of 4 s of refill, at least 100, unless set', () => {
    expect(bucketView(settingsOf({ refillPerSec: 10 }), 42.9e6, nowMs)).toEqual({
      tokens: 42,
      capacity: { now: 100, target: 100 },
      capacityIsDefault: true,
      refillPerSec: { now: 10, target: 10 },
      window: 100,
      revision: 1,
    });
    expect(bucketView(settingsOf({ refillPerSec: 200 }), 0, nowMs)).toMatchObject({
      window: 800,
      capacity: { now: 800 },
    });
    expect(bucketView(settingsOf({ capacity: 30, window: 40 }), 0, nowMs)).toMatchObject({
      capacity: { now: 30 },
      capacityIsDefault: false,
      window: 40,
    });
  });

  it('shows an overdraft as it is', () => {
    expect(bucketView(settingsOf(), -3.2e6, nowMs).tokens).toBe(-4);
  });
});

describe('the plan of a change', () => {
  it('is the new value at once', () => {
    expect(planTimed(constant(10e6), { to: 50e6 }, nowMs)).toMatchObject({
      from: 50e6,
      to: 50e6,
      untilMs: 0,
      after: 50e6,
    });
  });

  it('begins a ramp at the value in force', () => {
    const half = planTimed(constant(10e6), { to: 20e6, rampMs: 10_000 }, nowMs);
    expect(planTimed(half, { to: 0, rampMs: 1_000 }, nowMs + 5_000)).toMatchObject({ from: 15e6, to: 0 });
  });

  it('of a limited time comes back to what would hold without it', () => {
    const first = planTimed(constant(10e6), { to: 50e6, forMs: 60_000 }, nowMs);
    expect(first).toMatchObject({ untilMs: nowMs + 60_000, after: 10e6 });
    expect(planTimed(first, { to: 5e6, forMs: 10_000 }, nowMs + 1_000).after).toBe(10e6);
    expect(planTimed(first, { to: 5e6, forMs: 10_000 }, nowMs + 61_000).after).toBe(10e6);
    const ramp = planTimed(constant(10e6), { to: 20e6, rampMs: 10_000 }, nowMs);
    expect(planTimed(ramp, { to: 1e6, forMs: 1_000 }, nowMs + 1_000).after).toBe(20e6);
  });

  it('leaves alone what was not asked for, and a default capacity a default', () => {
    const settings = settingsOf({ refillPerSec: 10 });
    const refill = planRates(settings, { refill: { to: 50e6 } }, nowMs);
    expect(refill.capacity).toBeUndefined();
    const capacity = planRates(settings, { capacity: { to: 30e6, forMs: 1_000 } }, nowMs);
    expect([capacity.refill, capacity.capacity?.after]).toEqual([settings.refill, 100e6]);
  });

  it('takes tokens and seconds and says them in one line', () => {
    const change = { refillPerSec: 0.5, capacity: 30, rampSec: 1.5, forSec: 60 };
    const times = { rampMs: 1_500, forMs: 60_000 };
    expect(timedOf(change)).toEqual({ refill: { to: 500_000, ...times }, capacity: { to: 30e6, ...times } });
    expect(timedOf({ refillPerSec: 1 })).toEqual({ refill: { to: 1e6 } });
    const before = bucketView(settingsOf(), 0, nowMs);
    const after = bucketView(
      { ...settingsOf(), ...planRates(settingsOf(), timedOf(change), nowMs) },
      0,
      nowMs,
    );
    expect(summaryOf(before, after, change)).toBe('refill 10->0.5/s capacity 100->30 over 1.5 s for 60 s');
  });
});

describe('an event in a list', () => {
  it('shows the phase that time has made of it', () => {
    const settings = settingsOf({
      opensAtMs: nowMs + 1_000,
      prequeueFromMs: nowMs - 1_000,
      meta: { createdAt: '0' },
    });
    const view = (ms: number) => eventView({ id: 'evt_a', settings, waiting: 3, away: 1, nowMs: ms });
    expect(view(nowMs)).toMatchObject({
      event: 'evt_a',
      phase: 'prequeue',
      opensAt: iso(nowMs + 1_000),
      prequeueFrom: iso(nowMs - 1_000),
      waiting: 3,
      away: 1,
      refillPerSec: 10,
      capacity: 100,
    });
    expect(view(nowMs + 1_000).phase).toBe('open');
    expect(view(nowMs - 1_001).phase).toBe('scheduled');
  });

  it('names no times that are not set', () => {
    const view = eventView({ id: 'evt_a', settings: settingsOf(), waiting: 0, away: 0, nowMs });
    expect([view.opensAt, view.prequeueFrom]).toEqual([undefined, undefined]);
  });
});
