import { describe, expect, it } from 'vitest';
import { Presence } from '../presence.ts';
import { heardSec } from './heard.ts';

const baseMs = 1_800_000_000_000;
/** The due that a gateway writes for somebody heard 100 s after the base. */
function dueOf(pollAfterSec: number, near: boolean): number {
  const presence = new Presence(baseMs);
  presence.heard({ seq: 1, heardMs: baseMs + 100_000, pollAfterSec, near }, 20_000);
  return presence.takeBatch()?.entries[0]?.[1] ?? 0;
}
const ask = (due: number, options: { etaSec: number; position?: number; afterSec: number }) =>
  heardSec({
    dueDs: due,
    baseMs,
    presenceMs: 20_000,
    position: options.position ?? 1,
    window: 100,
    etaSec: options.etaSec,
    nowMs: baseMs + 100_000 + options.afterSec * 1000,
  });

describe('when somebody was last heard', () => {
  it('follows from their due, to the second where they were told the usual', () => {
    for (const afterSec of [0, 3, 30, 71]) {
      expect(ask(dueOf(2, true), { etaSec: 5, afterSec })).toBe(afterSec);
      expect(ask(dueOf(15, true), { etaSec: 120, afterSec })).toBe(afterSec);
    }
  });

  it('is right to 6 s whatever the chance in what they were told', () => {
    for (const share of [0.8, 1.2]) {
      const heard = ask(dueOf(30 * share, true), { etaSec: 900, position: 150, afterSec: 40 }) ?? 0;
      expect(Math.abs(heard - 40)).toBeLessThanOrEqual(6);
    }
  });

  it('is not known far from the front within the minute between two reports, and at least the rest after it', () => {
    const far = { etaSec: 1_600, position: 5_000 };
    expect(ask(dueOf(30, false), { ...far, afterSec: 59 })).toBeNull();
    expect(ask(dueOf(30, false), { ...far, afterSec: 90 })).toBe(30);
  });

  it('is not known of a place that has no due', () => {
    expect(ask(0, { etaSec: 5, afterSec: 1 })).toBeNull();
  });
});
