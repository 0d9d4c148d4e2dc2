/** The course of every line mode: look when something comes and on a beat, until an end. */
import { CliError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import type { LinkFacts } from './link.ts';

/** How often ages are looked at, ms. */
const lookMs = 250;

/** As much of a feed as this needs. */
interface RunningFeed {
  readonly facts: LinkFacts;
  onChange(listener: () => void): () => void;
  run(): Promise<void>;
}

export interface LineRun {
  readonly feed: RunningFeed;
  readonly signal: AbortSignal;
  readonly intervalMs: number;
  /** Prints what is due. True when the watch has reached its end. @throws CliError to end it */
  readonly look: () => boolean;
  /** Waited for at the end, such as rows still to be read. */
  readonly settle?: () => Promise<void>;
  /** Ends after this time, ms: in vain, so an error, where `hasAim`; else done. */
  readonly timeoutMs?: number;
  readonly hasAim: boolean;
  /** Named in the error when it goes. */
  readonly event: string;
}

/** Runs the feed until `look` says so, the time is over or the signal comes. @throws CliError (8, 7, 3) */
export async function runLines(run: LineRun): Promise<void> {
  const { feed, signal, timeoutMs } = run;
  const outcome = Promise.withResolvers<void>();
  const finish = (): void => outcome.resolve();
  const step = (): void => {
    try {
      if (run.look()) finish();
    } catch (error) {
      outcome.reject(error);
    }
  };
  const overtime = (): void => {
    if (run.hasAim) outcome.reject(notFinished(timeoutMs));
    else finish();
  };
  const beat = setInterval(step, Math.min(lookMs, run.intervalMs));
  const end = timeoutMs === undefined ? undefined : setTimeout(overtime, timeoutMs);
  const unsubscribe = feed.onChange(step);
  signal.addEventListener('abort', finish);
  if (signal.aborted) finish();
  feed.run().then(finish, outcome.reject);
  try {
    await outcome.promise;
    await run.settle?.();
  } finally {
    clearInterval(beat);
    clearTimeout(end);
    unsubscribe();
    signal.removeEventListener('abort', finish);
  }
  if (feed.facts.end === 'gone') throw gone(run.event);
}

/** When rows of the beat are due; rows in between do not move it. */
export class Beat {
  private readonly intervalMs: number;
  private dueAtMs: number | undefined;

  constructor(intervalMs: number) {
    this.intervalMs = intervalMs;
  }

  /** Whether a row is due now, once each interval. A beat that was missed is not made up for. */
  isDue(nowMs: number): boolean {
    const due = this.dueAtMs;
    if (due !== undefined && nowMs < due) return false;
    const hasMissed = due === undefined || nowMs - due >= this.intervalMs;
    this.dueAtMs = (hasMissed ? nowMs : due) + this.intervalMs;
    return true;
  }
}

/** The data is older than the operator takes. */
export const tooOld = (ageSec: number, maxStaleMs: number): CliError =>
  new CliError(`the data is ${ageSec.toFixed(1)} s old, more than --max-stale ${maxStaleMs / 1000}s`, {
    code: 'STALE',
    exitCode: exitCodes.unreachable,
  });

const notFinished = (timeoutMs = 0): CliError =>
  new CliError(`--until was not reached within ${timeoutMs / 1000} s`, {
    code: 'NOT_FINISHED',
    exitCode: exitCodes.notFinished,
  });

const gone = (event: string): CliError =>
  new CliError(`event "${event}" is gone`, {
    code: 'EVENT_NOT_FOUND',
    exitCode: exitCodes.notFound,
    hint: 'tacos event list',
  });
