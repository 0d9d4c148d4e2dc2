/** The gateways as one: figures over all workers that were heard lately, and who was heard but is not any more. */
import { gatewayMemorySec } from '../../contract/alarm-facts.ts';
import type { Fleet } from '../../contract/snapshot.ts';
import type { ReportFigures } from '../report-figures.ts';
import type { DoctorGateway } from './doctor.ts';
import { type Report, receiptOf, seenWithinMs } from './receipt.ts';

/** A report that vanished at a younger age was taken back by a goodbye; older ones are dropped by the sweep, ms. */
const goodbyeMs = 4_500;

const rounded = (value: number, decimals: number): number =>
  Math.round(value * 10 ** decimals) / 10 ** decimals;

/** Sums, shares of all requests, and the worst p99 and lag of the workers heard within 3 s. null = nobody says. */
export function fleetOf(reports: readonly Report[], revision: number, nowMs: number): Fleet {
  const { of, inForce, missing } = receiptOf(reports, revision, nowMs);
  const figures = reports.flatMap((report) =>
    report.figures && nowMs - report.lastMs <= seenWithinMs ? [report.figures] : [],
  );
  const sum = (of: (figures: ReportFigures) => number): number =>
    figures.reduce((total, one) => total + of(one), 0);
  const known = (of: (figures: ReportFigures) => number): number[] =>
    figures.map(of).filter((value) => value >= 0);
  const most = (values: readonly number[]): number | null => (values.length > 0 ? Math.max(...values) : null);
  const mean = (values: readonly number[]): number | null =>
    values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : null;
  const requests = sum(({ rq }) => rq);
  const percent = (count: number): number | null =>
    figures.length === 0 ? null : requests === 0 ? 0 : rounded((count / requests) * 100, 2);
  const cpuPercent = mean(known(({ cpu }) => cpu));
  const etaErrorRatio = mean(known(({ eta }) => eta));
  return {
    seen: of,
    inForce,
    missing,
    streams: figures.length === 0 ? null : sum(({ st }) => st),
    errors5xxPercent: percent(sum(({ e5 }) => e5)),
    conflictsPercent: percent(sum(({ c4 }) => c4)),
    joinP99Ms: most(known(({ jp }) => jp)),
    cpuPercent: cpuPercent === null ? null : rounded(cpuPercent, 1),
    lagMs: most(known(({ lag }) => lag)),
    etaErrorRatio: etaErrorRatio === null ? null : rounded(etaErrorRatio, 3),
    versions: [...new Set(figures.map(({ v }) => v))].sort(),
  };
}

/** Places of the front that have a stream open at any worker; undefined where no gateway says anything of itself. */
export function streamingOf(reports: readonly Report[], nowMs: number): ReadonlySet<number> | undefined {
  const live = reports.filter(({ figures, lastMs }) => figures && nowMs - lastMs <= seenWithinMs);
  if (live.length === 0) return undefined;
  const seqs = live.flatMap(({ figures }) => (figures?.sq ?? '').split(',').filter((text) => text !== ''));
  return new Set(seqs.map(Number));
}

/**
 * Remembers workers whose reports are gone from Redis: the sweep drops the silent after 5 s, and then nobody could say
 * which gateway is missing. One that said goodbye is forgotten at once.
 */
export class GatewayMemory {
  private workers = new Map<string, Report>();

  /** Takes in the reports as they stand; to be called about once a second. */
  take(reports: readonly Report[], nowMs: number): void {
    const workers = new Map(reports.map((report) => [report.worker, report]));
    for (const [worker, report] of this.workers) {
      if (workers.has(worker)) continue;
      const ageMs = nowMs - report.lastMs;
      if (ageMs > goodbyeMs && ageMs <= gatewayMemorySec * 1000) workers.set(worker, report);
    }
    this.workers = workers;
  }

  /** All that reported within `gatewayMemorySec` and did not say goodbye, by gateway. */
  gateways(nowMs: number): DoctorGateway[] {
    const gateways = new Map<string, DoctorGateway>();
    const newestFirst = [...this.workers.values()].sort((a, b) => b.lastMs - a.lastMs);
    for (const { gateway, lastMs, revision, figures } of newestFirst) {
      if (nowMs - lastMs > gatewayMemorySec * 1000) continue;
      const known = gateways.get(gateway);
      // A worker that died while others of its gateway live has been replaced: what it had in force says nothing.
      if (known && known.lastMs - lastMs > goodbyeMs) continue;
      const lag = figures?.lag ?? known?.lagMs ?? null;
      gateways.set(gateway, {
        gateway,
        lastMs: known?.lastMs ?? lastMs,
        revision: Math.min(revision, known?.revision ?? revision),
        version: known?.version ?? figures?.v ?? null,
        lagMs: lag === null ? null : Math.max(lag, known?.lagMs ?? 0),
        workers: (known?.workers ?? 0) + 1,
      });
    }
    return [...gateways.values()];
  }
}
