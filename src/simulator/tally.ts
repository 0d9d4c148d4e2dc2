import { build, type Histogram } from 'hdr-histogram-js';
import { type VisitorKind, visitorKinds } from './plan.ts';
import { Sales } from './sales.ts';
import { type Answer, type Call, calls } from './wire.ts';

/**
 * How a visitor's story ended, or stands at the end of the run:
 * `entered` granted; `enteredUnseen` the gateway says entered, but no grant reached the visitor; `left`;
 * `vanished` a no-show; `expired`; `closed` turned away as the event closed; `refused` an answer that no retry
 * mends; `lost` a poll whose token the gateway does not know; `gaveUp` failures without end; `unfinished` still
 * in the line when the run ended.
 */
export const outcomes = [
  'entered',
  'enteredUnseen',
  'left',
  'vanished',
  'expired',
  'closed',
  'refused',
  'lost',
  'gaveUp',
  'unfinished',
] as const;
export type Outcome = (typeof outcomes)[number];

/** Refusals of an enter after "ready", by how far they are excused. */
export interface RefusalCount {
  /** Something changed in between, and the refusal says what. */
  explained: number;
  /** No cause given, but the enter was answered more than 1 s after "ready". */
  late: number;
  unexplained: number;
}

/** Seconds of the admissions series that are kept. */
const seriesSecMax = 86_400;
/** Admissions whose order is kept: bounds the memory of an endless run. */
const orderMax = 1_000_000;

/** One admission, for the order; times in ms since the start. */
export interface AdmittedSeen {
  readonly joinedAtMs: number;
  readonly positionHint: number;
  readonly admittedAtMs: number;
}

/** Counts and histograms of a run while it goes on. Visitors write, the report reads. */
export class Tally {
  readonly startedAtMs = performance.now();
  readonly outcomes = counters(outcomes);
  readonly kinds: Record<VisitorKind, number> = counters(visitorKinds);
  readonly requests = counters(calls);
  /** Answers that were not what the visitor asked for, by error code. */
  readonly errors: Record<string, number> = {};
  readonly connectionErrors: Record<string, number> = {};
  readonly refusals: Record<string, RefusalCount> = {};
  readonly latencyUs = Object.fromEntries(calls.map((call) => [call, histogram()])) as Record<
    Call,
    Histogram
  >;
  readonly sales = new Sales();
  /** Time that requests waited in this process for a free connection, µs. */
  readonly connectionWaitUs = histogram();
  /** From the join's answer to the grant, ms. */
  readonly waitMs = histogram();
  readonly admissionsPerSec: number[] = [];
  readonly admitted: AdmittedSeen[] = [];
  arrived = 0;
  joined = 0;
  ended = 0;
  retries = 0;
  duplicatePlaces = 0;
  doubleGrants = 0;
  positionRises = 0;
  etaPolls = 0;
  etaPollsWithin = 0;

  /** Counts one request and its latency; an answer of any status has one, a connection error has not. */
  answered(call: Call, answer: Answer): void {
    this.requests[call] += 1;
    if (answer.failure !== undefined) {
      this.connectionErrors[answer.failure] = (this.connectionErrors[answer.failure] ?? 0) + 1;
      return;
    }
    this.latencyUs[call].recordValue(Math.round((answer.answeredAtMs - answer.sentAtMs) * 1000));
    this.connectionWaitUs.recordValue(Math.round((answer.sentAtMs - answer.askedAtMs) * 1000));
  }

  /** Counts an unwanted answer. */
  error(code: string): void {
    this.errors[code] = (this.errors[code] ?? 0) + 1;
  }

  /** Counts a refusal after "ready". */
  refused(reason: string, kind: keyof RefusalCount): void {
    let count = this.refusals[reason];
    if (count === undefined) {
      count = { explained: 0, late: 0, unexplained: 0 };
      this.refusals[reason] = count;
    }
    count[kind] += 1;
  }

  /** Counts an admission; times of performance.now(). */
  admission(joinedAtMs: number, positionHint: number, admittedAtMs: number): void {
    const sinceStartMs = admittedAtMs - this.startedAtMs;
    const second = Math.floor(sinceStartMs / 1000);
    if (second < seriesSecMax) {
      while (this.admissionsPerSec.length <= second) this.admissionsPerSec.push(0);
      this.admissionsPerSec[second] = (this.admissionsPerSec[second] ?? 0) + 1;
    }
    this.waitMs.recordValue(Math.max(0, Math.round(admittedAtMs - joinedAtMs)));
    if (this.admitted.length >= orderMax) return;
    const joinedSinceStartMs = joinedAtMs - this.startedAtMs;
    this.admitted.push({ joinedAtMs: joinedSinceStartMs, positionHint, admittedAtMs: sinceStartMs });
  }
}

function counters<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;
}

function histogram(): Histogram {
  return build({
    bitBucketSize: 32,
    autoResize: true,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
}
