/** The metrics of one worker, read from its plain counters when asked. Several workers' are added up by prom-client. */
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Line, LineGauges } from '../../queue/line-types.ts';
import { EventLabels } from './event-labels.ts';
import { durationBoundsSec, type Meters, operationNames } from './meters.ts';

/** What a worker hands over for adding up: JSON all through, it crosses a process border. */
export type MetricsSnapshot = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

export interface RegistryOptions {
  readonly line: Line;
  readonly meters: Meters;
  /** Streams open in this worker. */
  readonly streamCount: () => number;
}

/** The content type of the text format. */
export const metricsType = Registry.PROMETHEUS_CONTENT_TYPE;

/** Adds the workers' snapshots up and gives the Prometheus text. */
export const renderMetrics = (snapshots: MetricsSnapshot[]): Promise<string> =>
  AggregatorRegistry.aggregate(snapshots).metrics();

export function createRegistry({ line, meters, streamCount }: RegistryOptions): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  addHttpMetrics(register, meters);
  addLineMetrics(register, line);
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
  register.registerMetric(
    new DurationHistogram(meters, {
      name: 'http_server_requests_duration_seconds',
      help: 'Time from the head of a request to the end of its answer; of a stream, to its beginning.',
      labelNames: ['method', 'route'],
      registers: [],
    }),
  );
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
}

type EventGauges = LineGauges['events'][number];

/** Every worker knows all of an event, so their figures are not added up: the one furthest on, or back, stands. */
const eventMetrics: readonly {
  readonly name: string;
  readonly help: string;
  readonly aggregator: 'max' | 'min' | 'first';
  readonly of: (event: EventGauges) => number;
  readonly isCounter?: boolean;
  /** Summed up under one label for the events that have none of their own. */
  readonly isSummable?: boolean;
}[] = [
  {
    name: 'queue_waiting',
    help: 'People waiting.',
    aggregator: 'max',
    of: (e) => e.waiting,
    isSummable: true,
  },
  {
    name: 'queue_away',
    help: 'Places stepped around.',
    aggregator: 'max',
    of: (e) => e.away,
    isSummable: true,
  },
  { name: 'bucket_tokens', help: 'Tokens in the bucket.', aggregator: 'first', of: (e) => e.tokens },
  {
    name: 'admission_rate_counter',
    help: 'People admitted; its rate is the admission rate.',
    aggregator: 'max',
    of: (e) => e.admitted,
    isCounter: true,
  },
  {
    name: 'queue_joined_total',
    help: 'People joined.',
    aggregator: 'max',
    of: (e) => e.joined,
    isCounter: true,
  },
  {
    name: 'eta_accuracy_gauge',
    help: '1 - mean relative error of the waits foretold; 1 is perfect.',
    aggregator: 'min',
    of: (e) => Math.max(0, 1 - e.etaErrorRatio),
  },
  {
    name: 'gateway_revision',
    help: 'Revision of the settings in force; with several workers that of the one furthest back.',
    aggregator: 'min',
    of: (e) => e.revision,
  },
  {
    name: 'queue_replica_lag_seconds',
    help: 'Time since the journal was last read to its end.',
    aggregator: 'max',
    of: (e) => e.lagMs / 1000,
  },
];

function addLineMetrics(register: Registry, line: Line): void {
  const registers = [register];
  const split = splitOncePerScrape(line);
  for (const { name, help, aggregator, of, isCounter, isSummable } of eventMetrics) {
    const common = { name, help, aggregator, labelNames: ['event'] as const, registers };
    const fill = (metric: Gauge<'event'> | Counter<'event'>): void => {
      metric.reset();
      const { labelled, others } = split();
      for (const event of labelled) metric.inc({ event: event.event }, of(event));
      if (isSummable && others.length > 0) {
        metric.inc(
          { event: '_other' },
          others.reduce((sum, event) => sum + of(event), 0),
        );
      }
    };
    if (isCounter)
      new Counter({
        ...common,
        collect() {
          fill(this);
        },
      });
    else
      new Gauge({
        ...common,
        collect() {
          fill(this);
        },
      });
  }
  new Counter({
    name: 'redis_commands_total',
    help: 'Commands sent to Redis.',
    labelNames: ['command'],
    registers,
    collect() {
      this.reset();
      for (const [command, count] of Object.entries(line.gauges().redisCommands))
        this.inc({ command }, count);
    },
  });
}

/** All metrics of a scrape are read in one go: the events are asked for and split only once in it. */
function splitOncePerScrape(line: Line): () => ReturnType<EventLabels['split']> {
  const labels = new EventLabels();
  let splitMs = Number.NEGATIVE_INFINITY;
  let last: ReturnType<EventLabels['split']>;
  return () => {
    const nowMs = performance.now();
    if (nowMs - splitMs > 50) last = labels.split(line.gauges().events);
    splitMs = nowMs;
    return last;
  };
}

type DurationLabel = 'method' | 'route' | 'le';

/** A histogram whose buckets are counted elsewhere. */
class DurationHistogram extends Histogram<DurationLabel> {
  private readonly meters: Meters;

  constructor(meters: Meters, options: ConstructorParameters<typeof Histogram<DurationLabel>>[0]) {
    super(options);
    this.meters = meters;
  }

  override async get(): ReturnType<Histogram<DurationLabel>['get']> {
    const frame = await super.get();
    const values: typeof frame.values = [];
    for (const { method, route, durations, durationSumSec } of this.meters.routes()) {
      let count = 0;
      durations.forEach((inBucket, index) => {
        count += inBucket;
        const le = durationBoundsSec[index] ?? '+Inf';
        values.push({ metricName: `${frame.name}_bucket`, labels: { method, route, le }, value: count });
      });
      if (count === 0) values.length -= durations.length;
      else {
        values.push({ metricName: `${frame.name}_sum`, labels: { method, route }, value: durationSumSec });
        values.push({ metricName: `${frame.name}_count`, labels: { method, route }, value: count });
      }
    }
    return { ...frame, values };
  }
}
