/** The metrics of an admin process: what operators know of the lines and of what they run on, and no gateway does. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { DeskEventFigures, DeskFigures } from '../contract/desk-figures.ts';
import { EventLabels } from '../contract/event-labels.ts';

/** The content type of the text format. */
export const metricsType = Registry.PROMETHEUS_CONTENT_TYPE;

interface Metric<F> {
  readonly name: string;
  readonly help: string;
  /** null = not known: no sample. */
  readonly of: (figures: F) => number | null;
  readonly isCounter?: boolean;
}

const eventMetrics: readonly Metric<DeskEventFigures>[] = [
  {
    name: 'queue_revision',
    help: 'Revision of the settings in Redis; gateway_revision follows it within a second.',
    of: (e) => e.revision,
  },
  {
    name: 'queue_dead_heads',
    help: 'People of the window who are silent or stepped around.',
    of: (e) => e.deadHeads,
  },
  {
    name: 'queue_over_bound',
    help: 'People let through beyond what the bucket allows, in the worst window of 10, 60 and 300 s.',
    of: (e) => e.overBound,
  },
  {
    name: 'queue_recoveries_total',
    help: 'Times that the event was recovered after Redis had lost writes, or may have, since it was made.',
    of: (e) => e.recoveries,
    isCounter: true,
  },
  {
    name: 'queue_recovered_places_total',
    help: 'Places that recoveries gave back, by what gateways knew and by the visitors’ tokens.',
    of: (e) => e.recoveredPlaces,
    isCounter: true,
  },
];

const inSeconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

const wideMetrics: readonly Metric<DeskFigures>[] = [
  {
    name: 'backend_budget_per_second',
    help: 'Admissions a second that all events together may use; absent where no budget is set.',
    of: (f) => f.budget.perSec,
  },
  {
    name: 'backend_budget_used_per_second',
    help: 'Sum of the refills of all events that may admit.',
    of: (f) => f.budget.usedPerSec,
  },
  {
    name: 'redis_cpu_percent',
    help: 'Share of its core that the busiest Redis master used in the last second.',
    of: (f) => f.redis.cpuPercent,
  },
  {
    name: 'redis_memory_used_bytes',
    help: 'Memory that Redis uses, of all masters.',
    of: (f) => f.redis.usedMemoryBytes,
  },
  {
    name: 'redis_memory_max_bytes',
    help: 'Memory that Redis may use (maxmemory), of all masters; 0 = no limit.',
    of: (f) => f.redis.maxMemoryBytes,
  },
  {
    name: 'redis_operations_per_second',
    help: 'Commands a second as Redis counts them, of all masters and all clients.',
    of: (f) => f.redis.opsPerSec,
  },
  {
    name: 'redis_ping_p99_seconds',
    help: 'Round trip of PING from the admin API, p99 of the last minute.',
    of: (f) => inSeconds(f.redis.p99Ms),
  },
  {
    name: 'redis_persistence_failing',
    help: '1 = Redis cannot write what it holds to its disk.',
    of: (f) => (f.persistenceFailing === null ? null : Number(f.persistenceFailing !== '')),
  },
  {
    name: 'redis_failovers_total',
    help: 'Times that another Redis has taken over since this process began.',
    of: (f) => f.failovers,
    isCounter: true,
  },
  {
    name: 'tacos_certificate_end_seconds',
    help: 'When the certificate of the admin API ends, Unix time; absent with plain http.',
    of: (f) => inSeconds(f.certificateEndsAtMs),
  },
  {
    name: 'tacos_key_end_seconds',
    help: 'When the first key to end ends, Unix time; absent while no key has an end.',
    of: (f) => inSeconds(f.keyEndsAtMs),
  },
];

export interface AdminMetricsOptions {
  readonly figures: () => DeskFigures;
  /** Of the program. */
  readonly version: string;
}

/** The registry of an admin process. */
export function createAdminRegistry({ figures, version }: AdminMetricsOptions): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const registers = [register];
  new Gauge({
    name: 'tacos_build_info',
    help: 'Always 1; the labels say which program this is.',
    labelNames: ['component', 'version', 'node'],
    registers,
  }).set({ component: 'admin', version, node: process.version }, 1);
  for (const { name, help, of, isCounter } of wideMetrics) {
    const collect = (metric: Gauge | Counter): void => {
      const value = of(figures());
      if (value === null) metric.remove();
      else {
        metric.reset();
        metric.inc(value);
      }
    };
    addMetric({ name, help, registers }, isCounter === true, collect);
  }
  const labels = new EventLabels();
  for (const { name, help, of, isCounter } of eventMetrics) {
    addMetric({ name, help, registers, labelNames: ['event'] }, isCounter === true, (metric) => {
      metric.reset();
      for (const event of labels.split(figures().events).labelled) {
        const value = of(event);
        if (value !== null) metric.inc({ event: event.event }, value);
      }
    });
  }
  return register;
}

interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly registers: Registry[];
  readonly labelNames?: string[];
}

function addMetric(
  options: MetricOptions,
  isCounter: boolean,
  fill: (metric: Gauge | Counter) => void,
): void {
  if (isCounter)
    new Counter({
      ...options,
      collect() {
        fill(this);
      },
    });
  else
    new Gauge({
      ...options,
      collect() {
        fill(this);
      },
    });
}
