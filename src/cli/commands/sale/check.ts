import type { Finding } from '../../../contract/doctor.ts';
import { saleForecast } from '../../../forecast/sale.ts';
import type { Cli, Connection } from '../../cli.ts';
import { CliError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { readGiven } from '../../given-file.ts';
import { clockSkewSecMax } from '../doctor/client-checks.ts';
import { printFindings } from '../doctor/print-findings.ts';
import { loadtestLine } from './loadtest-line.ts';
import { modelOf, readSale, type Sale } from './sale-file.ts';
import { saleWarnings } from './sale-warnings.ts';
import { syntheticVisitor } from './synthetic-visitor.ts';

/** Flags of `tacos sale check`. */
export interface SaleCheckFlags {
  /** Report of the last load test, JSON. */
  readonly loadtest?: string;
  /** A visitor's JWT, for the synthetic one to enter with. */
  readonly visitorTokenFile?: string;
}

/** `tacos sale check FILE`: exit 10 when a line fails. */
export async function saleCheck(
  cli: Cli,
  [path = '']: readonly string[],
  flags: SaleCheckFlags,
): Promise<number> {
  const visitorToken = tokenOf(flags.visitorTokenFile);
  const sale = await readSale(cli.runtime, path);
  const { event } = sale.file;
  const connection = await cli.connect('read');
  const { api, context } = connection;
  const [refusals, bucket] = await Promise.all([refusalsOf(connection, sale), api.bucket(event)]);
  const model = modelOf(sale, bucket.item);
  const { opensAt, endsAt, visitors } = sale.action;
  const foreseen = saleForecast(model);
  const { items, warnings } = await api.saleCheck(event, {
    ...{ opensAt, endsAt, visitors },
    joinPerSec: model.joinPerSec,
    refillPerSec: foreseen.peakRefillPerSec,
    floors: sale.steps.flatMap(({ at, action }) =>
      action.type === 'hpa.patch' ? [{ at, min: action.min }] : [],
    ),
  });
  const findings = [
    fileLine(event, refusals),
    ...saleWarnings(sale, foreseen).map((text) => fileWarning(event, text)),
    ...items,
    clockLine(api.clockSkewSec),
    await syntheticVisitor(cli, connection, visitorToken),
    loadtestLine(flags.loadtest, { nowMs: cli.runtime.clock.now(), joinPerSec: model.joinPerSec }),
  ];
  await printFindings(cli, { context: context.name, findings, warnings, all: true });
  return findings.some(({ result }) => result === 'fail') ? exitCodes.checkFailed : exitCodes.done;
}

/** Why the server would not take the file; none = it would. */
async function refusalsOf({ api }: Connection, { file, action }: Sale): Promise<string[]> {
  try {
    const plan = await api.plan({ events: [file.event], action });
    return plan.items.flatMap((item) => item.refusals.map(({ text }) => text));
  } catch (error) {
    if (error instanceof CliError && error.details.exitCode === exitCodes.usage) return [error.message];
    throw error;
  }
}

const line = (
  check: string,
  failed: boolean,
  says: Pick<Finding, 'text' | 'next' | 'who'> & { readonly event?: string },
): Finding => {
  const { event = null, text } = says;
  return failed ? { check, result: 'fail', ...says, event } : { check, result: 'pass', event, text };
};

const fileLine = (event: string, refusals: readonly string[]): Finding =>
  refusals.length === 0
    ? line('sale-file', false, { event, text: 'the server would take it' })
    : line('sale-file', true, { event, text: refusals.join('; '), who: 'you: mend the file' });

const fileWarning = (event: string, text: string): Finding => ({
  ...{ check: 'sale-file', result: 'warn', event, text },
  who: 'you: mend the file',
});

function clockLine(skewSec: number | undefined): Finding {
  const sec = Math.abs(skewSec ?? 0);
  if (sec <= clockSkewSecMax)
    return line('clock-skew', false, { text: 'the clock here is that of the server' });
  const text = `the clock here is ${sec.toFixed(1)} s off the server's: times that you read are not those of the sale`;
  return line('clock-skew', true, { text, next: 'timedatectl set-ntp true' });
}

const tokenOf = (file: string | undefined): string | undefined =>
  file === undefined ? undefined : readGiven(`--visitor-token-file ${file}`, file).trim();
