/** `tacos budget get|set`: admissions a second that all events together may use. */
import type { BudgetView } from '../../../contract/admin-api.ts';
import { refillPerSecMin } from '../../../contract/limits.ts';
import type { MutationFlags } from '../../change-flags.ts';
import type { Cli } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import { runAction } from '../../mutation.ts';
import { printResult } from '../../output/document.ts';
import { rate } from '../../output/format.ts';
import type { Column } from '../../output/table.ts';

const columns: readonly Column<BudgetView>[] = [
  { head: 'BUDGET', value: ({ perSec }) => (perSec === null ? 'none' : `${rate(perSec)}/s`), align: 'right' },
  { head: 'USED', value: ({ usedPerSec }) => `${rate(usedPerSec)}/s`, align: 'right' },
  {
    head: 'FREE',
    value: ({ perSec, usedPerSec }) => (perSec === null ? undefined : `${rate(perSec - usedPerSec)}/s`),
    align: 'right',
  },
  { head: 'EVENTS', value: ({ events }) => events.length, align: 'right' },
  { head: 'VERSION', value: ({ revision }) => revision, align: 'right' },
  {
    head: 'BY_EVENT',
    value: ({ events }) =>
      events.map(({ event, refillPerSec }) => `${event}=${rate(refillPerSec)}`).join(' '),
    wide: true,
  },
];

/** `tacos budget get`. */
export async function budgetGet(cli: Cli): Promise<void> {
  const { api, context } = await cli.connect('read');
  const { asOf, item, warnings } = await api.budget();
  const result = { kind: 'Budget', context: context.name, asOf, items: [item], single: true, warnings };
  const name = ({ perSec }: BudgetView): string => (perSec === null ? 'none' : String(perSec));
  await printResult(cli.runtime, { ...result, columns, name }, cli.flags);
}

/** `tacos budget set N`, or `--none`. */
export function budgetSet(
  cli: Cli,
  [text]: readonly string[],
  flags: MutationFlags & { readonly none?: boolean },
): Promise<number> {
  const isNone = flags.none === true;
  if (isNone === (text !== undefined)) throw usageError('give a number a second, or --none');
  const perSec = isNone ? null : Number(text);
  if (
    perSec !== null &&
    !(perSec >= refillPerSecMin && perSec <= 1_000_000 && /^\d+(\.\d+)?$/.test(text ?? ''))
  ) {
    throw usageError(`"${text}" is not a number a second from ${refillPerSecMin} to 1000000`);
  }
  return runAction(cli, { events: [], action: { type: 'budget.set', perSec }, flags });
}
