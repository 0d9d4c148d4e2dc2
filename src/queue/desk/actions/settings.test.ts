import { describe, expect, it } from 'vitest';
import { inSec, nowMs, seenWith } from '../../../../test/helpers/seen.ts';
import { createEvent } from './create.ts';
import { message } from './message.ts';
import { summaryOfRows } from './setting-rows.ts';
import { eventSet, settingsSet } from './settings.ts';

const set = (rest: object, seen = seenWith()) => settingsSet(seen, { type: 'settings.set', ...rest });
const tier = (first: number, last: number, waitSec: number) => ({ first, last, waitSec });

describe('setting window, tiers and times', () => {
  it('is told in words for people in the audit trail', () => {
    const rows = [
      { name: 'refillPerSec', unit: 'perSec', before: 10, after: 50 },
      { name: 'refillUntil', unit: 'time', before: null, after: '2026-11-21T05:03:21.000Z' },
      { name: 'capacityIsDefault', unit: 'flag', before: false, after: true },
      { name: 'presenceSec', unit: 'sec', before: 20, after: 30 },
    ] as const;
    expect(summaryOfRows(rows)).toBe(
      'refill 10/s -> 50/s, refill until none -> 2026-11-21T05:03:21Z, capacity follows the refill, presence 20 s -> 30 s',
    );
  });

  it('shows each in the unit of the wire', () => {
    const draft = set({
      window: 500,
      presenceSec: 30,
      tiers: [tier(11, 0, 4), tier(1, 10, 0.5)],
      maxWaiting: 9,
    });
    expect(draft.rows).toEqual([
      { name: 'window', unit: 'places', before: 100, after: 500 },
      { name: 'windowIsDefault', unit: 'flag', before: true, after: false },
      { name: 'tiers', unit: 'text', before: '1-10=0s 11-50=2s 51-=5s', after: '1-10=0.5s 11-=4s' },
      { name: 'presenceSec', unit: 'sec', before: 20, after: 30 },
      { name: 'maxWaiting', unit: 'people', before: 0, after: 9 },
    ]);
    expect(draft.operation).toMatchObject({
      fields: { window: '500', tiers: '1-10=500,11-=4000', presenceMs: '30000', maxWaiting: '9' },
    });
    expect(draft.restore).toMatchObject({
      window: '0',
      tiers: '1-10=0,11-50=2000,51-=5000',
      presenceMs: '20000',
    });
  });

  it.each([
    ['nothing', {}],
    ['waits that grow towards the front', { tiers: [tier(1, 10, 5), tier(11, 0, 2)] }],
    ['waits that end before the window does', { tiers: [tier(1, 50, 5)] }],
    ['a hole behind people who wait', { tiers: [tier(1, 10, 5), tier(20, 0, 6)] }],
    ['tiers that overlap', { tiers: [tier(1, 20, 0), tier(10, 0, 5)] }],
    ['a tier behind one that goes to the end', { tiers: [tier(1, 0, 0), tier(10, 20, 5)] }],
    ['a tier that ends before it begins', { tiers: [tier(10, 5, 0)] }],
    ['a window that reaches behind the last tier', { window: 500 }],
  ])('refuses %s', (_, change) => {
    const meta = { tiers: '1-100=3000' };
    expect(() => set(change, seenWith({ meta }))).toThrow(
      expect.objectContaining({ refusal: expect.objectContaining({ code: 'BAD_REQUEST' }) }),
    );
  });

  it('takes tiers that end where the window ends, and none at all', () => {
    expect(set({ tiers: [tier(1, 100, 5)] }).unchanged).toBe(false);
    expect(set({ tiers: [] }).rows).toContainEqual(expect.objectContaining({ name: 'tiers', after: '' }));
  });

  it('warns of a window below 4 s of refill, and of a limit that is reached already', () => {
    const [window] = set({ window: 30 }).warnings;
    expect(window).toContain('set window to 40 or more');
    expect(set({ window: null }, seenWith({ window: 30 })).warnings).toEqual([]);
    expect(set({ maxWaiting: 5 }, seenWith({ waiting: 4, away: 1 })).warnings).toHaveLength(1);
    expect(set({ maxWaiting: 0 }, seenWith({ waiting: 4 })).warnings).toEqual([]);
  });
});

describe('setting an event', () => {
  const scheduled = seenWith({ opensAtMs: nowMs + 60_000 });
  const change = (rest: object, seen = scheduled) => eventSet(seen, { type: 'event.set', ...rest });

  it('moves its opening before it, and never after', () => {
    expect(change({ opensAt: inSec(300) }).rows).toEqual([
      { name: 'opensAt', unit: 'time', before: inSec(60), after: inSec(300) },
    ]);
    expect(() => change({ opensAt: inSec(300) }, seenWith())).toThrow('has its opening behind it');
  });

  it.each([
    ['an opening in the past', { opensAt: inSec(0) }],
    ['a prequeue after the opening', { prequeueFrom: inSec(61) }],
    ['a time zone that nobody knows', { timeZone: 'Mars/Olympus' }],
    ['nothing', {}],
  ])('refuses %s', (_, rest) => {
    expect(() => change(rest)).toThrow();
  });
});

describe('a message', () => {
  it('ends at a time, or is cleared', () => {
    const said = message(seenWith(), { type: 'queue.message', text: 'Late', forSec: 60 });
    expect(said.operation).toMatchObject({
      fields: { message: 'Late', messageUntil: String(nowMs + 60_000) },
    });
    expect(said.summary).toBe('message "Late"');
    const meta = { message: 'Late', messageUntil: '5' };
    const cleared = message(seenWith({ meta }), { type: 'queue.message', text: null });
    expect(cleared).toMatchObject({
      operation: { fields: { message: '', messageUntil: '0' } },
      restore: meta,
    });
    expect(message(seenWith(), { type: 'queue.message', text: null }).unchanged).toBe(true);
  });
});

describe('making an event', () => {
  const make = (rest: object) =>
    createEvent(
      'evt_n',
      { type: 'event.create', name: '', maxWaiting: 0, test: false, ...rest },
      { timeZone: 'UTC', nowMs },
    );

  it('takes its share of the budget at once, or when it opens', () => {
    expect(make({}).claim).toEqual({ before: 0, after: 10e6 });
    expect(make({ opensAt: inSec(60), refillPerSec: 70 }).claim).toEqual({ before: 0, after: 0 });
  });

  it.each([
    ['an opening in the past', { opensAt: inSec(-1) }],
    ['a prequeue without an opening', { prequeueFrom: inSec(5) }],
    ['a prequeue after the opening', { opensAt: inSec(5), prequeueFrom: inSec(6) }],
    ['a time zone that nobody knows', { timeZone: 'Mars/Olympus' }],
  ])('refuses %s', (_, rest) => {
    expect(() => make(rest)).toThrow();
  });

  it('warns of a capacity below 4 s of refill', () => {
    expect(make({ capacity: 39 }).warnings).toEqual([expect.stringContaining('set capacity to 40 or more')]);
    expect(make({ capacity: 40 }).warnings).toEqual([]);
  });
});
