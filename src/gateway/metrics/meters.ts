/** Plain counters of the HTTP layer: cheap to raise on every request, read only when somebody asks for /metrics. */
import type { ErrorCode } from '../../contract/errors.ts';
import type { LineOperation } from '../../queue/count-book.ts';
import { CommandCounts } from '../../redis/command-counts.ts';
import { raiseBucket } from './counted-histogram.ts';

/** Upper bounds of the duration buckets, s; the last bucket (+Inf) is implied. */
export const durationBoundsSec = [
  0.0005, 0.001, 0.0025, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
] as const;

/** One method of one route. */
export class RouteMeter {
  readonly method: string;
  readonly route: string;
  /** Answers by status. */
  readonly statuses = new Map<number, number>();
  /** Answers by duration: one more than there are bounds, each by itself (not summed up). */
  readonly durations = new Float64Array(durationBoundsSec.length + 1);
  durationSumSec = 0;

  constructor(method: string, route: string) {
    this.method = method;
    this.route = route;
  }

  /** Counts an answer; `startedMs` is what performance.now() said when its request came. */
  record(status: number, startedMs: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    const tookSec = (performance.now() - startedMs) / 1000;
    this.durationSumSec += tookSec;
    raiseBucket(this.durations, durationBoundsSec, tookSec);
  }
}

export const operationNames = [
  'join',
  'status',
  'enter',
  'leave',
  'stream',
] as const satisfies readonly LineOperation[];
export type OperationName = (typeof operationNames)[number];

/** How often an operation of the line ended how. */
export class OperationMeter {
  ok = 0;
  readonly refused = new Map<ErrorCode, number>();

  refuse(code: ErrorCode): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
  }
}

/** Upper bounds of the buckets of backend calls, s. */
export const backendBoundsSec = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 1, 2.5] as const;

/** Calls of one method of a backend. */
export class BackendMeter {
  readonly backend: string;
  readonly method: string;
  /** Calls by outcome: `ok`, or the error code in lower case. Attempts that a breaker refused count too. */
  readonly outcomes = new Map<string, number>();
  /** Calls that went out, by duration: one more than there are bounds, each by itself (not summed up). */
  readonly durations = new Float64Array(backendBoundsSec.length + 1);
  durationSumSec = 0;

  constructor(backend: string, method: string) {
    this.backend = backend;
    this.method = method;
  }

  /** `tookMs` = undefined for a call that did not go out. */
  record(outcome: string, tookMs: number | undefined): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    if (tookMs === undefined) return;
    const tookSec = tookMs / 1000;
    this.durationSumSec += tookSec;
    raiseBucket(this.durations, backendBoundsSec, tookSec);
  }
}

/** Upper bounds of the buckets of positions. */
export const positionBounds = [1, 10, 50, 100, 500, 1_000, 5_000, 10_000, 50_000, 100_000] as const;

/** Positions that visitors were told. */
export class PositionMeter {
  /** One more than there are bounds, each by itself (not summed up). */
  readonly counts = new Float64Array(positionBounds.length + 1);
  sum = 0;

  /** Counts a position; 0 = the place has ended and has none. */
  told(position: number): void {
    if (position <= 0) return;
    this.sum += position;
    raiseBucket(this.counts, positionBounds, position);
  }
}

/** What a limit is kept for: requests, places, connections. */
export const limitScopes = [
  'place',
  'subject',
  'ip',
  'join_subject',
  'join_ip',
  'connection',
  'connection_ip',
] as const;
/** How a request with an Idempotency-Key met the ones before it. */
export const idempotencyOutcomes = ['new', 'replayed', 'conflict', 'in_flight'] as const;

const zeros = <const N extends readonly string[]>(names: N): Record<N[number], number> =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<N[number], number>;

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'GRPC']);

/** All meters of one worker. */
export class Meters {
  readonly operations: Readonly<Record<OperationName, OperationMeter>> = {
    join: new OperationMeter(),
    status: new OperationMeter(),
    enter: new OperationMeter(),
    leave: new OperationMeter(),
    stream: new OperationMeter(),
  };
  /** Of answers to status polls; streams push the same places again and again. */
  readonly positions = new PositionMeter();
  /** Requests, places and connections that a limit refused. */
  readonly limited = zeros(limitScopes);
  readonly idempotency = zeros(idempotencyOutcomes);
  /** Commands on connections to Redis that are not the line's, which counts its own. */
  readonly commands = new CommandCounts();
  private readonly byRoute = new Map<string, RouteMeter>();
  private readonly byBackend = new Map<string, BackendMeter>();

  /** The meter of a route; methods that nobody should use share one label. */
  route(method: string, route: string): RouteMeter {
    const label = knownMethods.has(method) ? method : 'other';
    const key = `${label} ${route}`;
    let meter = this.byRoute.get(key);
    if (meter === undefined) {
      meter = new RouteMeter(label, route);
      this.byRoute.set(key, meter);
    }
    return meter;
  }

  routes(): Iterable<RouteMeter> {
    return this.byRoute.values();
  }

  backend(backend: string, method: string): BackendMeter {
    const key = `${backend} ${method}`;
    let meter = this.byBackend.get(key);
    if (meter === undefined) {
      meter = new BackendMeter(backend, method);
      this.byBackend.set(key, meter);
    }
    return meter;
  }

  backends(): Iterable<BackendMeter> {
    return this.byBackend.values();
  }
}
