import type { EventPlan } from '../../../contract/actions.ts';
import { type SalePlanView, stepText } from '../../../contract/sale.ts';
import { saleForecast } from '../../../forecast/sale.ts';
import { isForPeople } from '../../change-report.ts';
import type { Cli } from '../../cli.ts';
import { formatDuration } from '../../duration.ts';
import { exitCodes } from '../../exit-codes.ts';
import { printResult } from '../../output/document.ts';
import { count, rate } from '../../output/format.ts';
import { type KeyValue, keyValueText } from '../key-values.ts';
import { stepsText } from './apply.ts';
import { modelOf, readSale } from './sale-file.ts';
import { saleWarnings } from './sale-warnings.ts';

/** `tacos sale plan FILE`: exit 6 where the server would refuse it. */
export async function salePlan(cli: Cli, [path = '']: readonly string[]): Promise<number> {
  const sale = await readSale(cli.runtime, path);
  const { event } = sale.file;
  const { api, context } = await cli.connect('read');
  const [plan, bucket] = await Promise.all([
    api.plan({ events: [event], action: sale.action }),
    api.bucket(event),
  ]);
  const items = plan.items;
  const refusals = items.flatMap((item: EventPlan) => item.refusals.map(({ text }) => text));
  const view: SalePlanView = {
    event,
    opensAt: sale.action.opensAt,
    endsAt: sale.action.endsAt,
    visitors: sale.file.visitors,
    steps: sale.steps.map((step) => ({ step: step.id, at: step.at, text: stepText(step) })),
    forecast: saleForecast(modelOf(sale, bucket.item)),
    refusals,
  };
  const warnings = [
    ...saleWarnings(sale, view.forecast),
    ...items.flatMap((item) => item.warnings),
    ...refusals.map((text) => `refused: ${text}`),
  ];
  const { output, fields, headers } = cli.flags;
  if (isForPeople(output) && fields.length === 0) {
    for (const warning of warnings) cli.runtime.stderr.write(`warning: ${warning}\n`);
    cli.runtime.stdout.write(`${stepsText(sale, headers)}\n${keyValueText(forecastLines(view))}`);
  } else {
    const result = { kind: 'SalePlan', context: context.name, asOf: plan.asOf, warnings, columns: [] };
    await printResult(cli.runtime, { ...result, items: [view], single: true, name: () => event }, cli.flags);
  }
  return refusals.length > 0 ? exitCodes.refused : exitCodes.done;
}

const duration = (sec: number | null): string => (sec === null ? 'more than a day' : formatDuration(sec));

/** What the model foresees, as lines. */
function forecastLines({ opensAt, visitors, forecast: found }: SalePlanView): KeyValue[] {
  return [
    ['opens', opensAt],
    ['visitors', `${count(visitors)}; ${count(found.peakWaiting)} wait at most`],
    ['refill', `up to ${rate(found.peakRefillPerSec)}/s`],
    [
      'wait',
      `half ${duration(found.waitP50Sec)}, 95 % ${duration(found.waitP95Sec)}, longest ${duration(found.longestWaitSec)}`,
    ],
    ['empty', `${duration(found.emptyInSec)} after the opening; ${count(found.admitted)} let in`],
  ];
}
