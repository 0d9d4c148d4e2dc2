/** How far a change has come: made from what the gateways' workers report of themselves. */
import type { Receipt } from '../../contract/admin-api.ts';
import { parseFigures, type ReportFigures } from '../report-figures.ts';

/** A worker's last report. */
export interface Report {
  readonly worker: string;
  readonly gateway: string;
  readonly lastMs: number;
  readonly revision: number;
  /** Undefined for a gateway of another version that says nothing of itself. */
  readonly figures?: ReportFigures | undefined;
}

/** Gateways that were not heard for longer are not counted any more, ms. */
export const seenWithinMs = 3_000;

/** Parses the hash `reporters`: worker → "last ms, revision, gateway, figures". */
export function parseReports(hash: Readonly<Record<string, string>>): Report[] {
  return Object.entries(hash).map(([worker, text]) => {
    const [, lastMs, revision, gateway = '', figures = ''] = /^(\S*) (\S*) (\S*) ?(.*)$/s.exec(text) ?? [];
    return {
      worker,
      gateway,
      lastMs: Number(lastMs),
      revision: Number(revision),
      figures: parseFigures(figures),
    };
  });
}

/** A gateway has a revision in force when all of its workers that were seen lately have it. */
export function receiptOf(
  reports: readonly Report[],
  revision: number,
  nowMs: number,
): Omit<Receipt, 'afterMs'> {
  const gateways = new Map<string, { lastMs: number; inForce: boolean }>();
  for (const report of reports) {
    if (nowMs - report.lastMs > seenWithinMs) continue;
    const known = gateways.get(report.gateway) ?? { lastMs: report.lastMs, inForce: true };
    gateways.set(report.gateway, {
      lastMs: Math.min(known.lastMs, report.lastMs),
      inForce: known.inForce && report.revision >= revision,
    });
  }
  const missing = [...gateways].filter(([, { inForce }]) => !inForce);
  return {
    of: gateways.size,
    inForce: gateways.size - missing.length,
    missing: missing.map(([gateway, { lastMs }]) => ({ gateway, lastSeen: new Date(lastMs).toISOString() })),
  };
}
