/** What became of one stretch of load, as it is counted. */
import { build, type Histogram } from 'hdr-histogram-js';
import type { Ask, Stretch, StretchResult } from './crowd-jobs.ts';

const examplesMax = 5;

const histogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 3 });

/** Counts of one stretch. */
export class Tally {
  readonly stretch: Stretch;
  readonly startedMs = performance.now();
  readonly good = { join: 0, status: 0, enter: 0 };
  readonly done = { join: 0, status: 0, enter: 0 };
  readonly refused = { join: 0, status: 0, enter: 0 };
  readonly took = histogram();
  readonly refusedTook = histogram();
  readonly tenths: number[] = [];
  readonly refusedTenths: number[] = [];
  readonly examples: string[] = [];
  offered = 0;
  /** CPU of the gateway, ms. */
  gatewayMs = 0;
  late = 0;
  failed = 0;
  retryMaxSec = 0;

  private readonly deadlineMs: number;

  constructor(stretch: Stretch, deadlineMs: number) {
    this.stretch = stretch;
    this.deadlineMs = deadlineMs;
  }

  wrongWith(answer: string): void {
    if (this.examples.length < examplesMax) this.examples.push(answer.slice(0, 600));
  }

  answered(ask: Ask, sentMs: number): void {
    const now = performance.now();
    const tookMs = now - sentMs;
    this.took.recordValue(Math.max(1, Math.round(tookMs * 1000)));
    if (tookMs > this.deadlineMs) this.late += 1;
    else {
      this.good[ask] += 1;
      if (now < this.startedMs + this.stretch.sec * 1000) this.done[ask] += 1;
      this.tick(this.tenths);
    }
  }

  refusedAfter(ask: Ask, sentMs: number, retrySec: number): void {
    this.refused[ask] += 1;
    this.refusedTook.recordValue(Math.max(1, Math.round((performance.now() - sentMs) * 1000)));
    this.retryMaxSec = Math.max(this.retryMaxSec, retrySec);
    this.tick(this.refusedTenths);
  }

  private tick(tenths: number[]): void {
    const tenth = Math.floor((performance.now() - this.startedMs) / 100);
    while (tenths.length <= tenth) tenths.push(0);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }

  result(): StretchResult {
    const at = (from: Histogram, percentile: number): number => from.getValueAtPercentile(percentile) / 1000;
    return {
      sec: this.stretch.sec,
      gatewayMs: this.gatewayMs,
      offered: this.offered,
      good: this.good,
      done: this.done,
      late: this.late,
      refused: this.refused,
      failed: this.failed,
      examples: this.examples,
      p50Ms: at(this.took, 50),
      p99Ms: at(this.took, 99),
      refusedP50Ms: at(this.refusedTook, 50),
      refusedP99Ms: at(this.refusedTook, 99),
      retryMaxSec: this.retryMaxSec,
      tenths: this.tenths,
      refusedTenths: this.refusedTenths,
    };
  }
}
