import { describe, expect, it } from 'vitest';
import { nowMs, serve } from '../../../test/helpers/served.ts';
import { formatTimedValue } from '../timed-value.ts';
import { headsOf, overBoundOf } from './alarm-inputs.ts';

/** 10 a second with a bucket of 100, unchanged for ten minutes, of which the last let so many in a second. */
const admitting = (perSec: number, meta: Readonly<Record<string, string>> = {}) => {
  const times = { createdAt: String(nowMs - 600_000), changedAt: String(nowMs - 600_000) };
  const { replica } = serve({ refillPerSec: 10, meta: { ...times, ...meta } });
  for (let sec = 1; sec <= 60; sec += 1) replica.flow.record('entered', nowMs - sec * 1000, perSec);
  return replica;
};

describe('grants over the bound', () => {
  it('are none while every window holds no more than capacity, overdraft and refill', () => {
    expect(overBoundOf(admitting(10), nowMs)).toBe(0);
    expect(overBoundOf(admitting(11), nowMs)).toBe(0);
  });

  it('are counted in the window where they are most', () => {
    expect(overBoundOf(admitting(20), nowMs)).toBe(59 * 20 - (100 + 10 + 61 * 10));
  });

  it('are held against the highest value of a schedule that came and went within the window', () => {
    const refill = { from: 10e6, fromAtMs: nowMs - 70_000, to: 90e6, toAtMs: nowMs - 50_000 };
    const until = { untilMs: nowMs - 30_000, after: 10e6 };
    const meta = { changedAt: String(nowMs - 70_000), refill: formatTimedValue({ ...refill, ...until }) };
    expect(overBoundOf(admitting(60, meta), nowMs)).toBe(60 * 9 - (100 + 10 + 11 * 10));
    const grown = admitting(20, meta);
    for (let sec = 31; sec <= 59; sec += 1) grown.flow.record('entered', nowMs - sec * 1000, 60);
    expect(overBoundOf(grown, nowMs)).toBe(0);
  });

  it('are not looked for in windows that reach back over a change', () => {
    expect(overBoundOf(admitting(20, { changedAt: String(nowMs - 5_000) }), nowMs)).toBeNull();
    expect(overBoundOf(admitting(20, { changedAt: String(nowMs - 30_000) }), nowMs)).toBe(0);
  });
});

describe('dead heads', () => {
  it('are the away of the window and those in it whose silence has begun', () => {
    const { replica } = serve({ waiting: 20, window: 10 });
    replica.apply(2, { kind: 'away', reason: 'unclaimed', seqs: [2, 15], nowMs }, nowMs);
    const nowDs = (nowMs - replica.settings.baseMs) / 100;
    const dues = new Map([
      [1, nowDs - 1],
      [3, nowDs + 1],
      [4, 0],
      [11, nowDs - 50],
      [12, nowDs - 50],
    ]);
    const reads = { dueOf: (seq: number) => dues.get(seq) ?? nowDs + 10 };
    // Away: 2. Silent past their due: 1, 11. The window is the first 10 of those who are not away: 1, 3 to 11.
    expect(headsOf(replica, reads, nowMs)).toEqual({ dead: 3, unclaimed: 1, present: 8 });
  });
});
