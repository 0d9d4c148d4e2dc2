import type { SaleReport } from '../../contract/sale.ts';

/** A report of an event without a sale. */
export const saleReportOf = (): SaleReport => ({
  event: 'evt_x',
  sale: null,
  joined: 3_000,
  admitted: 2_400,
  waiting: 500,
  waits: { people: 2_400, share: 1, p50Ms: 60_000, p95Ms: 110_000, maxMs: 121_000 },
  left: 40,
  expired: 60,
  etaErrorRatio: 0.04,
  refusals: [],
  faults: [],
  alarms: [],
  missing: ['refusals by reason: in Prometheus'],
});
