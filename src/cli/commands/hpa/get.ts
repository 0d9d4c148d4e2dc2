import type { HpaView } from '../../../contract/hpa.ts';
import type { Cli } from '../../cli.ts';
import { printResult } from '../../output/document.ts';
import { type HpaFlags, hpaColumns, queryOf } from './views.ts';

/** `tacos hpa get`. */
export async function hpaGet(cli: Cli, _args: readonly string[], flags: HpaFlags): Promise<void> {
  const { api, context } = await cli.connect('read');
  const { asOf, item, warnings } = await api.hpa(queryOf(flags, context));
  const result = { kind: 'Hpa', context: context.name, asOf, items: [item], single: true, warnings };
  const name = ({ name: own }: HpaView): string => own;
  await printResult(cli.runtime, { ...result, columns: hpaColumns, name }, cli.flags);
}
