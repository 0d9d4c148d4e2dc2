/** Where the operator is on a screen: which pane has the focus, and the place in each list. */
import type { QueueSnapshot } from '../../contract/snapshot.ts';
import { numberedPanes } from './panes/index.ts';
import { moveTo, rowsInSight, type TableView, tableLength, tableStart } from './table.ts';
import type { PaneName, View } from './view.ts';

/** From the place, the rows of a page and the last place to the next place. */
export type Move = (at: number, page: number, last: number) => number;

/** Rows that a page of changes or alerts has. */
const listPage = 3;

export class Cursors {
  focus: PaneName = 'positions';
  changeAt = 0;
  alertAt = 0;
  table: TableView = tableStart;

  /** Moves in the pane that has the focus; charts have nothing to move in, so there it is the table. */
  move(
    to: Move,
    { snapshot, changes, page }: { snapshot: QueueSnapshot; changes: number; page: number },
  ): void {
    if (this.focus === 'changes') this.changeAt = within(to, this.changeAt, changes);
    else if (this.focus === 'alerts') this.alertAt = within(to, this.alertAt, snapshot.alarms.length);
    else {
      const last = Math.max(0, tableLength(snapshot) - 1);
      this.table = moveTo(snapshot, this.table, to(this.table.cursor, page, last), page);
    }
  }

  /** Keeps the table where it can be, as the line gets shorter. */
  hold(snapshot: QueueSnapshot, page: number): void {
    this.table = moveTo(snapshot, this.table, this.table.cursor, page);
  }

  /** What Enter is about. */
  selection(snapshot: QueueSnapshot | undefined, page: TableView['page']): Selection {
    if (this.focus === 'changes') return { change: this.changeAt };
    if (snapshot === undefined) return {};
    const view = { ...this.table, page, offset: this.table.cursor };
    const visitor = rowsInSight(snapshot, view, 1)[0]?.row?.visitor;
    return visitor === undefined ? {} : { visitor };
  }

  /** To the pane of the next number. */
  nextPane(): void {
    const at = numberedPanes.findIndex(({ name }) => name === this.focus);
    this.focus = numberedPanes[(at + 1) % numberedPanes.length]?.name ?? 'positions';
  }

  /** As panes are drawn from it. */
  view(page: TableView['page']): Pick<View, 'focus' | 'changeAt' | 'alertAt' | 'table'> {
    const { focus, changeAt, alertAt, table } = this;
    return { focus, changeAt, alertAt, table: { ...table, page } };
  }
}

/** A visitor's reference, or the number of a change. */
export interface Selection {
  readonly visitor?: string;
  readonly change?: number;
}

function within(to: Move, at: number, length: number): number {
  const last = Math.max(0, length - 1);
  return Math.min(last, Math.max(0, to(at, listPage, last)));
}
