import type { AuditEntry } from '../../../contract/audit.ts';
import type { Cli } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import { count } from '../../output/format.ts';
import { labelOf, rowText, valueText } from '../../plan-text.ts';
import { dateTime } from '../../times.ts';
import { type KeyValue, printStory } from '../key-values.ts';

/** `tacos audit show AUD_ID`. */
export async function auditShow(cli: Cli, [auditId = '']: readonly string[]): Promise<void> {
  if (!/^[\w-]{1,64}$/.test(auditId)) throw usageError(`"${auditId}" is not an audit id such as aud_7R0D`);
  const { api, context } = await cli.connect('read');
  const { asOf, item, warnings } = await api.auditEntry(auditId);
  await printStory(
    cli,
    { kind: 'Audit', context: context.name, asOf, item, warnings, name: (entry) => entry.auditId },
    entryLines,
  );
}

/** The entry as lines; times in UTC, as it may be of no event. Pure. */
export function entryLines(entry: AuditEntry): KeyValue[] {
  const { receipt, outcome } = entry;
  const optional = (name: string, value: string | undefined): KeyValue[] =>
    value === undefined ? [] : [[name, value]];
  return [
    ['audit', entry.auditId],
    ['at', dateTime(entry.at)],
    ['event', entry.event ?? '-'],
    ['actor', `${entry.actor} (${entry.role})`],
    ['client', entry.client],
    ['action', entry.action],
    ['summary', entry.summary],
    ['reason', entry.reason === '' ? '- (none given)' : entry.reason],
    ...optional('ticket', entry.ticket),
    ...optional('plan', entry.planHash),
    ['version', entry.revision === 0 ? '-' : String(entry.revision)],
    ...entry.rows.map((row): KeyValue => {
      const { name, value } = rowText(row);
      return [name, value];
    }),
    ...(entry.people === undefined ? [] : [['people', count(entry.people)] as const]),
    ...optional('undo until', entry.undoUntil === undefined ? undefined : dateTime(entry.undoUntil)),
    ...optional('undoes', entry.undoes),
    ...optional('undone by', entry.undoneBy),
    ...optional(
      'receipt',
      receipt && `${receipt.inForce} of ${receipt.of} gateways, ${Math.round(receipt.afterMs)} ms`,
    ),
    ...(outcome?.rows ?? []).map(
      ({ name, unit, predicted, actual }): KeyValue => [
        labelOf(name),
        `planned ${valueText(predicted, unit)}, came to ${valueText(actual, unit)}`,
      ],
    ),
  ];
}
