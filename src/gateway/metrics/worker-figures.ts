/** What one worker says of itself in its reports: figures of the last minute, from the meters that it has anyway. */
import type { WorkerFigures } from '../../queue/report-figures.ts';
import { BackendBook } from './backend-figures.ts';
import { durationBoundsSec, type Meters } from './meters.ts';

interface Sample {
  readonly atMs: number;
  readonly requests: number;
  readonly errors5xx: number;
  readonly conflicts: number;
  readonly joins: Float64Array;
}

const sampleMs = 5_000;
const keptMs = 60_000;
/** Joins, by either wire. */
const joinRoutes = new Set(['/api/v1/queue/join', '/gateway.v1.QueueService/JoinQueue']);

export interface FigureOptions {
  readonly meters: Meters;
  readonly version: string;
  readonly streamCount: () => number;
  /** Calls of a backend that take longer are slow, ms; absent = backends are not looked at. */
  readonly slowMs?: number;
}

/** Looks at the meters every 5 s and answers for the last minute. */
export class WorkerFigureBook {
  private readonly samples: Sample[] = [];
  private cpu = process.cpuUsage();
  private cpuAtMs = performance.now();
  private cpuPercent = 0;
  private readonly timer: NodeJS.Timeout;
  private readonly options: FigureOptions;
  private readonly backends: BackendBook | undefined;

  constructor(options: FigureOptions) {
    this.options = options;
    const { meters, slowMs } = options;
    this.backends = slowMs === undefined ? undefined : new BackendBook({ meters, slowMs });
    this.samples.push(this.sample());
    this.timer = setInterval(() => this.look(), sampleMs).unref();
  }

  close(): void {
    clearInterval(this.timer);
    this.backends?.close();
  }

  /** The figures now. */
  read(): WorkerFigures {
    const now = this.sample();
    const then = this.samples[0] ?? now;
    return {
      version: this.options.version,
      streams: this.options.streamCount(),
      requests: now.requests - then.requests,
      errors5xx: now.errors5xx - then.errors5xx,
      conflicts: now.conflicts - then.conflicts,
      joinP99Ms: percentileMs(now.joins, then.joins, 0.99),
      cpuPercent: this.cpuPercent,
      backends: this.backends?.read() ?? [],
    };
  }

  private look(): void {
    const nowMs = performance.now();
    const used = process.cpuUsage(this.cpu);
    this.cpuPercent = Math.round((used.user + used.system) / 10 / Math.max(1, nowMs - this.cpuAtMs));
    this.cpu = process.cpuUsage();
    this.cpuAtMs = nowMs;
    this.samples.push(this.sample());
    while (this.samples.length > 1 && nowMs - (this.samples[0]?.atMs ?? nowMs) > keptMs) this.samples.shift();
  }

  private sample(): Sample {
    let requests = 0;
    let errors5xx = 0;
    let conflicts = 0;
    const joins = new Float64Array(durationBoundsSec.length + 1);
    for (const meter of this.options.meters.routes()) {
      for (const [status, count] of meter.statuses) {
        requests += count;
        if (status >= 500) errors5xx += count;
        if (status === 409) conflicts += count;
      }
      if (!joinRoutes.has(meter.route)) continue;
      for (const [at, count] of meter.durations.entries()) joins[at] = (joins[at] ?? 0) + count;
    }
    return { atMs: performance.now(), requests, errors5xx, conflicts, joins };
  }
}

/** The bound below which a share of the observations between two readings lies, ms. */
function percentileMs(now: Float64Array, then: Float64Array, share: number): number | undefined {
  const counts = Array.from(now, (count, at) => count - (then[at] ?? 0));
  const all = counts.reduce((sum, count) => sum + count, 0);
  if (all === 0) return undefined;
  let below = 0;
  for (const [at, count] of counts.entries()) {
    below += count;
    if (below >= share * all) return (durationBoundsSec[at] ?? durationBoundsSec.at(-1) ?? 0) * 1000;
  }
  return undefined;
}
