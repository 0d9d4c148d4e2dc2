import { stepText } from '../../../contract/sale.ts';
import type { MutationFlags } from '../../change-flags.ts';
import { isForPeople } from '../../change-report.ts';
import type { Cli } from '../../cli.ts';
import { runAction } from '../../mutation.ts';
import { renderTable } from '../../output/table.ts';
import { readSale, type Sale } from './sale-file.ts';

/** `tacos sale apply FILE`. */
export async function saleApply(
  cli: Cli,
  [path = '']: readonly string[],
  flags: MutationFlags,
): Promise<number> {
  const sale = await readSale(cli.runtime, path);
  if (isForPeople(cli.flags.output) && !cli.flags.quiet) cli.runtime.stderr.write(stepsText(sale));
  return runAction(cli, { events: [sale.file.event], flags, action: sale.action });
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
