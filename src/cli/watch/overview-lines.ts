/** Line mode over all queues: one row an event each interval, and at once where a state changes. */
import type { Overview } from '../../contract/snapshot.ts';
import { pick } from '../output/fields.ts';
import type { Clock } from '../runtime.ts';
import type { OverviewFeed } from './feed.ts';
import { overviewHeader, overviewRow, stateOf } from './line-row.ts';
import { Beat, runLines, tooOld } from './line-run.ts';
import type { LineForm } from './line-watch.ts';
import { linkAt } from './link.ts';
import { inWords, timeInWords } from './speech.ts';

export interface OverviewLineOptions {
  readonly feed: OverviewFeed;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly intervalMs: number;
  readonly form: LineForm;
  readonly headers: boolean;
  /** Paths that `jsonl` prints; none = all. */
  readonly fields?: readonly string[];
  readonly print: (line: string) => void;
  readonly timeoutMs?: number;
  readonly maxStaleMs?: number;
}

type Item = Overview['events'][number];

/** Watches until the time is over or the signal comes. @throws CliError (7) */
export async function watchOverviewLines(options: OverviewLineOptions): Promise<void> {
  const { feed, clock, signal, intervalMs, form, headers, print, timeoutMs, maxStaleMs, fields } = options;
  const beat = new Beat(intervalMs);
  const states = new Map<string, string>();
  let isFirst = true;
  const look = (): boolean => {
    const overview = feed.latest;
    if (overview === undefined) return false;
    const nowMs = clock.monotonic();
    const link = linkAt(feed.facts, nowMs);
    const isDue = beat.isDue(nowMs);
    if (isFirst && headers && form === 'rows') print(overviewHeader);
    isFirst = false;
    for (const item of overview.events) {
      const state = `${stateOf(item)} ${item.alarm} ${link.word}`;
      const isOther = states.get(item.event) !== state;
      // Words are for changes only: thirty queues each interval are nothing that anybody can listen to.
      if (!(isOther || (isDue && form !== 'words'))) continue;
      states.set(item.event, state);
      if (form === 'rows') print(overviewRow(item, link, clock.now()));
      else if (form === 'jsonl') print(objectOf(overview, item, { ageSec: link.ageSec, fields }));
      else print(itemInWords(item));
    }
    if (maxStaleMs !== undefined && link.ageSec * 1000 > maxStaleMs) throw tooOld(link.ageSec, maxStaleMs);
    return false;
  };
  await runLines({
    feed,
    signal,
    intervalMs,
    look,
    hasAim: false,
    event: '',
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}

/** One event of the overview as a line of JSON; `fields` are the paths to print, none = all. */
export function objectOf(
  { asOf, seq, stale }: Overview,
  item: Item,
  { ageSec: age, fields = [] }: { readonly ageSec: number; readonly fields?: readonly string[] | undefined },
): string {
  const ageSec = Math.round(age * 1000) / 1000;
  const line = { kind: 'OverviewEvent', asOf, seq, ...item, ageSec, stale };
  return JSON.stringify(fields.length === 0 ? line : pick(line, fields));
}

const itemInWords = (item: Item): string =>
  [
    `${item.name || item.event} is ${stateOf(item)}, ${inWords(item.waiting)} waiting`,
    item.waiting === 0 ? '' : `, the last waits ${timeInWords(item.etaTailSec)}`,
    item.alarm === null ? '' : `, alarm ${item.alarm}`,
    '.',
  ].join('');
