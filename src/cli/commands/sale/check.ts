import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { Finding } from '../../../contract/doctor.ts';
import { saleForecast } from '../../../forecast/sale.ts';
import type { Cli, Connection } from '../../cli.ts';
import { formatDuration } from '../../duration.ts';
import { CliError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { readGiven } from '../../given-file.ts';
import { clockSkewSecMax } from '../doctor/client-checks.ts';
import { printFindings } from '../doctor/print-findings.ts';
import { modelOf, readSale, type Sale } from './sale-file.ts';
import { syntheticVisitor } from './synthetic-visitor.ts';

/** Flags of `tacos sale check`. */
export interface SaleCheckFlags {
  /** Report of the last load test, JSON. */
  readonly loadtest?: string;
  /** A visitor's JWT, for the synthetic one to enter with. */
  readonly visitorTokenFile?: string;
}

/** A load test older than this says little of what runs today, ms. */
const loadtestAgeMsMax = 14 * 86_400_000;

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
  const { items, warnings } = await api.saleCheck(event, {
    ...{ opensAt, endsAt, visitors },
    joinPerSec: model.joinPerSec,
    refillPerSec: saleForecast(model).peakRefillPerSec,
    floors: sale.steps.flatMap(({ at, action }) =>
      action.type === 'hpa.patch' ? [{ at, min: action.min }] : [],
    ),
  });
  const findings = [
    fileLine(event, refusals),
    ...items,
    clockLine(api.clockSkewSec),
    await syntheticVisitor(cli, connection, visitorToken),
    loadtestLine(flags.loadtest, cli.runtime.clock.now()),
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

function clockLine(skewSec: number | undefined): Finding {
  const sec = Math.abs(skewSec ?? 0);
  if (sec <= clockSkewSecMax)
    return line('clock-skew', false, { text: 'the clock here is that of the server' });
  const text = `the clock here is ${sec.toFixed(1)} s off the server's: times that you read are not those of the sale`;
  return line('clock-skew', true, { text, next: 'timedatectl set-ntp true' });
}

const tokenOf = (file: string | undefined): string | undefined =>
  file === undefined ? undefined : readGiven(`--visitor-token-file ${file}`, file).trim();

const reportSchema = z.object({
  scenario: z.string().default('a load test'),
  passed: z.boolean(),
  partial: z.boolean().default(false),
  endedAt: z.string().optional(),
});

/** The report as `tacos loadtest -o json` writes it, alone or as the document's item. */
function loadtestLine(file: string | undefined, nowMs: number): Finding {
  const failed = (text: string): Finding => line('loadtest', true, { text, next: 'tacos loadtest 30k' });
  if (file === undefined) return failed('no report of a load test is given: --loadtest FILE');
  let data: unknown;
  let writtenMs: number;
  try {
    data = JSON.parse(readFileSync(file, 'utf8'));
    writtenMs = statSync(file).mtimeMs;
  } catch (error) {
    return failed(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'it is not JSON'}`);
  }
  const parsed = z
    .union([z.object({ item: reportSchema }).transform(({ item }) => item), reportSchema])
    .safeParse(data);
  if (!parsed.success) return failed(`${file} is no report of a load test`);
  const { scenario, passed, partial, endedAt } = parsed.data;
  const ageMs = nowMs - (endedAt === undefined ? writtenMs : Date.parse(endedAt));
  const ago = `${formatDuration(ageMs / 1000)} ago`;
  if (!passed || partial)
    return failed(`${scenario} ${partial ? 'was stopped before its end' : 'failed'}, ${ago}`);
  if (ageMs > loadtestAgeMsMax) return failed(`${scenario} passed, but ${ago}`);
  return line('loadtest', false, { text: `${scenario} passed, ${ago}` });
}
