/** What became of a change, as text: one line an event. Pure. */
import type { ChangeReply, ChangeResult } from '../contract/actions.ts';
import type { Receipt } from '../contract/admin-api.ts';
import { clean } from './output/clean.ts';
import { count, timeOfDay } from './output/format.ts';
import { briefly } from './plan-text.ts';

/** How receipts are told. */
export interface ReceiptOptions {
  /** What follows `tacos undo aud_…`, such as ` -c apne2-prod`; '' = nothing. */
  readonly contextFlag: string;
  /** Zone of the times; absent = the machine's. */
  readonly timeZone?: string;
}

/** `ok: version 19 in force on 5 of 6 gateways after 212 ms …`: a line for each event, each ended. */
export function receiptText(reply: ChangeReply, options: ReceiptOptions): string {
  const isOne = reply.results.length === 1;
  return reply.results.map((result) => `${resultText(reply, result, { ...options, isOne })}\n`).join('');
}

/** Changes that end in a word of their own. */
const verbs: Readonly<Record<string, string>> = { 'event.create': 'created', 'event.delete': 'deleted' };

function resultText(
  { action, asOf }: ChangeReply,
  result: ChangeResult,
  { isOne, contextFlag, timeZone }: ReceiptOptions & { isOne: boolean },
): string {
  const { event, error, applied, revision, receipt, auditId, undoUntil } = result;
  const verb = verbs[action];
  const subject = event === null || (isOne && verb === undefined) ? '' : ` ${clean(event)}`;
  if (error !== undefined) return `failed:${subject} ${clean(error.code)}: ${clean(error.message)}`;
  if (!applied) return `ok:${subject} it was so already, nothing was changed`;
  const version = revision > 0 ? [`version ${revision}${forceText(receipt, timeZone)}`] : [];
  const done = verb === undefined ? version : [verb, ...version];
  const parts = [
    ...(done.length === 0 ? ['done'] : done),
    ...peopleText(action, result),
    ...(auditId === null ? [] : [`audit ${clean(auditId)}`]),
  ];
  const left = undoUntil === undefined ? 0 : (Date.parse(undoUntil) - Date.parse(asOf)) / 1_000;
  const hasEnded = action !== 'queue.expire' || result.people !== 0;
  const undo =
    auditId !== null && left >= 1 && hasEnded
      ? `. Undo for ${briefly(left)}: tacos undo ${clean(auditId)}${contextFlag}`
      : '';
  return `ok:${subject} ${parts.join(', ')}${undo}`;
}

function forceText(receipt: Receipt | undefined, timeZone: string | undefined): string {
  if (receipt === undefined) return '';
  const { inForce, of, afterMs, missing } = receipt;
  const seen = missing.map(
    ({ gateway, lastSeen }) => `${clean(gateway)} seen ${timeOfDay(lastSeen, timeZone)}`,
  );
  const lacking = seen.length === 0 ? '' : ` (missing: ${seen.join(', ')})`;
  return ` in force on ${inForce} of ${of} gateways after ${Math.round(afterMs)} ms${lacking}`;
}

function peopleText(action: string, { people }: ChangeResult): string[] {
  if (people === undefined) return [];
  if (action === 'queue.message') return [`seen by ${count(people)} so far`];
  if (action === 'queue.expire' && people === 0) return ['nobody is there whom it would end'];
  return [
    `${count(people)} ${people === 1 ? 'place' : 'places'} ${action === 'undo' ? 'given back' : 'ended'}`,
  ];
}
