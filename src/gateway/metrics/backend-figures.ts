/** Calls of the backends in the last seconds, from the meters that only rise: what the adaptive brake is told. */
import { type ErrorCode, errorCatalogue } from '../../contract/errors.ts';
import type { BackendCalls } from '../../queue/brake.ts';
import { type BackendMeter, backendBoundsSec, type Meters } from './meters.ts';

/**
 * How far back it looks, ms: short, so that a step of the brake is soon seen in it; and how often. The worst second of
 * it is left out: when the gateway's own event loop stands still for a moment, every call under way looks slow.
 */
export const backendWindowMs = 5_000;
const sampleMs = 1_000;

interface Totals {
  calls: number;
  failed: number;
  readonly durations: Float64Array;
}

interface Sample {
  readonly atMs: number;
  readonly backends: ReadonlyMap<string, Totals>;
}

/** Looks at the meters once a second and answers for the last `backendWindowMs`. */
export class BackendBook {
  private readonly meters: Meters;
  private readonly slowMs: number;
  private readonly samples: Sample[] = [];
  private readonly timer: NodeJS.Timeout;

  /** Calls that took longer than `slowMs` are slow. */
  constructor(options: { readonly meters: Meters; readonly slowMs: number }) {
    this.meters = options.meters;
    this.slowMs = options.slowMs;
    this.look(performance.now());
    this.timer = setInterval(() => this.look(performance.now()), sampleMs).unref();
  }

  close(): void {
    clearInterval(this.timer);
  }

  /** Takes a sample; the timer does it once a second. */
  look(nowMs: number): void {
    this.samples.push({ atMs: nowMs, backends: totalsOf(this.meters.backends()) });
    while (this.samples.length > 1 && nowMs - (this.samples[1]?.atMs ?? nowMs) >= backendWindowMs) {
      this.samples.shift();
    }
  }

  /** Each backend that was called in the window, its worst second left out. */
  read(): BackendCalls[] {
    const looks = [...this.samples.map(({ backends }) => backends), totalsOf(this.meters.backends())];
    return [...(looks.at(-1)?.keys() ?? [])].flatMap((backend) => {
      const seconds = looks.slice(1).map((now, at) => between(looks[at]?.get(backend), now.get(backend)));
      const bad = seconds.map(({ failed, durations }) => failed + slowerThan(durations, this.slowMs));
      const worst = bad.indexOf(Math.max(...bad));
      const { calls, failed, durations } = sumOf(seconds.filter((_, at) => at !== worst));
      if (calls <= 0) return [];
      const slow = Math.round(slowerThan(durations, this.slowMs));
      const isSent = durations.some((count) => count > 0);
      return [{ backend, calls, slow, failed, p95Ms: isSent ? percentileMs(durations, 0.95) : -1 }];
    });
  }
}

const nothing: Totals = { calls: 0, failed: 0, durations: new Float64Array(backendBoundsSec.length + 1) };

/** What came between two looks. */
const between = (before: Totals = nothing, now: Totals = nothing): Totals => ({
  calls: now.calls - before.calls,
  failed: now.failed - before.failed,
  durations: now.durations.map((count, at) => count - (before.durations[at] ?? 0)),
});

const sumOf = (all: readonly Totals[]): Totals =>
  all.reduce(
    (sum, one) => ({
      calls: sum.calls + one.calls,
      failed: sum.failed + one.failed,
      durations: sum.durations.map((count, at) => count + (one.durations[at] ?? 0)),
    }),
    nothing,
  );

/** Whether the backend itself failed: a refusal below 500 is an answer; a breaker is open because it fails. */
export function isFailure(outcome: string): boolean {
  if (outcome === 'breaker_open') return true;
  const code = outcome.toUpperCase();
  return code in errorCatalogue && errorCatalogue[code as ErrorCode].status >= 500;
}

function totalsOf(meters: Iterable<BackendMeter>): Map<string, Totals> {
  const totals = new Map<string, Totals>();
  for (const { backend, outcomes, durations } of meters) {
    const sum = totals.get(backend) ?? { calls: 0, failed: 0, durations: new Float64Array(durations.length) };
    totals.set(backend, sum);
    for (const [outcome, count] of outcomes) {
      sum.calls += count;
      if (isFailure(outcome)) sum.failed += count;
    }
    for (const [at, count] of durations.entries()) sum.durations[at] = (sum.durations[at] ?? 0) + count;
  }
  return totals;
}

/** Bounds of a bucket, ms; the last one has no end. */
const fromMs = (bucket: number): number => (bucket === 0 ? 0 : (backendBoundsSec[bucket - 1] ?? 0) * 1000);
const toMs = (bucket: number): number => (backendBoundsSec[bucket] ?? Number.POSITIVE_INFINITY) * 1000;

/** Calls that took longer; within a bucket they are taken as spread evenly. */
function slowerThan(durations: Float64Array, limitMs: number): number {
  let slow = 0;
  for (const [bucket, count] of durations.entries()) {
    const [low, high] = [fromMs(bucket), toMs(bucket)];
    if (limitMs <= low) slow += count;
    else if (limitMs < high)
      slow += high === Number.POSITIVE_INFINITY ? count : (count * (high - limitMs)) / (high - low);
  }
  return slow;
}

/** The duration below which a share of the calls lies, ms, spread evenly within its bucket. */
function percentileMs(durations: Float64Array, share: number): number {
  const wanted = share * durations.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (const [bucket, count] of durations.entries()) {
    if (count > 0 && below + count >= wanted) {
      const [low, high] = [fromMs(bucket), toMs(bucket)];
      return high === Number.POSITIVE_INFINITY ? low : low + ((high - low) * (wanted - below)) / count;
    }
    below += count;
  }
  return fromMs(durations.length - 1);
}
