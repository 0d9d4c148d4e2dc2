/** The table of positions: which part of the line is in sight, and where its rows come from. */
import type { QueueSnapshot } from '../../contract/snapshot.ts';
import type { PositionRow } from '../../contract/visitors.ts';

/** Part of the line that was read beyond the snapshot's own rows. */
export interface Page {
  /** First position asked for. */
  readonly from: number;
  readonly rows: readonly PositionRow[];
  /** When it came, of the monotonic clock, ms. */
  readonly atMs: number;
}

export interface TableView {
  /** Places counted from 0: those waiting, then those away. */
  readonly cursor: number;
  readonly offset: number;
  readonly page: Page | undefined;
}

export const tableStart: TableView = { cursor: 0, offset: 0, page: undefined };

/** A row in sight; without `row` it is still to be read. */
export interface TableRow {
  readonly at: number;
  readonly position: number | null;
  readonly row: PositionRow | undefined;
}

/** Rows that there are. */
export const tableLength = ({ waiting, awayTop }: QueueSnapshot): number => waiting + awayTop.length;

/** The rows from `offset`, at most `height`. */
export function rowsInSight(
  snapshot: QueueSnapshot,
  { offset, page }: TableView,
  height: number,
): TableRow[] {
  const { waiting, top, awayTop } = snapshot;
  const end = Math.min(offset + height, tableLength(snapshot));
  const rows: TableRow[] = [];
  const read = page === undefined ? undefined : inStep(page, top);
  for (let at = offset; at < end; at += 1) {
    if (at >= waiting) {
      rows.push({ at, position: null, row: awayTop[at - waiting] });
      continue;
    }
    const position = at + 1;
    const row = top[at] ?? read?.rows[position - read.from];
    rows.push({ at, position, row });
  }
  return rows;
}

/**
 * The page as far as it follows the snapshot's own rows: it was read at another moment, and whoever has moved up into
 * those since then would stand there twice.
 */
function inStep(page: Page, top: readonly PositionRow[]): Page {
  const above = new Set(top.map(({ visitor }) => visitor));
  const last = page.rows.findLastIndex(({ visitor }) => above.has(visitor));
  return last < 0 ? page : { ...page, from: top.length + 1, rows: page.rows.slice(last + 1) };
}

/** The stretch that the snapshot does not carry, if any is in sight. */
export function missingPart(
  snapshot: QueueSnapshot,
  { offset }: TableView,
  height: number,
): { from: number; limit: number } | undefined {
  const first = Math.max(offset, snapshot.top.length);
  const end = Math.min(offset + height, snapshot.waiting);
  return end > first ? { from: first + 1, limit: end - first } : undefined;
}

/** The view with its cursor at a place, in sight. */
export function moveTo(snapshot: QueueSnapshot, view: TableView, at: number, height: number): TableView {
  const last = Math.max(0, tableLength(snapshot) - 1);
  const cursor = Math.min(last, Math.max(0, at));
  const rows = Math.max(1, height);
  const lowest = Math.max(0, tableLength(snapshot) - rows);
  const inSight = Math.min(Math.max(view.offset, cursor - rows + 1), cursor);
  return { ...view, cursor, offset: Math.min(inSight, lowest) };
}

/** The row under the cursor. */
export const selectedRow = (snapshot: QueueSnapshot, view: TableView): TableRow | undefined =>
  rowsInSight(snapshot, { ...view, offset: view.cursor }, 1)[0];
