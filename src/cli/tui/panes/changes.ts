/** What operators and time have changed, newest first. */
import stringWidth from 'string-width';
import type { AuditEntry } from '../../../contract/audit.ts';
import { formatDuration } from '../../duration.ts';
import { clockTime } from '../../watch/zone-time.ts';
import { cell, cut, cutEnd, type Line, line, padTo, part } from '../text.ts';
import type { Pane, View } from '../view.ts';

/** A reason cut shorter than that says nothing, columns. */
const reasonMin = 12;

export const changesPane: Pane = {
  name: 'changes',
  number: 4,
  heading: 'CHANGES',
  column: 'right',
  minHeight: 3,
  figures: ({ snapshot: { watchers } }) => {
    const names = [...new Set(watchers.map(({ name, write }) => (write ? `${name}*` : name)))];
    return names.length > 1 ? ` (audit)  seen by ${names.join(' ')}` : ' (audit)';
  },
  lines: (view, { columns, rows }) => {
    if (view.changes.length === 0) return [line(' none yet', 'dim')];
    const perEntry = 2;
    const fitting = Math.max(1, Math.floor(rows / perEntry));
    const offset = Math.max(0, Math.min(view.changeAt, view.changes.length - 1) - fitting + 1);
    return view.changes
      .slice(offset, offset + fitting)
      .flatMap((entry, at) => entryLines(entry, view, { columns, isSelected: offset + at === view.changeAt }))
      .slice(0, rows);
  },
  compact: (view, columns) => {
    const entry = view.changes[0];
    if (entry === undefined) return undefined;
    const left = undoLeft(entry, view);
    const undo = left === undefined ? '' : `  (undo for ${left})`;
    const head = ` ! ${clockTime(entry.at, view.snapshot.timeZone)} `;
    const tail = `  ${entry.auditId}${undo}`;
    return line(`${head}${toldIn(entry, columns - head.length - tail.length)}${tail}`);
  },
};

/** What was done, by whom and why: the reason gives way first, so that the audit id stays in sight. */
function toldIn(entry: AuditEntry, columns: number): string {
  const by = `  ${entry.actor}`;
  const what = summaryOf(entry);
  const reason = entry.reason === '' ? '' : `  "${entry.reason}"`;
  const room = columns - stringWidth(by);
  const forReason = room - stringWidth(what);
  if (stringWidth(reason) <= forReason) return `${what}${by}${reason}`;
  if (forReason >= reasonMin) return `${what}${by}${cutEnd(reason, forReason)}`;
  return `${cutEnd(what, Math.max(1, room))}${by}`;
}

function entryLines(
  entry: AuditEntry,
  view: View,
  { columns, isSelected }: { columns: number; isSelected: boolean },
): Line[] {
  const noun = entry.action.split('.')[0] ?? '';
  const summary = summaryOf(entry);
  const room = columns - 2;
  // Where the audit ids end, so does what can be undone.
  const head = ` ${clockTime(entry.at, view.snapshot.timeZone)} ${noun.padEnd(6)} `;
  const text = summary.startsWith(`${noun} `) ? summary.slice(noun.length + 1) : summary;
  const forText = Math.max(1, room - head.length - entry.auditId.length - 1);
  const middle = padTo(cutEnd(text, forText), forText);
  const left = undoLeft(entry, view);
  const undo = left === undefined ? '' : `${view.canWrite ? 'u ' : ''}undo ${left}`;
  const why = entry.reason === '' ? '' : ` "${entry.reason}"`;
  const indent = ' '.repeat(10);
  const by = cell(`${entry.actor}${why}`, Math.max(1, room - indent.length - undo.length - 1));
  const isFocused = isSelected && view.focus === 'changes';
  return [
    [part(head, isFocused ? 'mark' : 'plain'), part(`${middle} `), part(entry.auditId, 'dim')],
    [part(`${indent}${by} `, 'dim'), part(cut(undo, columns), view.canWrite ? 'plain' : 'dim')],
  ];
}

/** The change in a few words. */
export const summaryOf = ({ summary, action }: AuditEntry): string => summary || action;

/** How long it can still be undone: `5m19s`; undefined = no longer, or it has been. */
export function undoLeft({ undoUntil, undoneBy }: AuditEntry, { serverNowMs }: View): string | undefined {
  if (undoUntil === undefined || undoneBy !== undefined) return undefined;
  const leftSec = (Date.parse(undoUntil) - serverNowMs) / 1000;
  return leftSec > 0 ? formatDuration(leftSec) : undefined;
}
