/** Line mode: a row per interval, and one at once for each change of state, settings or link. */
import type { QueueSnapshot } from '../../contract/admin-api.ts';
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Clock } from '../runtime.ts';
import type { Feed } from './feed.ts';
import { changeNote, lineHeader, lineRow, stateOf } from './line-row.ts';
import { type Link, linkAt } from './link.ts';

export interface LineWatchOptions {
  readonly feed: Feed;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly intervalMs: number;
  readonly form: 'rows' | 'jsonl';
  readonly headers: boolean;
  /** Takes one whole line, without its end. */
  readonly print: (line: string) => void;
  readonly until?: (snapshot: QueueSnapshot) => boolean;
  /** Ends after this time, ms: with `until` in vain, so an error; else done. */
  readonly timeoutMs?: number;
  /** Age of the data that is an error, ms. */
  readonly maxStaleMs?: number;
}

/** How often ages are looked at, ms. */
const lookMs = 250;

/**
 * Watches until `until` holds, the time is over or the signal comes; runs the feed, whose end is the caller's.
 *
 * @throws CliError (8, 7, 3)
 */
export async function watchLines(options: LineWatchOptions): Promise<void> {
  const { feed, signal } = options;
  const lines = new Lines(options);
  const outcome = Promise.withResolvers<void>();
  const finish = (): void => outcome.resolve();
  const step = (): void => {
    try {
      if (lines.look()) finish();
    } catch (error) {
      outcome.reject(error);
    }
  };
  const timers = [
    setInterval(step, Math.min(lookMs, options.intervalMs)),
    ...(options.timeoutMs === undefined
      ? []
      : [
          setTimeout(
            () => (options.until ? outcome.reject(notFinished(options.timeoutMs)) : finish()),
            options.timeoutMs,
          ),
        ]),
  ];
  const unsubscribe = feed.onChange(step);
  signal.addEventListener('abort', finish);
  feed.run().then(finish, outcome.reject);
  try {
    await outcome.promise;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    unsubscribe();
    signal.removeEventListener('abort', finish);
  }
  if (feed.facts.end === 'gone') throw gone(feed.snapshot?.event ?? '');
}

/** What has been printed, and what is due. */
class Lines {
  private readonly options: LineWatchOptions;
  private last: { snapshot: QueueSnapshot; link: Link } | undefined;
  /** When the next row of the beat is due; rows in between do not move it. */
  private dueAtMs = 0;

  constructor(options: LineWatchOptions) {
    this.options = options;
  }

  /** Prints what is due. True once `until` holds. */
  look(): boolean {
    const { feed, clock, until, maxStaleMs, intervalMs } = this.options;
    const { snapshot } = feed;
    if (snapshot === undefined) return false;
    const nowMs = clock.monotonic();
    const link = linkAt(feed.facts, nowMs);
    const isReached = until?.(snapshot) === true;
    const note = this.noteOf(snapshot);
    const isDue = this.last === undefined || nowMs >= this.dueAtMs;
    if (isDue) {
      const hasMissedBeat = this.last === undefined || nowMs - this.dueAtMs >= intervalMs;
      this.dueAtMs = (hasMissedBeat ? nowMs : this.dueAtMs) + intervalMs;
    }
    const isNew = note !== '' || this.last?.link.word !== link.word || this.isOtherState(snapshot);
    if (isDue || isNew || isReached) this.print(snapshot, link, note);
    if (maxStaleMs !== undefined && link.ageSec * 1000 > maxStaleMs) throw tooOld(link.ageSec, maxStaleMs);
    return isReached;
  }

  private noteOf(snapshot: QueueSnapshot): string {
    if (this.last === undefined) return '';
    const before = this.last.snapshot;
    if (snapshot.lastChange?.auditId !== before.lastChange?.auditId) return changeNote(snapshot);
    const { capacity, refillPerSec } = snapshot.bucket;
    const isSame =
      capacity.target === before.bucket.capacity.target &&
      refillPerSec.target === before.bucket.refillPerSec.target;
    if (isSame) return '';
    return `change refill ${refillPerSec.target}/s capacity ${capacity.target}`;
  }

  private isOtherState(snapshot: QueueSnapshot): boolean {
    return this.last !== undefined && stateOf(this.last.snapshot) !== stateOf(snapshot);
  }

  private print(snapshot: QueueSnapshot, link: Link, note: string): void {
    const { form, print, clock, headers } = this.options;
    if (form === 'jsonl') {
      const ageSec = Math.round(link.ageSec * 1000) / 1000;
      print(JSON.stringify({ ...snapshot, ageSec, stale: snapshot.stale || link.word === 'stale' }));
    } else {
      if (this.last === undefined && headers) print(lineHeader);
      print(lineRow(snapshot, link, clock.now(), note));
    }
    this.last = { snapshot, link };
  }
}

const notFinished = (timeoutMs = 0): CliError =>
  new CliError(`--until was not reached within ${timeoutMs / 1000} s`, {
    code: 'NOT_FINISHED',
    exitCode: exitCodes.notFinished,
  });

const tooOld = (ageSec: number, maxStaleMs: number): CliError =>
  new CliError(`the data is ${ageSec.toFixed(1)} s old, more than --max-stale ${maxStaleMs / 1000}s`, {
    code: 'STALE',
    exitCode: exitCodes.unreachable,
  });

const gone = (event: string): CliError =>
  new CliError(`event "${event}" is gone`, {
    code: 'EVENT_NOT_FOUND',
    exitCode: exitCodes.notFound,
    hint: 'tacos event list',
  });
