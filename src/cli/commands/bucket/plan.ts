/** The plan and the receipt of a bucket change, as text. Pure. */
import type { BucketView, ChangeReply, TimedValueView } from '../../../contract/admin-api.ts';
import { formatDuration } from '../../duration.ts';
import type { Weight } from '../../mutation.ts';
import { clean } from '../../output/clean.ts';
import { plain, rate, timeOfDay } from '../../output/format.ts';

/** What was asked for, as far as the plan shows it. */
export interface PlanTimes {
  readonly rampSec?: number | undefined;
  readonly forSec?: number | undefined;
}

/** Lines below the context line: before -> after, and warnings. */
export function planText({ before, after, warnings, revision }: ChangeReply, times: PlanTimes): string {
  const timing = [
    ...(times.rampSec === undefined ? [] : [`over ${formatDuration(times.rampSec)}`]),
    ...(times.forSec === undefined ? [] : [`for ${formatDuration(times.forSec)}, then back`]),
  ].join(', ');
  const lines = [
    `   version   ${revision}`,
    `   refill    ${course(before.refillPerSec, after.refillPerSec, (value) => `${rate(value)}/s`)}`,
    `   capacity  ${course(before.capacity, after.capacity, plain)}`,
    ...(timing === '' ? [] : [`   timing    ${timing}`]),
    ...lostReturn('refill', before.refillPerSec, after.refillPerSec),
    ...lostReturn('capacity', before.capacity, after.capacity),
    ...warnings.map((warning) => `   warning   ${clean(warning)}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** `ok: revision 19 in force on 5 of 6 gateways after 212 ms (missing: …), audit aud_…`. */
export function receiptText({ revision, receipt, auditId }: ChangeReply): string {
  const audit = auditId === undefined ? '' : `, audit ${clean(auditId)}`;
  if (receipt === undefined) return `ok: revision ${revision}${audit}\n`;
  const { inForce, of, afterMs, missing } = receipt;
  const seen = missing.map(({ gateway, lastSeen }) => `${clean(gateway)} seen ${timeOfDay(lastSeen)}`);
  const lacking = seen.length === 0 ? '' : ` (missing: ${seen.join(', ')})`;
  return `ok: revision ${revision} in force on ${inForce} of ${of} gateways after ${Math.round(afterMs)} ms${lacking}${audit}\n`;
}

/** Beyond double or below half is felt by users. */
export function weightOf(before: BucketView, after: BucketView): Weight {
  const isFelt = (from: TimedValueView, to: TimedValueView): boolean =>
    to.target > from.now * 2 || to.target < from.now / 2;
  return isFelt(before.refillPerSec, after.refillPerSec) || isFelt(before.capacity, after.capacity)
    ? 'felt'
    : 'small';
}

/** A change without a limit ends one that was under way: what would have come back does not, and that must be seen. */
function lostReturn(name: string, before: TimedValueView, after: TimedValueView): string[] {
  if (before.until === undefined || before.after === undefined || after.until !== undefined) return [];
  return [
    `   warning   ${name} was to go back to ${plain(before.after)} at ${timeOfDay(before.until)}: this change makes it last`,
  ];
}

function course(before: TimedValueView, after: TimedValueView, form: (value: number) => string): string {
  const from = form(before.now);
  const to = form(after.target);
  if (from === to && after.until === undefined) return `${from} (same)`;
  const percent = before.now === 0 ? 0 : Math.round((after.target / before.now - 1) * 100);
  return `${from} -> ${to}${percent === 0 ? '' : `  (${percent > 0 ? '+' : ''}${percent}%)`}`;
}
