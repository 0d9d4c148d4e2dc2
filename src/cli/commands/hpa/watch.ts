/** `tacos hpa watch`: a row for each change of the autoscaler, and one every while where nothing changes. */
import type { HpaView } from '../../../contract/hpa.ts';
import type { Cli } from '../../cli.ts';
import { parseDuration } from '../../duration.ts';
import { CliError, usageError } from '../../errors.ts';
import { exitCodes, stopCodes } from '../../exit-codes.ts';
import { type Expression, failing, parseExpression, type Values } from '../../expression.ts';
import { checkPaths, pick } from '../../output/fields.ts';
import { timeOfDay } from '../../output/format.ts';
import { pause, stopReason } from '../../runtime.ts';
import { cpuText, type HpaFlags, holdText, queryOf, whyText } from './views.ts';

/** Flags of `tacos hpa watch`. */
export interface HpaWatchFlags extends HpaFlags {
  readonly once?: boolean;
  readonly until?: string;
  readonly interval?: string;
}

/** Between two looks, ms: the server answers from memory when many look. */
const lookMs = 1_000;
const intervalMsDefault = 5_000;

const untilFields = ['asked', 'current', 'ready', 'min', 'max', 'cpu', 'held'] as const;

/** What --until can name. */
const valuesOf = ({ replicas, minReplicas, maxReplicas, metrics, hold }: HpaView): Values =>
  ({
    ...replicas,
    min: minReplicas,
    max: maxReplicas,
    cpu: metrics.find(({ name }) => name === 'cpu')?.currentPercent ?? null,
    held: hold === null ? 0 : 1,
  }) satisfies Record<(typeof untilFields)[number], number | null>;

const header = 'TIME       MIN   MAX  ASKED    RUN  READY  CPU          HOLD                 WHY';

function rowOf(view: HpaView, nowMs: number): string {
  const { minReplicas, maxReplicas, replicas } = view;
  const right = (value: number | null, width: number): string => String(value ?? '-').padStart(width);
  return [
    timeOfDay(nowMs),
    right(minReplicas, 5),
    right(maxReplicas, 5),
    right(replicas.asked, 6),
    right(replicas.current, 6),
    right(replicas.ready, 6),
    ` ${(cpuText(view) ?? '-').padEnd(12)}`,
    `${(holdText(view) ?? '-').padEnd(20)}`,
    `${whyText(view) ?? '-'}`,
  ]
    .join(' ')
    .trimEnd();
}

/** What makes a row of its own: everything but the measured load, which moves all the time. */
const signOf = ({ metrics: _, ...rest }: HpaView): string => JSON.stringify(rest);

/** @throws CliError (2, 3, 4, 6, 7 where the first look fails, 8 --timeout) */
export async function hpaWatch(cli: Cli, _args: readonly string[], flags: HpaWatchFlags): Promise<number> {
  const plan = await planOf(cli, flags);
  const { api, context } = await cli.connect('read');
  const { clock, stop, stdout, stderr } = cli.runtime;
  const query = queryOf(flags, context);
  const isJson = cli.flags.output === 'jsonl';
  const endMs = clock.monotonic() + (cli.flags.timeoutMs ?? Number.POSITIVE_INFINITY);
  let last: { sign: string; atMs: number } | undefined;
  let isLost = false;
  while (!stop.signal.aborted) {
    const view = await look(async () => (await api.hpa(query)).item, { isFirst: last === undefined });
    const nowMs = clock.monotonic();
    if (view instanceof CliError) {
      if (!isLost) stderr.write(`${timeOfDay(clock.now())} STALE: ${view.message}; looking again\n`);
      isLost = true;
    } else {
      isLost = false;
      const sign = signOf(view);
      if (last === undefined && cli.flags.headers && !isJson) stdout.write(`${header}\n`);
      if (sign !== last?.sign || nowMs - last.atMs >= plan.intervalMs) {
        const { fields } = cli.flags;
        const object = fields.length === 0 ? view : pick(view, fields);
        stdout.write(`${isJson ? JSON.stringify(object) : rowOf(view, clock.now())}\n`);
        last = { sign, atMs: nowMs };
      }
      if (flags.once === true) return exitCodes.done;
      if (plan.until !== undefined && failing(plan.until, valuesOf(view)).length === 0) return exitCodes.done;
    }
    if (nowMs >= endMs) throw timedOut(flags.until);
    await pause(Math.min(lookMs, Math.max(1, endMs - nowMs)), stop.signal);
  }
  return stopCodes[stopReason(stop)];
}

interface WatchPlan {
  readonly intervalMs: number;
  readonly until?: Expression;
}

async function planOf(cli: Cli, { until, interval }: HpaWatchFlags): Promise<WatchPlan> {
  const { output, fields } = cli.flags;
  if (output !== 'table' && output !== 'jsonl')
    throw usageError(`hpa watch prints a stream: -o table or jsonl, not ${output}`, 'tacos hpa get');
  if (output === 'jsonl') await checkPaths('--fields', fields, { kind: 'Hpa', items: [] });
  return {
    intervalMs: interval === undefined ? intervalMsDefault : parseDuration('--interval', interval),
    ...(until === undefined
      ? {}
      : { until: parseExpression(until, { flag: '--until', fields: untilFields }) }),
  };
}

/** A view, or why there is none just now: after the first look a watch outlives what passes by. */
async function look(
  read: () => Promise<HpaView>,
  { isFirst }: { isFirst: boolean },
): Promise<HpaView | CliError> {
  try {
    return await read();
  } catch (error) {
    const passes = error instanceof CliError && error.details.exitCode === exitCodes.unreachable;
    if (isFirst || !passes) throw error;
    return error;
  }
}

const timedOut = (until: string | undefined): CliError =>
  new CliError(until === undefined ? '--timeout is over' : `not so in time: ${until}`, {
    code: 'NOT_FINISHED',
    exitCode: exitCodes.notFinished,
    hint: 'tacos hpa get',
  });
