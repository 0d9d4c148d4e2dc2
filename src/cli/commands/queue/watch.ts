import type { Cli } from '../../cli.ts';
import { parseDuration } from '../../duration.ts';
import { usageError } from '../../errors.ts';
import { exitCodes, stopCodes } from '../../exit-codes.ts';
import { badgeOf, contextLine } from '../../mutation.ts';
import { stopReason } from '../../runtime.ts';
import { parseUntil } from '../../until.ts';
import { Feed } from '../../watch/feed.ts';
import { lineHeader, lineRow } from '../../watch/line-row.ts';
import { watchLines } from '../../watch/line-watch.ts';
import { linkAt } from '../../watch/link.ts';
import { queueGet } from './get.ts';

/** Flags of `tacos queue watch`. */
export interface QueueWatchFlags {
  readonly once?: boolean;
  readonly until?: string;
  readonly interval?: string;
  readonly maxStale?: string;
  readonly tui?: string;
}

/** Between rows of line mode, ms. */
const intervalMsDefault = 5_000;
const intervalMsMin = 250;

/** `tacos queue watch EVT`: the live screen on a terminal, rows or JSON lines elsewhere. */
export async function queueWatch(cli: Cli, event: string, flags: QueueWatchFlags): Promise<number> {
  const plan = planOf(cli, flags);
  if (flags.once === true) return once(cli, event, plan.maxStaleMs);
  const { api, context } = await cli.connect('read');
  const { clock, random, stdout, stop } = cli.runtime;
  const ended = new AbortController();
  const signal = AbortSignal.any([stop.signal, ended.signal]);
  const feed = new Feed({ api, event, clock, signal, random });
  try {
    if (plan.isScreen) {
      const { openScreen } = await import('../../tui/open.ts');
      const badge = (): string => badgeOf(api.environment);
      const left = await openScreen(cli, { feed, badge, context: context.name, event });
      stdout.write(lastWords(feed, badge(), context.name, event));
      return left === 'quit' ? exitCodes.done : stopCodes[left];
    }
    await watchLines({ ...plan, feed, clock, signal, headers: cli.flags.headers, print: printer(cli) });
    return stop.signal.aborted ? stopCodes[stopReason(stop)] : exitCodes.done;
  } finally {
    ended.abort();
  }
}

/** The line that stays on the main screen after the live one. */
export function lastWords({ snapshot }: Feed, badge: string, context: string, event: string): string {
  if (snapshot === undefined) return '';
  const { waiting, admittedTotal, admitPerSec } = snapshot;
  const figures = `waiting ${waiting}  admitted ${admittedTotal}  ${admitPerSec.toFixed(1)}/s`;
  return `${contextLine(badge, context, event)}  ${figures}\n`;
}

/** Whether the live screen can be shown: a terminal at both ends that is none of a robot's. */
export function canShowScreen({ runtime }: Cli, tui: string): boolean {
  const { env, isInteractive } = runtime;
  if (tui === 'never' || tui === 'plain') return false;
  if (tui === 'always') return true;
  return isInteractive && env.TERM !== 'dumb' && !env.CI;
}

/** Writes one line at once, as a pipe's reader wants it. */
export const printer =
  ({ runtime }: Cli) =>
  (line: string): void => {
    runtime.stdout.write(`${line}\n`);
  };

function planOf(cli: Cli, flags: QueueWatchFlags) {
  const { tui = 'auto', until, interval, maxStale } = flags;
  const { output, timeoutMs } = cli.flags;
  if (!['auto', 'always', 'never', 'plain'].includes(tui)) {
    throw usageError(`--tui "${tui}" is not one of auto, always, never, plain`);
  }
  if (output !== 'table' && output !== 'jsonl' && flags.once !== true) {
    throw usageError(`queue watch prints a stream: -o table or jsonl, not ${output}`);
  }
  const intervalMs = interval === undefined ? intervalMsDefault : parseDuration('--interval', interval);
  if (intervalMs < intervalMsMin)
    throw usageError(`--interval ${interval} is shorter than ${intervalMsMin}ms`);
  const isPlain =
    output === 'jsonl' || until !== undefined || maxStale !== undefined || timeoutMs !== undefined;
  return {
    form: output === 'jsonl' ? ('jsonl' as const) : ('rows' as const),
    intervalMs,
    isScreen: canShowScreen(cli, isPlain && tui === 'auto' ? 'never' : tui),
    ...(until === undefined ? {} : { until: parseUntil(until) }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(maxStale === undefined ? {} : { maxStaleMs: parseDuration('--max-stale', maxStale) }),
  };
}

/** One look: a row, or a document in the formats that have one. */
async function once(cli: Cli, event: string, maxStaleMs: number | undefined): Promise<number> {
  const { output, headers } = cli.flags;
  if (output !== 'table' && output !== 'jsonl') {
    await queueGet(cli, event);
    return exitCodes.done;
  }
  const { api } = await cli.connect('read');
  const snapshot = await api.snapshot(event);
  const print = printer(cli);
  if (output === 'jsonl') print(JSON.stringify(snapshot));
  else {
    const facts = {
      heardAtMs: 0,
      isInStep: true,
      isConnected: true,
      attempt: 0,
      retryAtMs: undefined,
      end: undefined,
    };
    if (headers) print(lineHeader);
    print(lineRow(snapshot, linkAt({ ...facts, serverAgeSec: snapshot.ageSec }, 0), cli.runtime.clock.now()));
  }
  const isTooOld = maxStaleMs !== undefined && snapshot.ageSec * 1000 > maxStaleMs;
  return isTooOld ? exitCodes.unreachable : exitCodes.done;
}
