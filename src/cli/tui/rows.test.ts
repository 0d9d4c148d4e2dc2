import { describe, expect, it } from 'vitest';
import type { QueueSnapshot } from '../../contract/admin-api.ts';
import { refillChange, snapshotOf } from '../testing/views.ts';
import { asciiGlyphs, bar, blockGlyphs, sparkline } from './glyphs.ts';
import { History } from './history.ts';
import { changeText, toRows } from './rows.ts';

const rowsOf = (change: Partial<QueueSnapshot> = {}) =>
  toRows(snapshotOf(change), { history: new History(), nowMs: 0, windowMin: 1, glyphs: asciiGlyphs });
const textOf = (label: string, change: Partial<QueueSnapshot> = {}) => {
  const row = rowsOf(change).find((each) => each.label === label);
  return row?.parts
    .map(({ text }) => text)
    .join('')
    .replace(/ +/g, ' ')
    .trim();
};
const toneOf = (label: string, at: number, change: Partial<QueueSnapshot> = {}) =>
  rowsOf(change).find((each) => each.label === label)?.parts[at]?.tone;

describe('the rows', () => {
  it('say what the snapshot says', () => {
    expect(textOf('WAITING')).toBe('18,234 -2,916/min empty in 6m15s');
    expect(textOf('ADMITTED')).toBe('48.7/s 97% of refill [1m] 5m 15m 48.6/s');
    expect(textOf('BUCKET')).toBe('212/500 #########........... 43% refill 50/s full in 3m41s');
    expect(textOf('REDIS')).toBe('cpu 41% 9.8k ops/s mem 212MB');
    expect(textOf('ETA tail')).toBe('6m51s conf 1.00 HIGH 6m20s to 7m40s');
    expect(textOf('STATE')).toBe('OPEN away 12 admitted 1,700 gateways 6/6 version 18');
  });

  it('fit 80 columns beside their label', () => {
    const long = snapshotOf({ waiting: 9_999_999, joinPerSec: 5_000, admitPerSec: 0.1 });
    for (const { parts } of toRows(long, {
      history: new History(),
      nowMs: 0,
      windowMin: 15,
      glyphs: blockGlyphs,
    })) {
      expect(
        11 +
          parts
            .map(({ text }) => text)
            .join('')
            .trimEnd().length,
      ).toBeLessThanOrEqual(80);
    }
  });

  it('say that the line grows, and nothing of its end then', () => {
    expect(textOf('WAITING', { joinPerSec: 60 })).toBe('18,234 +672/min');
    expect(textOf('WAITING', { waiting: 0 })).toBe('0 -2,916/min');
  });

  it('warn when people wait and admissions lag, not while they are held', () => {
    expect(toneOf('ADMITTED', 2, { admitPerSec: 10 })).toBe('warn');
    expect(toneOf('ADMITTED', 2, { admitPerSec: 10, paused: true })).toBe('plain');
    expect(toneOf('ADMITTED', 2, { admitPerSec: 10, waiting: 3 })).toBe('plain');
  });

  it('mark a rough guess, a busy Redis, a missing gateway and a pause', () => {
    expect(textOf('ETA tail', { confidence: 0.2 })).toBe('~6m51s conf 0.20 LOW 6m20s to 7m40s');
    expect(toneOf('REDIS', 0, { redis: { cpuPercent: 90, opsPerSec: 1, usedMemoryBytes: 1 } })).toBe('bad');
    expect(toneOf('STATE', 2, { gateways: { seen: 6, inForce: 5 } })).toBe('warn');
    expect(textOf('STATE', { paused: true })).toMatch(/^PAUSED /);
  });

  it('show where a ramp goes and what comes after a limited time', () => {
    const bucket = snapshotOf().bucket;
    const refillPerSec = { now: 60, target: 80, until: '2026-11-21T06:00:00Z', after: 50 };
    expect(textOf('BUCKET', { bucket: { ...bucket, refillPerSec } })).toContain('refill 60 -> 80/s, then 50');
  });

  it('tell the latest change in one line', () => {
    expect(changeText(snapshotOf({ lastChange: refillChange }))).toBe(
      '14:03:24 refill 50->80  mina "ramp step 2" aud_7R0D',
    );
    expect(changeText(snapshotOf())).toBe('');
  });
});

describe('a sparkline', () => {
  it('scales to the highest and never bridges a gap', () => {
    expect(sparkline([0, 50, undefined, 100], blockGlyphs)).toBe('▁▅·█');
    expect(sparkline([0, 0], blockGlyphs)).toBe('▁▁');
  });

  it('is drawn from whole stretches of the window', () => {
    const history = new History();
    for (let second = 0; second < 30; second += 1) {
      history.record(second * 1000, {
        waiting: second < 15 ? 10 : 20,
        admitPerSec: 1,
        redisCpuPercent: null,
      });
    }
    const view = { nowMs: 29_000, windowMin: 1, cells: 4 } as const;
    expect(history.cells('waiting', view)).toEqual([undefined, undefined, 10, 20]);
    expect(history.cells('redisCpuPercent', view)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('keeps 15 minutes', () => {
    const history = new History();
    const sample = { waiting: 1, admitPerSec: 1, redisCpuPercent: 1 };
    for (let second = 0; second < 2_000; second += 1) history.record(second * 1000, sample);
    const cells = history.cells('waiting', { nowMs: 1_999_000, windowMin: 15, cells: 20 });
    expect(cells.filter((cell) => cell !== undefined)).toHaveLength(20);
  });
});

it('a bar is as full as its share, and no fuller', () => {
  expect([bar(0.5, 4, asciiGlyphs), bar(-1, 4, asciiGlyphs), bar(9, 4, asciiGlyphs)]).toEqual([
    '##..',
    '....',
    '####',
  ]);
});
