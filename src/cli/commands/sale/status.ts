import type { SaleView } from '../../../contract/sale.ts';
import { isForPeople } from '../../change-report.ts';
import type { Cli } from '../../cli.ts';
import { printResult } from '../../output/document.ts';
import { type Column, renderTable } from '../../output/table.ts';
import { type KeyValue, keyValueText } from '../key-values.ts';

type Step = SaleView['steps'][number];

const columns: readonly Column<Step>[] = [
  { head: 'STEP', value: ({ step }) => step },
  { head: 'AT', value: ({ at }) => at },
  { head: 'STATE', value: ({ state }) => state },
  { head: 'LATE', value: ({ outcome }) => outcome && `${outcome.lateSec.toFixed(1)}s`, align: 'right' },
  { head: 'AUDIT', value: ({ outcome }) => outcome?.auditId },
  { head: 'WHAT', value: ({ text, outcome }) => (outcome?.text ? `${text}: ${outcome.text}` : text) },
];

/** `tacos sale status EVT`. */
export async function saleStatus(cli: Cli, [event = '']: readonly string[]): Promise<void> {
  const { api, context } = await cli.connect('read');
  const { asOf, item, warnings } = await api.sale(event);
  const { output, fields, headers } = cli.flags;
  const failed = item.steps.filter(({ state }) => state === 'failed').map(({ step }) => step);
  const told = failed.length > 0 ? [...warnings, `refused: ${failed.join(', ')}`] : warnings;
  if (isForPeople(output) && fields.length === 0) {
    for (const warning of told) cli.runtime.stderr.write(`warning: ${warning}\n`);
    cli.runtime.stdout.write(keyValueText(head(item)));
    cli.runtime.stdout.write(`\n${renderTable(columns, item.steps, { headers })}`);
    return;
  }
  await printResult(
    cli.runtime,
    {
      kind: 'SaleStatus',
      context: context.name,
      asOf,
      items: [item],
      single: true,
      warnings: told,
      columns: [],
      name: ({ saleId }) => saleId,
    },
    cli.flags,
  );
}

const head = ({
  saleId,
  state,
  actor,
  reason,
  appliedAt,
  opensAt,
  endsAt,
  stoppedAt,
}: SaleView): KeyValue[] => [
  ['sale', `${saleId}, ${state}`],
  ['applied', `${appliedAt} by ${actor}${reason === '' ? '' : `: ${reason}`}`],
  ...(stoppedAt === undefined ? [] : [['stopped', stoppedAt] as const]),
  ['opens', opensAt],
  ['ends', endsAt],
];
