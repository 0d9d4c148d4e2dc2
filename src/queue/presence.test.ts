import { describe, expect, it } from 'vitest';
import { dueAfterMs, isNear, Presence } from './presence.ts';

const base = 1_800_000_000_000;
const near = { seq: 7, heardMs: base + 10_000, pollAfterSec: 2, near: true };

/** What would be reported: seq → ms after `base` at which silence begins. */
function reported(presence: Presence): Map<number, number> {
  const found = new Map<number, number>();
  for (let taken = presence.takeBatch(); taken; taken = presence.takeBatch()) {
    for (let at = 0; at < taken.records.length; at += 8) {
      found.set(taken.records.readUInt32BE(at), taken.records.readUInt32BE(at + 4) * 100);
    }
  }
  return found;
}

describe('whether a place is near', () => {
  it.each([
    [149, 1_000, 100, true],
    [150, 201, 100, false],
    [150, 200, 100, true],
    [9_999, 1, 100, true],
  ])('wait %i s at position %i with a window of %i: %s', (waitSec, position, window, answer) => {
    expect(isNear(position, waitSec, window)).toBe(answer);
  });
});

describe('when silence begins', () => {
  it('is presence_sec after the heartbeat, or what it was told + 8 s, and the report’s second', () => {
    expect(dueAfterMs(20_000, 2)).toBe(21_000);
    expect(dueAfterMs(20_000, 12)).toBe(21_000);
    expect(dueAfterMs(20_000, 30)).toBe(39_000);
    expect(dueAfterMs(60_000, 36)).toBe(61_000);
  });

  it('is reported in tenths of a second, rounded up', () => {
    const presence = new Presence(base);
    presence.heard({ ...near, heardMs: base + 10_001 }, 20_000);
    expect(reported(presence)).toEqual(new Map([[7, 31_100]]));
  });

  it('covers the minute for which a far place is not reported again', () => {
    const presence = new Presence(base);
    presence.heard({ ...near, near: false, pollAfterSec: 30 }, 20_000);
    expect(reported(presence)).toEqual(new Map([[7, 10_000 + 39_000 + 60_000]]));
  });

  it('is set anew by a stream that was cut, and never before the beginning', () => {
    const presence = new Presence(base);
    presence.heard(near, 20_000);
    presence.silentFrom(7, base + 16_000);
    presence.silentFrom(8, base - 5_000);
    presence.heard({ ...near, seq: 9, heardMs: base - 100_000 }, 20_000);
    expect(reported(presence)).toEqual(
      new Map([
        [7, 16_000],
        [8, 0],
        [9, 0],
      ]),
    );
  });
});

describe('reports', () => {
  it('name a near place after every heartbeat, with the last one only', () => {
    const presence = new Presence(base);
    presence.heard(near, 20_000);
    presence.heard({ ...near, heardMs: base + 12_000 }, 20_000);
    expect(reported(presence)).toEqual(new Map([[7, 33_000]]));
    presence.heard({ ...near, heardMs: base + 14_000 }, 20_000);
    expect(reported(presence)).toEqual(new Map([[7, 35_000]]));
  });

  it('name a far place once a minute, and at once when it has come near', () => {
    const presence = new Presence(base);
    const far = { ...near, near: false };
    presence.heard(far, 20_000);
    expect(reported(presence).size).toBe(1);
    presence.heard({ ...far, heardMs: far.heardMs + 59_900 }, 20_000);
    expect(presence.size).toBe(0);
    presence.heard({ ...far, heardMs: far.heardMs + 60_000 }, 20_000);
    expect(reported(presence).size).toBe(1);
    presence.heard({ ...near, heardMs: far.heardMs + 61_000 }, 20_000);
    expect(reported(presence)).toEqual(new Map([[7, 71_000 + 21_000]]));
  });

  it('never let a far place fall silent that polls as it was told', () => {
    for (const pollMs of [2_000, 17_000, 29_900, 36_000]) {
      const presence = new Presence(base);
      let due = Number.POSITIVE_INFINITY;
      for (let ms = 0; ms < 600_000; ms += pollMs) {
        expect(ms).toBeLessThan(due);
        presence.heard({ seq: 1, heardMs: base + ms, pollAfterSec: pollMs / 1000, near: false }, 20_000);
        due = reported(presence).get(1) ?? due;
      }
    }
  });

  it('come in batches of 500 places, each once', () => {
    const presence = new Presence(base);
    for (let seq = 1; seq <= 1_201; seq += 1) presence.heard({ ...near, seq }, 20_000);
    const sizes: number[] = [];
    const seqs = new Set<number>();
    for (let taken = presence.takeBatch(); taken; taken = presence.takeBatch()) {
      sizes.push(taken.records.length / 8);
      for (const [seq] of taken.entries) seqs.add(seq);
    }
    expect([sizes, seqs.size, presence.size]).toEqual([[500, 500, 201], 1_201, 0]);
  });

  it('that failed are made again, but not over what was heard meanwhile', () => {
    const presence = new Presence(base);
    presence.heard(near, 20_000);
    presence.heard({ ...near, seq: 8 }, 20_000);
    const taken = presence.takeBatch();
    presence.heard({ ...near, heardMs: base + 20_000 }, 20_000);
    presence.putBack(taken?.entries ?? []);
    expect(reported(presence)).toEqual(
      new Map([
        [7, 41_000],
        [8, 31_000],
      ]),
    );
  });

  it('are none when nobody was heard', () => {
    expect(new Presence(base).takeBatch()).toBeUndefined();
  });
});
