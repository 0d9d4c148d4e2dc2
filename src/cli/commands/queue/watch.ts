/** `tacos queue watch`: the live screen on a terminal, rows, words or JSON lines elsewhere. */
import { refused } from '../../change-errors.ts';
import type { Cli, Connection } from '../../cli.ts';
import { parseDuration } from '../../duration.ts';
import { usageError } from '../../errors.ts';
import { exitCodes, stopCodes } from '../../exit-codes.ts';
import { checkPaths, pick } from '../../output/fields.ts';
import { stopReason } from '../../runtime.ts';
import { parseUntil } from '../../until.ts';
import { Feed, OverviewFeed } from '../../watch/feed.ts';
import { lineHeader, lineRow, overviewHeader, overviewRow } from '../../watch/line-row.ts';
import { type LineForm, watchLines } from '../../watch/line-watch.ts';
import { linkAt, noLink } from '../../watch/link.ts';
import { objectOf, watchOverviewLines } from '../../watch/overview-lines.ts';
import { opening } from '../../watch/speech.ts';
import { queueGet } from './get.ts';

/** Flags of `tacos queue watch`. */
export interface QueueWatchFlags {
  /** All queues instead of one. */
  readonly all?: boolean;
  readonly once?: boolean;
  readonly until?: string;
  readonly interval?: string;
  readonly maxStale?: string;
  /** Binds the keys that change things. */
  readonly write?: boolean;
  /** auto, always, never, plain; default auto. */
  readonly tui?: string;
}

/** Between rows of line mode, ms. */
const intervalMsDefault = 5_000;
const intervalMsMin = 250;
const tuiModes = ['auto', 'always', 'never', 'plain'];

type WatchPlan = ReturnType<typeof planOf>;

/** Watches one queue, or all with --all. @throws CliError (2, 3, 6, 7, 8) */
export async function queueWatch(
  cli: Cli,
  event: string | undefined,
  flags: QueueWatchFlags,
): Promise<number> {
  const isAll = flags.all === true;
  if (isAll === (event !== undefined && event !== '')) {
    throw usageError('queue watch takes one event, or --all', 'tacos queue list');
  }
  const plan = planOf(cli, flags);
  if (isAll && plan.until !== undefined) throw usageError('--until goes with one event, not with --all');
  if (plan.form === 'jsonl') {
    const kind = isAll ? 'OverviewEvent' : 'QueueSnapshot';
    await checkPaths('--fields', cli.flags.fields, { kind, items: [] });
  }
  if (flags.once === true) {
    return isAll ? onceAll(cli, plan) : once(cli, event ?? '', plan);
  }
  return plan.isScreen
    ? screen(cli, isAll ? undefined : event, flags)
    : lines(cli, isAll ? undefined : event, plan);
}

async function screen(cli: Cli, event: string | undefined, flags: QueueWatchFlags): Promise<number> {
  const write = flags.write === true;
  if (write) {
    const { context } = await cli.connect('mutation');
    if (context.readOnly) {
      throw refused(`context "${context.name}" is read-only: --write does not go with it`, 'READ_ONLY');
    }
  }
  const { openScreen } = await import('../../tui/open.ts');
  const { how, words } = await openScreen(cli, {
    ...(event === undefined ? {} : { event }),
    write,
    isPlain: flags.tui === 'plain',
  });
  cli.runtime.stdout.write(words);
  return how === 'quit' ? exitCodes.done : stopCodes[how];
}

async function lines(cli: Cli, event: string | undefined, plan: WatchPlan): Promise<number> {
  const { api } = await cli.connect('read');
  const { clock, random, stop } = cli.runtime;
  const ended = new AbortController();
  const signal = AbortSignal.any([stop.signal, ended.signal]);
  const common = { api, clock, signal, random };
  const shown = {
    ...plan,
    clock,
    signal,
    headers: cli.flags.headers,
    fields: cli.flags.fields,
    print: printer(cli),
  };
  try {
    if (event === undefined) await watchOverviewLines({ ...shown, feed: new OverviewFeed(common) });
    else await watchLines({ ...shown, api, feed: new Feed({ ...common, event }) });
    return stop.signal.aborted ? stopCodes[stopReason(stop)] : exitCodes.done;
  } finally {
    ended.abort();
  }
}

/** Whether the live screen can be shown: a terminal at both ends that is none of a robot's. */
export function canShowScreen({ runtime, flags }: Cli, tui: string): boolean {
  const { env, isInteractive } = runtime;
  if (tui === 'never') return false;
  if (tui === 'always') return true;
  return isInteractive && !flags.accessible && env.TERM !== 'dumb' && !env.CI;
}

/** Writes one line at once, as a pipe's reader wants it. */
export const printer =
  ({ runtime }: Pick<Cli, 'runtime'>) =>
  (line: string): void => {
    runtime.stdout.write(`${line}\n`);
  };

function planOf(cli: Cli, flags: QueueWatchFlags) {
  const { tui = 'auto', until, interval, maxStale } = flags;
  const { output, timeoutMs, accessible } = cli.flags;
  if (!tuiModes.includes(tui)) throw usageError(`--tui "${tui}" is not one of ${tuiModes.join(', ')}`);
  if (output !== 'table' && output !== 'jsonl' && flags.once !== true) {
    throw usageError(`queue watch prints a stream: -o table or jsonl, not ${output}`);
  }
  const intervalMs = interval === undefined ? intervalMsDefault : parseDuration('--interval', interval);
  if (intervalMs < intervalMsMin)
    throw usageError(`--interval ${interval} is shorter than ${intervalMsMin}ms`);
  const isPlain =
    output === 'jsonl' || until !== undefined || maxStale !== undefined || timeoutMs !== undefined;
  const form: LineForm = output === 'jsonl' ? 'jsonl' : accessible ? 'words' : 'rows';
  return {
    form,
    intervalMs,
    isScreen: canShowScreen(cli, isPlain && tui === 'auto' ? 'never' : tui),
    ...(until === undefined ? {} : { until: parseUntil(until) }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(maxStale === undefined ? {} : { maxStaleMs: parseDuration('--max-stale', maxStale) }),
  };
}

/** The link of a single answer. */
const linkOf = (ageSec: number) =>
  linkAt({ ...noLink, heardAtMs: 0, isInStep: true, isConnected: true, serverAgeSec: ageSec }, 0);

/** One look: a row, a sentence, or a document in the formats that have one. */
async function once(cli: Cli, event: string, { form, maxStaleMs }: WatchPlan): Promise<number> {
  const { output, headers, fields } = cli.flags;
  if (output !== 'table' && output !== 'jsonl') {
    await queueGet(cli, event);
    return exitCodes.done;
  }
  const { api } = await cli.connect('read');
  const snapshot = await api.snapshot(event);
  const print = printer(cli);
  if (form === 'jsonl') print(JSON.stringify(fields.length === 0 ? snapshot : pick(snapshot, fields)));
  else if (form === 'words') print(opening(snapshot));
  else {
    if (headers) print(lineHeader);
    print(lineRow(snapshot, linkOf(snapshot.ageSec), cli.runtime.clock.now()));
  }
  return isTooOld(snapshot, maxStaleMs) ? exitCodes.unreachable : exitCodes.done;
}

async function onceAll(cli: Cli, { form, maxStaleMs }: WatchPlan): Promise<number> {
  if (cli.flags.output !== 'table' && cli.flags.output !== 'jsonl') {
    throw usageError(
      `queue watch --all --once: -o table or jsonl, not ${cli.flags.output}`,
      'tacos queue list',
    );
  }
  const { api }: Connection = await cli.connect('read');
  const overview = await api.overview();
  const print = printer(cli);
  if (form !== 'jsonl' && cli.flags.headers) print(overviewHeader);
  for (const item of overview.events) {
    if (form === 'jsonl')
      print(objectOf(overview, item, { ageSec: overview.ageSec, fields: cli.flags.fields }));
    else print(overviewRow(item, linkOf(overview.ageSec), cli.runtime.clock.now()));
  }
  return isTooOld(overview, maxStaleMs) ? exitCodes.unreachable : exitCodes.done;
}

const isTooOld = ({ ageSec }: { readonly ageSec: number }, maxStaleMs: number | undefined): boolean =>
  maxStaleMs !== undefined && ageSec * 1000 > maxStaleMs;
