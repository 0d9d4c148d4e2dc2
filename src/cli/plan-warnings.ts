/** What a person should look at twice in a plan, found from its rows: beside the server's own warnings. Pure. */
import type { EventPlan, Plan } from '../contract/actions.ts';

/** A value that becomes this many times larger or smaller may be a typo. */
const jump = 4;

/** Warnings for one event of a plan. */
export function warningsOf({ action }: Pick<Plan, 'action'>, { rows }: Pick<EventPlan, 'rows'>): string[] {
  if (action === 'bucket.set') return jumpOf(rows);
  if (action === 'queue.drain') return lostDeadline(rows);
  return [];
}

/** One sentence, of the refill first: the capacity may only follow it. */
function jumpOf(rows: EventPlan['rows']): string[] {
  for (const [name, label] of [
    ['refillPerSec', 'refill'],
    ['capacity', 'capacity'],
  ] as const) {
    const row = rows.find((each) => each.name === name);
    if (typeof row?.before !== 'number' || typeof row.after !== 'number' || row.before <= 0) continue;
    const factor = row.after / row.before;
    if (factor <= jump && factor >= 1 / jump) continue;
    const share = Math.round((factor - 1) * 100);
    return [`${label} ${share > 0 ? '+' : ''}${share}%: a typo?`];
  }
  return [];
}

function lostDeadline(rows: EventPlan['rows']): string[] {
  const before = rows.find(({ name, after }) => name === 'closesAt' && after === null)?.before;
  const isClosed = rows.some(({ name, after }) => name === 'phase' && after === 'closed');
  if (typeof before !== 'string' || isClosed) return [];
  return [`this takes away the deadline of ${before.replace(/\.\d+Z$/, 'Z')}`];
}

/** True for an end of silent places that finds none: there would be nothing to undo. */
export const endsNobody = (
  { action }: Pick<Plan, 'action'>,
  { people, rows, unchanged, refusals }: Omit<EventPlan, 'warnings'>,
): boolean =>
  action === 'queue.expire' &&
  people === 0 &&
  !unchanged &&
  refusals.length === 0 &&
  rows.every(({ before, after }) => before === after);
