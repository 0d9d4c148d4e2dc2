import { stepText } from '../../../contract/sale.ts';
import type { MutationFlags } from '../../change-flags.ts';
import { isForPeople } from '../../change-report.ts';
import type { Cli } from '../../cli.ts';
import { exitCodes } from '../../exit-codes.ts';
import { contextFlagOf, runAction } from '../../mutation.ts';
import { renderTable } from '../../output/table.ts';
import { readSale, type Sale } from './sale-file.ts';
import { saleWarnings } from './sale-warnings.ts';

/** `tacos sale apply FILE`. */
export async function saleApply(
  cli: Cli,
  [path = '']: readonly string[],
  flags: MutationFlags,
): Promise<number> {
  const sale = await readSale(cli.runtime, path);
  const { event } = sale.file;
  const { stderr } = cli.runtime;
  const isTold = isForPeople(cli.flags.output) && !cli.flags.quiet;
  if (isTold) {
    const warnings = saleWarnings(sale).map((text) => `warning: ${text}\n`);
    stderr.write(stepsText(sale) + warnings.join(''));
  }
  const code = await runAction(cli, { events: [event], flags, action: sale.action });
  const isDone = code === exitCodes.done && flags.dryRun !== true;
  if (isTold && isDone)
    stderr.write(
      `next: tacos sale status ${event}${contextFlagOf(cli)} shows how far it is, tacos sale rollback ${event}${contextFlagOf(cli)} ends it\n`,
    );
  return code;
}

/** `tacos sale rollback EVT`. */
export const saleRollback = (
  cli: Cli,
  [event = '']: readonly string[],
  flags: MutationFlags,
): Promise<number> => runAction(cli, { events: [event], flags, action: { type: 'sale.rollback' } });

/** The steps as a table. */
export const stepsText = ({ steps }: Pick<Sale, 'steps'>, headers = true): string =>
  renderTable(
    [
      { head: 'STEP', value: ({ id }) => id },
      { head: 'AT', value: ({ at }) => at },
      { head: 'WHAT', value: (step) => stepText(step) },
    ],
    steps,
    { headers },
  );
