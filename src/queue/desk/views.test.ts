import { describe, expect, it } from 'vitest';
import { nowMs, serve } from '../../../test/helpers/served.ts';
import { constant } from '../timed-value.ts';
import { bucketView, eventView, messageView, settingsView, timedView, worstOf } from './views.ts';

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

describe('an event that is followed', () => {
  it('carries what is measured of it, and its worst alarm', () => {
    const alarm = { id: 'a', severity: 'warn', text: '', since: iso(nowMs) } as const;
    const view = (alarms: readonly (typeof alarm | { severity: 'crit' })[]) =>
      eventView({
        id: 'evt_a',
        settings: settingsOf(),
        waiting: 0,
        away: 0,
        nowMs,
        live: { admitPerSec: 4.5, etaTailSec: 12, alarms: alarms as (typeof alarm)[] },
      });
    expect(view([alarm])).toMatchObject({ admitPerSec: 4.5, etaTailSec: 12, alarm: 'warn' });
    expect(view([alarm, { severity: 'crit' }]).alarm).toBe('crit');
    expect(worstOf([])).toBeNull();
  });
});

describe('the settings as operators see them', () => {
  const rest = { nowMs, expireNearMs: 300_000, expireFarMs: 1_800_000 };

  it('are in seconds, with the window that follows the refill', () => {
    const settings = settingsOf({ refillPerSec: 50, tiers: '1-10=0,11-=2500' });
    expect(settingsView('evt_a', settings, rest)).toEqual({
      event: 'evt_a',
      revision: 1,
      window: 200,
      windowIsDefault: true,
      tiers: [
        { first: 1, last: 10, waitSec: 0 },
        { first: 11, last: 0, waitSec: 2.5 },
      ],
      presenceSec: 20,
      claimSec: 60,
      expireNearSec: 300,
      expireFarSec: 1_800,
      maxWaiting: 0,
      challengeBits: 0,
      message: null,
    });
    expect(settingsView('evt_a', settingsOf({ window: 7 }), rest).windowIsDefault).toBe(false);
  });

  it('show a message until its time is over', () => {
    const until = String(nowMs + 1_000);
    const settings = settingsOf({ meta: { message: 'Doors at 8', messageUntil: until } });
    expect(messageView(settings, nowMs)).toEqual({ text: 'Doors at 8', until: iso(nowMs + 1_000) });
    expect(messageView(settings, nowMs + 1_000)).toBeNull();
    expect(messageView(settingsOf({ meta: { message: 'Hello' } }), nowMs)).toEqual({ text: 'Hello' });
  });
});
