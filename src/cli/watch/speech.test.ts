import { describe, expect, it } from 'vitest';
import { alarmOf, refillChange, snapshotOf } from '../testing/views.ts';
import { changeInWords, inWords, news, opening, still, timeInWords } from './speech.ts';

describe('words', () => {
  it('say numbers and times as people do', () => {
    expect([0, 312, 1_000, 1_234, 18_234, 999_600, 1_250_000].map(inWords)).toEqual([
      '0',
      '312',
      '1 thousand',
      '1.2 thousand',
      '18 thousand',
      '1 million',
      '1.3 million',
    ]);
    expect([1, 40, 411, 3_600, 7_500].map(timeInWords)).toEqual([
      '1 second',
      '40 seconds',
      '7 minutes',
      '1 hour',
      '2 hours 5 minutes',
    ]);
  });

  it('say nothing new below 5 percent, and what moved from there on', () => {
    const before = snapshotOf();
    expect(news(before, snapshotOf({ waiting: 17_400 }))).toEqual([]);
    expect(news(before, snapshotOf({ waiting: 17_000 }))).toEqual([
      '17 thousand waiting. 49 admitted a second, the last in line waits 7 minutes.',
    ]);
  });

  it('say nothing of a pace that drifts, nor of any pace while nobody waits', () => {
    const before = snapshotOf();
    const { admitPerSec1m } = before;
    expect(news(before, snapshotOf({ admitPerSec1m: admitPerSec1m * 0.8 }))).toEqual([]);
    expect(news(before, snapshotOf({ admitPerSec1m: admitPerSec1m * 0.7 }))).toHaveLength(1);
    const nobody = snapshotOf({ waiting: 0, admitPerSec1m: 6.1 });
    expect(news(nobody, snapshotOf({ waiting: 0, admitPerSec1m: 0.2 }))).toEqual([]);
  });

  it('say the rate that the screen shows, and while paused that nobody is let in', () => {
    const { name } = snapshotOf();
    expect(opening(snapshotOf({ waiting: 650, admitPerSec: 7.9, admitPerSec1m: 20 }))).toMatch(
      /650 waiting\. 7\.9 admitted a second, the last/,
    );
    const paused = snapshotOf({ waiting: 650, admitPerSec: 7.9, paused: true });
    expect(opening(paused)).toBe(`${name} is paused. 650 waiting. Nobody is let in.`);
    expect(news(paused, { ...paused, admitPerSec1m: 0 })).toEqual([]);
    expect(news(paused, { ...paused, waiting: 800 })).toEqual(['800 waiting. Nobody is let in.']);
  });

  it('say a state, an alarm and its end at once', () => {
    const alarm = alarmOf({ text: 'admissions too few' });
    const before = snapshotOf({ alarms: [] });
    const now = snapshotOf({ paused: true, alarms: [alarm] });
    expect(news(before, now)).toEqual(['The queue is now paused.', 'Alarm, warn: admissions too few']);
    expect(news(now, before)).toEqual(['The queue is now open.', 'Alarm over: admissions too few']);
  });

  it('have no glyphs', () => {
    const all = [opening(snapshotOf()), still(snapshotOf()), changeInWords(refillChange)];
    expect(all[1]).toBe('Still waiting, 18 thousand.');
    for (const each of all) expect(each).toMatch(/^[\x20-\x7e]+$/);
  });
});
