import { describe, expect, it } from 'vitest';
import { inSec, nowMs, seenWith } from '../../../../test/helpers/seen.ts';
import { formatTimedValue, type TimedValue } from '../../timed-value.ts';
import { bucketRestore, bucketSet } from './bucket.ts';

const set = (rest: object, seen = seenWith()) => bucketSet(seen, { type: 'bucket.set', ...rest });
const row = (name: string, unit: string, before: unknown, after: unknown) => ({ name, unit, before, after });
const refill = (timed: Partial<TimedValue>): string =>
  formatTimedValue({ from: 50e6, fromAtMs: 0, to: 50e6, toAtMs: 0, untilMs: 0, after: 50e6, ...timed });

describe('setting the bucket', () => {
  it('shows what changes, and what follows from it', () => {
    const draft = set({ refillPerSec: 50 });
    expect(draft.rows).toEqual([
      row('refillPerSec', 'perSec', 10, 50),
      row('capacity', 'tokens', 100, 200),
      row('window', 'places', 100, 200),
    ]);
    expect(draft).toMatchObject({ unchanged: false, undoSec: 900, claim: { before: 10e6, after: 50e6 } });
    expect(draft.restore).toEqual({ refill: '10000000 0 10000000 0 0 10000000' });
    expect(draft.operation).toEqual({ kind: 'settings', timed: { refill: { to: 50e6 } } });
  });

  it('shows a value that was asked for even where it stays', () => {
    const draft = set({ refillPerSec: 20, capacity: 500 }, seenWith({ capacity: 500 }));
    expect(draft.rows.slice(0, 2)).toEqual([
      row('refillPerSec', 'perSec', 10, 20),
      row('capacity', 'tokens', 500, 500),
    ]);
  });

  it('is unchanged where nothing would differ, but not with a time in it', () => {
    expect(set({ refillPerSec: 10 }).unchanged).toBe(true);
    expect(set({ refillPerSec: 10, forSec: 60 }).unchanged).toBe(false);
    expect(set({ capacity: 100 }).unchanged).toBe(false);
    expect(set({ capacity: 100 }, seenWith({ capacity: 100 })).unchanged).toBe(true);
  });

  it('shows when a ramp and a limit end', () => {
    const { rows, summary } = set({ refillPerSec: 20, rampSec: 30, forSec: 60 });
    expect(rows).toContainEqual(row('refillRampEndsAt', 'time', null, inSec(30)));
    expect(rows).toContainEqual(row('refillUntil', 'time', null, inSec(60)));
    expect(summary).toBe('refill 10/s -> 20/s over 30 s for 60 s');
  });

  it('claims the highest refill of its course', () => {
    expect(set({ refillPerSec: 5, forSec: 60 }).claim).toEqual({ before: 10e6, after: 10e6 });
    expect(set({ refillPerSec: 5, rampSec: 60 }).claim).toEqual({ before: 10e6, after: 10e6 });
    expect(set({ refillPerSec: 5 }).claim).toEqual({ before: 10e6, after: 5e6 });
    expect(set({ refillPerSec: 50 }, seenWith({ meta: { phase: 'closed' } })).claim?.after).toBe(0);
  });

  it.each([
    [{ refillPerSec: 20 }, 'S1'],
    [{ refillPerSec: 20.01 }, 'S2'],
    [{ refillPerSec: 5 }, 'S1'],
    [{ refillPerSec: 4.99 }, 'S2'],
    [{ capacity: 201 }, 'S2'],
    [{ capacity: 49 }, 'S2'],
    [{ capacity: 150, refillPerSec: 15 }, 'S1'],
  ])('of %j is %s: beyond twice or below half is felt', (change, level) => {
    expect(set(change).level).toBe(level);
  });

  it('refuses nothing to set, and a ramp longer than the time that it is for', () => {
    expect(() => set({})).toThrow('Neither');
    expect(() => set({ refillPerSec: 20, rampSec: 61, forSec: 60 })).toThrow('longer than the 60 s');
    expect(set({ refillPerSec: 20, rampSec: 60, forSec: 60 }).rows).toHaveLength(3);
  });

  it('warns that it ends a limited value early', () => {
    const meta = { refill: refill({ untilMs: nowMs + 60_000, after: 10e6 }) };
    expect(set({ refillPerSec: 60 }, seenWith({ meta })).warnings).toEqual([
      expect.stringContaining('this ends refill 50/s early'),
    ]);
  });
});

describe('going back to a version', () => {
  const seen = seenWith({ meta: { refill: refill({}), capacity: refill({ to: 400e6, after: 400e6 }) } });

  it('takes what the version was going to, without its times', () => {
    const meta = { refill: refill({ to: 80e6, untilMs: nowMs - 5, after: 1e6 }), capacity: '' };
    const draft = bucketRestore(seen, { revision: 4, meta, isReset: false });
    expect(draft.operation).toEqual({
      kind: 'settings',
      fields: { refill: '80000000 0 80000000 0 0 80000000', capacity: '' },
    });
    expect(draft).toMatchObject({
      level: 'S2',
      summary: expect.stringContaining('bucket of version 4: refill 50/s -> 80/s'),
    });
    expect(draft.restore).toEqual({ refill: refill({}), capacity: refill({ to: 400e6, after: 400e6 }) });
  });

  it('is unchanged where it is so already', () => {
    const meta = { refill: refill({}), capacity: refill({ to: 400e6, after: 400e6 }) };
    expect(bucketRestore(seen, { revision: 1, meta, isReset: true }).unchanged).toBe(true);
  });
});
