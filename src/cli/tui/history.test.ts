import { expect, it } from 'vitest';
import { snapshotOf } from '../testing/views.ts';
import { emptyInSec, trendText } from './figures.ts';
import { History, type Sample, sampleOf } from './history.ts';

const sampleWith = (waiting: number): Sample =>
  sampleOf(snapshotOf({ waiting, joinPerSec: 10, admitPerSec: 50, leavePerSec: 0 }));

/** A history of so many seconds, in each of which the line grows by as much as `net` says, from 20,000 on. */
function heard(seconds: number, net: (second: number) => number) {
  const history = new History();
  let waiting = 20_000;
  for (let second = 0; second <= seconds; second += 1) {
    history.record(second * 1000, sampleWith(waiting));
    waiting += net(second);
  }
  return history;
}

it('the line moves as the people who wait say, whatever the rates of joins and admissions are', () => {
  // All who go away or are let go are in no rate at all.
  expect(trendText(heard(120, () => 7).waitingPerSec())).toBe('+420/min');
  expect(trendText(heard(120, () => -55).waitingPerSec())).toBe('-3,300/min');
  expect(trendText(heard(120, () => 0).waitingPerSec())).toBe('0/min');
});

it('how the line moves is of the last minute, and of all there is until then, from 10 s on', () => {
  expect(trendText(new History().waitingPerSec())).toBe('-/min');
  expect(trendText(heard(9, () => -3).waitingPerSec())).toBe('-/min');
  expect(heard(10, () => -3).waitingPerSec()).toBe(-3);
  expect(heard(200, (second) => (second < 140 ? 100 : -3)).waitingPerSec()).toBe(-3);
});

it('how the line moves goes on over a gap and a pause, as who waits is known before and after', () => {
  const history = heard(60, () => -3);
  history.record(100_000, sampleWith(19_000), true);
  // From second 40, when there were 120 fewer than 20,000.
  expect(history.waitingPerSec()).toBeCloseTo((19_000 - 19_880) / 60);
});

it('nothing is said of when the line is empty until there are 20 s of data', () => {
  expect(heard(19, () => -40).netPerSec()).toBeUndefined();
  expect(heard(20, () => -40).netPerSec()).toBeCloseTo(-40);
});

it('the pace is of a minute, so that when the line is empty does not jump with each snapshot', () => {
  const jumping = (seconds: number) =>
    emptyInSec(
      { waiting: 2_000, paused: false },
      heard(seconds, (second) => (second % 10 < 5 ? 0 : -80)).netPerSec(),
    ) ?? 0;
  const said = Array.from({ length: 60 }, (_, at) => jumping(60 + at));
  // By one snapshot it would be anything from 25 s to never.
  expect(Math.min(...said)).toBeGreaterThan(40);
  expect(Math.max(...said)).toBeLessThan(63);
});

it('a difference below 5 % of all who come and go is noise', () => {
  expect(heard(60, () => -2).netPerSec()).toBeUndefined();
  expect(heard(60, () => -10).netPerSec()).toBeCloseTo(-10);
});

it('a pause and a long gap begin the pace anew', () => {
  const history = heard(60, () => -40);
  history.record(100_000, sampleWith(5_000));
  expect(history.netPerSec()).toBeUndefined();
  for (let second = 101; second <= 120; second += 1) {
    history.record(second * 1000, sampleWith(5_000 - 5 * (second - 100)));
  }
  expect(history.netPerSec()).toBeCloseTo(-5);
  history.record(121_000, sampleWith(4_900), true);
  history.record(122_000, sampleWith(4_900));
  expect(history.netPerSec()).toBeUndefined();
});

it('a copy keeps its pace whatever comes later', () => {
  const history = heard(60, () => -40);
  const copy = history.copy();
  history.record(61_000, sampleWith(20_000), true);
  expect([copy.netPerSec(), copy.waitingPerSec()]).toEqual([-40, -40]);
});
