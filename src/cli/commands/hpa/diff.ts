import type { Cli, Connection } from '../../cli.ts';
import { printResult } from '../../output/document.ts';
import { type HpaValueFlags, valuesOf } from './values.ts';
import { type DiffRow, diffColumns, diffOf, diffOfPlan, type HpaFlags, queryOf } from './views.ts';

/** `tacos hpa diff`: reads only; values that are given are tried by the API server and not kept. */
export async function hpaDiff(
  cli: Cli,
  _args: readonly string[],
  flags: HpaFlags & HpaValueFlags,
): Promise<void> {
  const connection = await cli.connect('read');
  const { asOf, rows, warnings } = await rowsOf(connection, flags);
  const result = { kind: 'HpaDiff', context: connection.context.name, asOf, items: rows, warnings };
  const name = ({ field }: DiffRow): string => field;
  await printResult(cli.runtime, { ...result, columns: diffColumns, name }, cli.flags);
}

async function rowsOf({ api, context }: Connection, flags: HpaFlags & HpaValueFlags) {
  const query = queryOf(flags, context);
  const values = valuesOf(flags);
  if (Object.keys(values).length === 0) {
    const { asOf, item, warnings } = await api.hpa(query);
    return { asOf, rows: diffOf(item), warnings };
  }
  const { asOf, items, warnings } = await api.plan({
    events: [],
    action: { type: 'hpa.patch', ...query, ...values },
  });
  return {
    asOf,
    rows: items.flatMap(diffOfPlan),
    warnings: [...warnings, ...items.flatMap((item) => item.warnings)],
  };
}
