import { expect, it } from 'vitest';
import { snapshotOf } from '../testing/views.ts';
import { emptyInSec } from './figures.ts';
import { History, sampleOf } from './history.ts';

/** A history of so many seconds, each with the rates of its second. */
function heard(seconds: number, rates: (second: number) => { joinPerSec: number; admitPerSec: number }) {
  const history = new History();
  for (let second = 0; second <= seconds; second += 1) {
    history.record(second * 1000, sampleOf(snapshotOf({ leavePerSec: 0, ...rates(second) })));
  }
  return history;
}

it('nothing is said of when the line is empty until there are 20 s of data', () => {
  const rates = () => ({ joinPerSec: 10, admitPerSec: 50 });
  expect(heard(19, rates).netPerSec()).toBeUndefined();
  expect(heard(20, rates).netPerSec()).toBeCloseTo(-40);
});

it('the pace is a mean, so that when the line is empty does not jump with each snapshot', () => {
  const jumping = (seconds: number) =>
    emptyInSec(
      { waiting: 2_000, paused: false },
      heard(seconds, (second) => ({ joinPerSec: 10, admitPerSec: second % 10 < 5 ? 10 : 90 })).netPerSec(),
    ) ?? 0;
  const said = Array.from({ length: 60 }, (_, at) => jumping(60 + at));
  // By one snapshot it would be anything from 25 s to never.
  expect(Math.min(...said)).toBeGreaterThan(40);
  expect(Math.max(...said)).toBeLessThan(63);
});

it('the pace follows what has changed within minutes', () => {
  const net = heard(180, (second) => ({ joinPerSec: 10, admitPerSec: second < 60 ? 20 : 60 })).netPerSec();
  expect(net).toBeGreaterThan(-50);
  expect(net).toBeLessThan(-48);
});

it('a difference below 5 % of all who come and go is noise', () => {
  expect(heard(60, () => ({ joinPerSec: 48, admitPerSec: 50 })).netPerSec()).toBeUndefined();
  expect(heard(60, () => ({ joinPerSec: 40, admitPerSec: 50 })).netPerSec()).toBeCloseTo(-10);
});

it('a pause and a long gap begin the pace anew', () => {
  const history = heard(60, () => ({ joinPerSec: 10, admitPerSec: 50 }));
  const sample = sampleOf(snapshotOf({ joinPerSec: 0, admitPerSec: 5, leavePerSec: 0 }));
  history.record(100_000, sample);
  expect(history.netPerSec()).toBeUndefined();
  for (let second = 101; second <= 120; second += 1) history.record(second * 1000, sample);
  expect(history.netPerSec()).toBeCloseTo(-5);
  history.record(121_000, sample, true);
  history.record(122_000, sample);
  expect(history.netPerSec()).toBeUndefined();
});

it('a copy keeps its pace whatever comes later', () => {
  const history = heard(60, () => ({ joinPerSec: 10, admitPerSec: 50 }));
  const copy = history.copy();
  history.record(61_000, sampleOf(snapshotOf()), true);
  expect(copy.netPerSec()).toBeCloseTo(-40);
});
