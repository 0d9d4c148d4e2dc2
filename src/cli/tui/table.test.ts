import { expect, it } from 'vitest';
import { positionOf, snapshotOf } from '../testing/views.ts';
import { rowsInSight, tableStart } from './table.ts';

const people = (first: number, count: number) =>
  Array.from({ length: count }, (_, at) => positionOf(first + at));

it('shows nobody twice where the page was read before the line moved up', () => {
  // Places as they were: 1 to 40. Three have entered since, so that the snapshot begins with the fourth.
  const snapshot = snapshotOf({ waiting: 37, top: people(4, 20) });
  const page = { from: 21, rows: people(21, 20), atMs: 0 };
  const shown = rowsInSight(snapshot, { ...tableStart, page }, 40).map(({ row }) => row?.visitor);
  expect(shown).toHaveLength(37);
  expect(shown).toEqual(people(4, 37).map(({ visitor }) => visitor));
});

it('leaves rows open that are still to be read, and takes a page further down as it is', () => {
  const snapshot = snapshotOf({ waiting: 500, top: people(31, 20) });
  const stale = { from: 21, rows: people(21, 20), atMs: 0 };
  const below = rowsInSight(snapshot, { ...tableStart, page: stale }, 30).slice(20);
  expect(below.map(({ row }) => row)).toEqual(Array.from({ length: 10 }, () => undefined));
  const page = { from: 101, rows: people(101, 5), atMs: 0 };
  const far = rowsInSight(snapshot, { ...tableStart, offset: 100, page }, 5);
  expect(far.map(({ position, row }) => [position, row?.visitor])).toEqual(
    people(101, 5).map(({ visitor }, at) => [101 + at, visitor]),
  );
});
