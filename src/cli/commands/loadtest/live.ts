/** How a run goes: asked for once a second, and shown as rows or as a screen. */
import type { QueueSnapshot } from '../../../contract/snapshot.ts';
import type { Connection } from '../../cli.ts';
import { count, rate } from '../../output/format.ts';
import type { Clock } from '../../runtime.ts';
import type { K6Figures, K6Process } from './k6-process.ts';
import type { LoadReport } from './load-report.ts';
import type { Load } from './scenarios.ts';

/** One look. */
export interface Look {
  readonly atSec: number;
  readonly durationSec: number;
  /** Arrivals a second: as planned now, and as they came in since the look before. */
  readonly targetPerSec: number;
  readonly arrivalsPerSec: number | null;
  readonly requestsPerSec: number | null;
  readonly total: K6Figures | null;
  /** Cores that k6 uses. */
  readonly k6Cores: number;
  readonly server: Pick<QueueSnapshot, 'waiting' | 'redis' | 'gateways'> | null;
}

/** The rate that the loads plan for a moment, arrivals a second. */
export function targetAt(loads: readonly Load[], atSec: number): number {
  return loads.reduce((sum, { from, stages }) => {
    let before = from;
    let startSec = 0;
    for (const { sec, perSec } of stages) {
      if (atSec < startSec + sec) return sum + before + ((perSec - before) * (atSec - startSec)) / sec;
      before = perSec;
      startSec += sec;
    }
    return sum;
  }, 0);
}

export interface LiveOptions {
  readonly k6: K6Process;
  readonly loads: readonly Load[];
  readonly durationSec: number;
  readonly clock: Clock;
  readonly event: string;
  readonly connection: Connection | undefined;
}

/** Looks, and remembers what was highest. */
export class Live {
  latest: Look | undefined;
  peakPerSec: number | null = null;
  server: LoadReport['server'] = null;
  private readonly options: LiveOptions;
  private readonly startedMs: number;
  private before: { atMs: number; cpuSec: number; figures: K6Figures | undefined };

  constructor(options: LiveOptions) {
    this.options = options;
    this.startedMs = options.clock.monotonic();
    this.before = { atMs: this.startedMs, cpuSec: 0, figures: undefined };
  }

  /** One look now. */
  async look(): Promise<Look> {
    const { k6, loads, durationSec, clock, event, connection } = this.options;
    const [figures, snapshot] = await Promise.all([
      k6.figures(),
      connection?.api.snapshot(event).catch(() => undefined),
    ]);
    const atMs = clock.monotonic();
    const cpuSec = k6.cpuSec();
    const { before } = this;
    const sec = Math.max(0.001, (atMs - before.atMs) / 1000);
    const since = (of: (figures: K6Figures) => number): number | null =>
      figures === undefined || before.figures === undefined
        ? null
        : Math.max(0, (of(figures) - of(before.figures)) / sec);
    const atSec = (atMs - this.startedMs) / 1000;
    const requestsPerSec = since(({ requests }) => requests);
    if (requestsPerSec !== null) this.peakPerSec = Math.max(this.peakPerSec ?? 0, requestsPerSec);
    if (snapshot !== undefined) this.server = highest(this.server, snapshot);
    this.latest = {
      atSec,
      durationSec,
      targetPerSec: targetAt(loads, atSec),
      // Begun are those that have ended and those under way.
      arrivalsPerSec: since(({ iterations, active }) => iterations + active),
      requestsPerSec,
      total: figures ?? before.figures ?? null,
      k6Cores: Math.max(0, (cpuSec - before.cpuSec) / sec),
      server: snapshot ?? null,
    };
    this.before = { atMs, cpuSec, figures: figures ?? before.figures };
    return this.latest;
  }
}

const most = (one: number | null, other: number | null): number | null =>
  one === null ? other : other === null ? one : Math.max(one, other);

const highest = (
  before: LoadReport['server'],
  { waiting, redis, gateways }: QueueSnapshot,
): NonNullable<LoadReport['server']> => ({
  waitingMax: Math.max(before?.waitingMax ?? 0, waiting),
  redisCpuPercentMax: most(before?.redisCpuPercentMax ?? null, redis.cpuPercent),
  gateways: gateways.seen,
  gatewayCpuPercentMax: most(before?.gatewayCpuPercentMax ?? null, gateways.cpuPercent),
});

const columns = [
  'AFTER',
  'TARGET/S',
  'ARRIVED/S',
  'REQ/S',
  'P95MS',
  'ERR%',
  'DROPPED',
  'WAITING',
  'REDIS%',
  'GW',
];
const widths = [6, 9, 9, 8, 7, 6, 8, 8, 7, 3];
const row = (cells: readonly string[]): string =>
  cells
    .map((cell, at) => cell.padStart(widths[at] ?? 0))
    .join(' ')
    .trimEnd();

/** Head of the rows. Rates are since the row before; p95, errors and dropped arrivals since the start. */
export const liveHeader = row(columns);

/** A figure, or `-` where there is none. */
export const known = (value: number | null | undefined, form: (value: number) => string): string =>
  value === null || value === undefined ? '-' : form(value);

/** One look as a row. */
export function liveRow({
  atSec,
  targetPerSec,
  arrivalsPerSec,
  requestsPerSec,
  total,
  server,
}: Look): string {
  return row([
    `${Math.round(atSec)}s`,
    rate(targetPerSec),
    known(arrivalsPerSec, rate),
    known(requestsPerSec, rate),
    known(total?.p95Ms, rate),
    known(total?.failedRatio, (ratio) => (ratio * 100).toFixed(2)),
    known(total?.dropped, count),
    known(server?.waiting, count),
    known(server?.redis.cpuPercent, (percent) => String(Math.round(percent))),
    known(server?.gateways.seen, String),
  ]);
}

/** Rows with rates since the row before: of the second before alone, whole arrivals make 0.0 or 2.0 of one a second. */
export class LiveRows {
  private before = { atSec: 0, arrivals: 0, requests: 0 };

  /** A look as the next row. */
  next(look: Look): string {
    const { atSec, total } = look;
    if (total === null) return liveRow(look);
    const { before } = this;
    const now = { atSec, arrivals: total.iterations + total.active, requests: total.requests };
    const sec = Math.max(0.001, atSec - before.atSec);
    this.before = now;
    return liveRow({
      ...look,
      arrivalsPerSec: Math.max(0, (now.arrivals - before.arrivals) / sec),
      requestsPerSec: Math.max(0, (now.requests - before.requests) / sec),
    });
  }
}
