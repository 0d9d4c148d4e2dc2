/** How far a change has come: made from what the gateways' workers report of themselves. */
import type { Receipt } from '../../contract/admin-api.ts';
import { type Report, seenWithinMs } from '../report-figures.ts';

export { parseReports, type Report, seenWithinMs } from '../report-figures.ts';

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
