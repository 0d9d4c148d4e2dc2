/** What panes are drawn from, and what a pane is. */
import type { AuditEntry } from '../../contract/audit.ts';
import type { QueueSnapshot } from '../../contract/snapshot.ts';
import type { Glyphs } from './glyphs.ts';
import type { History, WindowMin } from './history.ts';
import type { TableView } from './table.ts';
import type { Line, Size } from './text.ts';

export interface View {
  readonly snapshot: QueueSnapshot;
  readonly history: History;
  /** Of the monotonic clock, ms: where the charts end. */
  readonly nowMs: number;
  /** The server's time now, epoch ms, to whole seconds. */
  readonly serverNowMs: number;
  readonly windowMin: WindowMin;
  readonly glyphs: Glyphs;
  /** Keys that change things are bound. */
  readonly canWrite: boolean;
  /** Newest first. */
  readonly changes: readonly AuditEntry[];
  readonly changeAt: number;
  readonly alertAt: number;
  readonly focus: PaneName;
  readonly table: TableView;
}

/** What a frozen screen shows: the values that were held, where the cursors and the window of now are. */
export const heldView = (held: View | undefined, now: View | undefined): View | undefined =>
  held === undefined || now === undefined
    ? now
    : {
        ...held,
        focus: now.focus,
        table: now.table,
        changeAt: now.changeAt,
        windowMin: now.windowMin,
      };

export type PaneName =
  | 'waiting'
  | 'admission'
  | 'bucket'
  | 'redis'
  | 'eta'
  | 'fleet'
  | 'positions'
  | 'changes'
  | 'alerts';

/** One pane: pure text of a view. A new one is a file like this and an entry in `panes/index.ts`. */
export interface Pane {
  readonly name: PaneName;
  /** Key that leads to it; none = it only shows. */
  readonly number?: 1 | 2 | 3 | 4 | 5;
  readonly heading: string;
  /** Where it stands at 100 columns and more. */
  readonly column: 'left' | 'right';
  /** With its title. */
  readonly minHeight: number;
  /** Behind the heading. */
  readonly figures?: (view: View, size: Size) => string;
  /** At the title's right end. */
  readonly right?: (view: View) => string;
  /** Below the title, at most `size.rows`. */
  readonly lines: (view: View, size: Size) => readonly Line[];
  /** The same in one line, for fewer than 100 columns; undefined = nothing to say. */
  readonly compact?: (view: View, columns: number) => Line | undefined;
}
