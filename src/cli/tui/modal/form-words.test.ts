import { beforeEach, expect, it } from 'vitest';
import { snapshotOf } from '../../testing/views.ts';
import { Bench } from '../testing/seat.ts';

let bench: Bench;
beforeEach(async () => {
  bench = new Bench();
  await bench.hear();
});

it('what is typed on a button goes nowhere, and that is said until it is heeded', async () => {
  await bench.press('b');
  expect(bench.text()).not.toContain('Tab to the fields');
  await bench.type('8');
  expect(bench.text()).toContain('Tab to the fields');
  await bench.press('tab');
  expect(bench.text()).not.toContain('Tab to the fields');
  await bench.type('8');
  expect(bench.text()).toContain('[8_');
  await bench.press('shift-tab');
  await bench.press('tab', 'shift-tab');
  bench.screen.paste('\r');
  expect(bench.text()).not.toContain('Tab to the fields');
  bench.screen.paste('80');
  expect(bench.text()).toContain('Tab to the fields');
});

it('Apply says why it cannot be applied, whatever was typed on it before', async () => {
  await bench.press('b', 'shift-tab', 'x');
  expect(bench.text()).toContain('Tab to the fields');
  await bench.press('return');
  expect(bench.text()).toContain('fill in what is to change');
});

it('garbage in a field is flagged in a whole sentence at 80 columns, though there is no refill yet', async () => {
  await bench.press('b', 'tab', 'tab', 'tab', 'tab');
  await bench.type('in a little while');
  const sentence = 'for "in a little while" is not a duration: write it as 90s, 10m or 2h';
  const rows = bench.rows(80, 24);
  expect(rows.some((row) => row.trim() === sentence)).toBe(true);
  expect(rows.some((row) => row.includes('[ Apply ]'))).toBe(true);
  expect(bench.api.plans).toEqual([]);
});

it('what is beside a field is in force now, also after it was changed', async () => {
  const { bucket } = snapshotOf();
  await bench.press('b');
  expect(bench.text()).toContain('now 50.0');
  await bench.hear({
    bucket: {
      ...bucket,
      refillPerSec: { now: 25, target: 25 },
      capacity: { ...bucket.capacity, now: 250, target: 250 },
    },
  });
  expect(bench.text()).toContain('now 25.0');
  expect(bench.text()).toContain('now 250');
  expect(bench.text()).not.toContain('now 50.0');
});
