/** The metrics of one worker, read from its plain counters when asked. Several workers' are added up by prom-client. */
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Line } from '../../queue/line-types.ts';
import { type Backends, type BreakerState, breakerStates } from '../backends/backends.ts';
import { type ByWork, works } from '../overload/shares.ts';
import { addCountedHistogram } from './counted-histogram.ts';
import { addEventMetrics, scrapeOf } from './event-metrics.ts';
import {
  backendBoundsSec,
  durationBoundsSec,
  idempotencyOutcomes,
  limitScopes,
  type Meters,
  operationNames,
  positionBounds,
} from './meters.ts';

/** What a worker hands over for adding up: JSON all through, it crosses a process border. */
export type MetricsSnapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** What was refused for overload. */
export interface OverloadFigures {
  /** Of all work, now, 0 to 1. */
  readonly refusedShare: number;
  /** Requests since the worker began. */
  readonly refused: Readonly<ByWork>;
  /** Connections that rest now. */
  readonly resting: number;
}

export interface RegistryOptions {
  readonly line: Line;
  readonly meters: Meters;
  /** Streams open in this worker. */
  readonly streamCount: () => number;
  /** How the guard against overload stands in this worker. */
  readonly overload: () => OverloadFigures;
  /** Of the program. */
  readonly version: string;
  /** Breaker of each backend that has an address; default none. */
  readonly breakers?: Backends['breakers'];
}

/** The content type of the text format. */
export const metricsType = Registry.PROMETHEUS_CONTENT_TYPE;

/** Adds the workers' snapshots up and gives the Prometheus text. */
export const renderMetrics = (snapshots: MetricsSnapshot[]): Promise<string> =>
  AggregatorRegistry.aggregate(snapshots).metrics();

export function createRegistry(options: RegistryOptions): Registry {
  const { line, meters, streamCount, version, breakers = () => ({}) } = options;
  const register = new Registry();
  collectDefaultMetrics({ register });
  addBuildInfo(register, version);
  addHttpMetrics(register, meters);
  addRefusalMetrics(register, meters);
  addOverloadMetrics(register, options.overload);
  addBackendMetrics(register, meters, breakers);
  const scrape = scrapeOf(line);
  addEventMetrics(register, scrape);
  new Counter({
    name: 'redis_commands_total',
    help: 'Commands sent to Redis.',
    labelNames: ['command'],
    registers: [register],
    collect() {
      this.reset();
      for (const counts of [scrape().redisCommands, meters.commands.snapshot()]) {
        for (const [command, count] of Object.entries(counts)) this.inc({ command }, count);
      }
    },
  });
  new Gauge({
    name: 'queue_streams',
    help: 'Event streams that are open now.',
    registers: [register],
    collect() {
      this.set(streamCount());
    },
  });
  return register;
}

function addBuildInfo(register: Registry, version: string): void {
  new Gauge({
    name: 'tacos_build_info',
    help: 'Always 1; the labels say which program this is.',
    labelNames: ['component', 'version', 'node'],
    aggregator: 'first',
    registers: [register],
  }).set({ component: 'gateway', version, node: process.version }, 1);
}

function addHttpMetrics(register: Registry, meters: Meters): void {
  const registers = [register];
  new Counter({
    name: 'http_server_requests_total',
    help: 'HTTP requests answered.',
    labelNames: ['method', 'route', 'status'],
    registers,
    collect() {
      this.reset();
      for (const { method, route, statuses } of meters.routes()) {
        for (const [status, count] of statuses) this.inc({ method, route, status: String(status) }, count);
      }
    },
  });
  addCountedHistogram(register, {
    name: 'http_server_requests_duration_seconds',
    help: 'Time from the head of a request to the end of its answer; of a stream, to its beginning.',
    labelNames: ['method', 'route'],
    bounds: durationBoundsSec,
    series: () =>
      [...meters.routes()].map(({ method, route, durations, durationSumSec }) => ({
        labels: { method, route },
        counts: durations,
        sum: durationSumSec,
      })),
  });
  new Counter({
    name: 'queue_operations_total',
    help: 'Operations on the line; outcome is ok or the error code in lower case.',
    labelNames: ['operation', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const operation of operationNames) {
        const { ok, refused } = meters.operations[operation];
        this.inc({ operation, outcome: 'ok' }, ok);
        for (const [code, count] of refused) this.inc({ operation, outcome: code.toLowerCase() }, count);
      }
    },
  });
  addCountedHistogram(register, {
    name: 'queue_position_histogram',
    help: 'Positions that answers to status polls told, of all events together.',
    labelNames: [],
    bounds: positionBounds,
    series: () => [{ labels: {}, counts: meters.positions.counts, sum: meters.positions.sum }],
  });
}

function addRefusalMetrics(register: Registry, meters: Meters): void {
  const registers = [register];
  new Counter({
    name: 'ratelimit_dropped_total',
    help: 'Requests, places and connections refused by a limit, by what it is kept for.',
    labelNames: ['scope'],
    registers,
    collect() {
      this.reset();
      for (const scope of limitScopes) this.inc({ scope }, meters.limited[scope]);
    },
  });
  new Counter({
    name: 'idempotency_hits_total',
    help: 'Requests with an Idempotency-Key, by how they met the ones before them.',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      for (const outcome of idempotencyOutcomes) this.inc({ outcome }, meters.idempotency[outcome]);
    },
  });
}

function addOverloadMetrics(register: Registry, figures: RegistryOptions['overload']): void {
  const registers = [register];
  new Counter({
    name: 'overload_refused_total',
    help: 'Requests refused because there was too much to do; polls and streams are status.',
    labelNames: ['operation'],
    registers,
    collect() {
      this.reset();
      const { refused } = figures();
      for (const operation of works) this.inc({ operation }, refused[operation]);
    },
  });
  new Gauge({
    name: 'overload_refused_ratio',
    help: 'Share of the work that is refused now because there is too much to do, of the worker that refuses most.',
    aggregator: 'max',
    registers,
    collect() {
      this.set(figures().refusedShare);
    },
  });
  new Gauge({
    name: 'overload_resting_connections',
    help: 'Connections that are not read until the time that their refusal named.',
    registers,
    collect() {
      this.set(figures().resting);
    },
  });
}

function addBackendMetrics(register: Registry, meters: Meters, breakers: Backends['breakers']): void {
  const registers = [register];
  new Counter({
    name: 'backend_calls_total',
    help: 'Calls of backends; outcome is ok, collision, or the error code in lower case. Refused by a breaker counts too.',
    labelNames: ['backend', 'method', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const { backend, method, outcomes } of meters.backends()) {
        for (const [outcome, count] of outcomes) this.inc({ backend, method, outcome }, count);
      }
    },
  });
  addCountedHistogram(register, {
    name: 'backend_call_duration_seconds',
    help: 'Time that calls of backends took; those that a breaker refused are not among them.',
    labelNames: ['backend', 'method'],
    bounds: backendBoundsSec,
    series: () =>
      [...meters.backends()].map(({ backend, method, durations, durationSumSec }) => ({
        labels: { backend, method },
        counts: durations,
        sum: durationSumSec,
      })),
  });
  new Gauge({
    name: 'backend_breaker_state',
    help: 'Workers whose circuit breaker is in this state; each worker has its own.',
    labelNames: ['backend', 'state'],
    registers,
    collect() {
      this.reset();
      const now: [string, BreakerState][] = Object.entries(breakers());
      for (const [backend, held] of now) {
        for (const state of breakerStates) this.set({ backend, state }, state === held ? 1 : 0);
      }
    },
  });
}
