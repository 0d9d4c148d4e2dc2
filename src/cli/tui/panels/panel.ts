/** What may stand in the place of the panes: help, lists, stories, forms. It takes the keys while it is open. */

import type { AuditEntry } from '../../../contract/audit.ts';
import type { QueueSnapshot } from '../../../contract/snapshot.ts';
import type { AdminApi } from '../../admin-api.ts';
import type { ResolvedContext } from '../../context.ts';
import type { Link } from '../../watch/link.ts';
import type { Glyphs } from '../glyphs.ts';
import type { Press } from '../keys.ts';
import type { Line, Size } from '../text.ts';

export interface Panel {
  /** What keys it knows, in one line. */
  readonly footer: string;
  /** At most `size.rows` lines of at most `size.columns`. */
  lines(size: Size): readonly Line[];
  /** Takes a press; `close` = it is done, `pass` = not its key. */
  press(press: Press): 'kept' | 'close' | 'pass';
  /** Text, and Enter behind it, is all that it asks for; it changes nothing. Default false. */
  readonly isTyping?: boolean;
  /** Takes pasted text; without it, text goes nowhere. */
  paste?(text: string): void;
  /** A few times a second. */
  tick?(): void;
}

/** What a panel may use of the screen that it stands on. */
export interface Seat {
  readonly api: AdminApi;
  readonly event: string;
  readonly context: ResolvedContext;
  /** ` -c apne2-prod`, or '' where commands go there by themselves. */
  readonly contextFlag: string;
  readonly glyphs: Glyphs;
  readonly badge: () => string;
  /** Of the monotonic clock, ms. */
  readonly nowMs: () => number;
  readonly serverNowMs: () => number;
  readonly link: () => Link;
  readonly snapshot: () => QueueSnapshot | undefined;
  /** Newest first. */
  readonly changes: () => readonly AuditEntry[];
  readonly isAdmin: () => boolean;
  /** The panel looks different now. */
  readonly changed: () => void;
  /** A change was made here. */
  readonly made: (change: MadeChange) => void;
}

/** A change that this screen has made, for the last words. */
export interface MadeChange {
  readonly auditId: string;
  readonly summary: string;
}
