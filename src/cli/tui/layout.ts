/** Where panes stand: layout A below 100 columns, B from there on. Rows go to the table first, then to the charts. */
import { paneOf } from './panes/index.ts';
import type { Size } from './text.ts';
import type { PaneName } from './view.ts';

/** Below this only a summary fits. */
export const smallest: Size = { columns: 60, rows: 15 };
/** Columns from which layout B has room. */
const wideFrom = 100;
/** Header, rule, rule, footer, and the last row of the terminal, which stays free. */
const frameRows = 5;
/** Rows of the table at which the charts begin to grow, with title and heads. */
const tableGood = 21;
const chart = { good: 9, most: 17 };

export interface Slot {
  readonly name: PaneName;
  /** With the title. */
  readonly size: Size;
}

export type Layout =
  | { readonly kind: 'small' }
  | { readonly kind: 'A'; readonly body: Size }
  | {
      readonly kind: 'B';
      readonly body: Size;
      readonly left: readonly Slot[];
      readonly right: readonly Slot[];
    };

/** The layout of a terminal. */
export function layoutOf({ columns, rows }: Size): Layout {
  if (columns < smallest.columns || rows < smallest.rows) return { kind: 'small' };
  const body = { columns, rows: rows - frameRows };
  if (columns < wideFrom) return { kind: 'A', body };
  const rightColumns = rightWidth(columns);
  return {
    kind: 'B',
    body,
    left: leftSlots({ columns: columns - rightColumns - 1, rows: body.rows }),
    right: rightSlots({ columns: rightColumns, rows: body.rows }),
  };
}

const rightWidth = (columns: number): number => {
  if (columns < 110) return 38;
  if (columns < 130) return 44;
  return Math.min(72, 48 + Math.floor(Math.max(0, columns - 150) / 3));
};

function leftSlots({ columns, rows }: Size): Slot[] {
  const least = { waiting: minOf('waiting'), admission: minOf('admission'), table: minOf('positions') };
  const hasAdmission = rows >= least.waiting + least.admission + least.table;
  const admission = hasAdmission ? least.admission : 0;
  const rest = rows - least.waiting - admission;
  let table = Math.min(rest, tableGood);
  const good = Math.min(rest - table, chart.good - least.waiting);
  // Beyond what is good both grow: a row for the chart, a row for the table.
  const more = rest - table - good;
  const grown = Math.min(Math.floor(more / 2), chart.most - chart.good);
  table += more - grown;
  return [
    { name: 'waiting', size: { columns, rows: least.waiting + good + grown } },
    ...(hasAdmission ? [{ name: 'admission' as const, size: { columns, rows: admission } }] : []),
    { name: 'positions', size: { columns, rows: table } },
  ];
}

/** Rows of the lists at the right before changes take more. */
const listsGood = { changes: 7, alerts: 14 };

function rightSlots({ columns, rows }: Size): Slot[] {
  // What goes first when rows are few stands last.
  const byWeight: readonly PaneName[] = ['bucket', 'alerts', 'changes', 'eta', 'redis', 'fleet'];
  const chosen = new Set<PaneName>();
  let used = 0;
  for (const name of byWeight) {
    if (used + minOf(name) > rows) continue;
    chosen.add(name);
    used += minOf(name);
  }
  const free = rows - used;
  const forChanges = Math.min(free, listsGood.changes - minOf('changes'));
  const beyond = free - forChanges - (listsGood.alerts - minOf('alerts'));
  const changes = chosen.has('changes') ? forChanges + Math.max(0, beyond) : 0;
  const extra: Partial<Record<PaneName, number>> = { changes, alerts: free - changes };
  const order: readonly PaneName[] = ['bucket', 'redis', 'eta', 'fleet', 'changes', 'alerts'];
  return order
    .filter((name) => chosen.has(name))
    .map((name) => ({ name, size: { columns, rows: minOf(name) + (extra[name] ?? 0) } }));
}

const minOf = (name: PaneName): number => paneOf(name).minHeight;
