/** Metrics of events, by the label `event`: the fullest 50 have one of their own. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { EventLabels, otherEvents } from '../../contract/event-labels.ts';
import type { Line, LineGauges } from '../../queue/line-types.ts';

type EventGauges = LineGauges['events'][number];

interface EventMetric {
  readonly name: string;
  readonly help: string;
  /** Every worker knows all of an event, so their figures are not added up: the one furthest on, or back, stands. */
  readonly aggregator: 'max' | 'min' | 'first';
  /** null = nothing to say of this event. */
  readonly of: (event: EventGauges) => number | null;
  readonly isCounter?: boolean;
  /** Summed up under one label for the events that have none of their own. */
  readonly isSummable?: boolean;
}

const eventMetrics: readonly EventMetric[] = [
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
  {
    name: 'queue_admitting',
    help: '1 = open or draining, and not paused.',
    aggregator: 'max',
    of: (e) => (e.admits ? 1 : 0),
  },
  { name: 'queue_window', help: 'Positions that may enter.', aggregator: 'max', of: (e) => e.window },
  { name: 'bucket_tokens', help: 'Tokens in the bucket.', aggregator: 'first', of: (e) => e.tokens },
  {
    name: 'bucket_capacity_tokens',
    help: 'Tokens that the bucket holds at most.',
    aggregator: 'max',
    of: (e) => e.capacity,
  },
  {
    name: 'bucket_refill_per_second',
    help: 'Admissions a second that operators have set, as in force now.',
    aggregator: 'max',
    of: (e) => e.refillPerSec,
  },
  {
    name: 'bucket_change_end_seconds',
    help: 'When a refill or capacity that was set for a time ends, Unix time; absent where none was.',
    aggregator: 'max',
    of: (e) => (e.changeEndsAtMs === null ? null : e.changeEndsAtMs / 1000),
  },
  {
    name: 'admission_brake_ratio',
    help: 'Share of the refill that the adaptive brake lets through; 1 = it does not brake.',
    aggregator: 'min',
    of: (e) => e.brakeRatio,
  },
  {
    name: 'brake_wanted_ratio',
    help: 'Share that the brake holds to be right, also in shadow mode; only where it is decided.',
    aggregator: 'min',
    of: (e) => e.brakeWanted ?? null,
  },
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

/** Adds them all. `scrape`: what the line says, read once a scrape. */
export function addEventMetrics(register: Registry, scrape: () => Scrape): void {
  for (const metric of eventMetrics) {
    const { name, help, aggregator } = metric;
    const options = { name, help, aggregator, labelNames: ['event'] as const, registers: [register] };
    if (metric.isCounter)
      new Counter({
        ...options,
        collect() {
          fill(this, metric, scrape());
        },
      });
    else
      new Gauge({
        ...options,
        collect() {
          fill(this, metric, scrape());
        },
      });
  }
}

function fill(
  target: Gauge<'event'> | Counter<'event'>,
  { of, isSummable }: EventMetric,
  { labelled, others }: Scrape,
): void {
  target.reset();
  for (const event of labelled) {
    const value = of(event);
    if (value !== null) target.inc({ event: event.event }, value);
  }
  if (!isSummable || others.length === 0) return;
  const sum = others.reduce((total, event) => total + (of(event) ?? 0), 0);
  target.inc({ event: otherEvents }, sum);
}

/** What the line says at a scrape. */
export interface Scrape {
  readonly labelled: readonly EventGauges[];
  readonly others: readonly EventGauges[];
  readonly redisCommands: LineGauges['redisCommands'];
}

/** All metrics of a scrape are read within this time, ms. */
const scrapeMs = 50;

/** Asks the line once for all metrics of a scrape, and gives labels to its events. */
export function scrapeOf(line: Line): () => Scrape {
  const labels = new EventLabels();
  let askedMs = Number.NEGATIVE_INFINITY;
  let last: Scrape;
  return () => {
    const nowMs = performance.now();
    if (nowMs - askedMs > scrapeMs) {
      const { events, redisCommands } = line.gauges();
      last = { ...labels.split(events), redisCommands };
      askedMs = nowMs;
    }
    return last;
  };
}
