/** A sale as the server tells it, for tests. */
import type { SaleReport, SaleView } from '../../contract/sale.ts';

/** One step done, one to come. */
export const saleOf = (change: Partial<SaleView> = {}): SaleView => ({
  saleId: 'sale_0123456789',
  event: 'evt_x',
  state: 'running',
  appliedAt: '2026-11-21T05:00:00.000Z',
  actor: 'mina',
  reason: 'on sale tonight',
  opensAt: '2026-11-21T06:00:00.000Z',
  endsAt: '2026-11-21T08:00:00.000Z',
  visitors: 300_000,
  steps: [
    {
      step: 'opening',
      at: '2026-11-21T05:00:00.000Z',
      text: 'opens at 2026-11-21T06:00:00.000Z',
      state: 'done',
      outcome: { state: 'done', at: '2026-11-21T05:00:00.400Z', lateSec: 0.4, auditId: 'aud_7Q2M' },
    },
    { step: '2.window', at: '2026-11-21T06:05:00.000Z', text: 'window 1000', state: 'pending' },
  ],
  ...change,
});

/** What became of it. */
export const saleReportOf = (): SaleReport => ({
  event: 'evt_x',
  sale: saleOf(),
  joined: 3_000,
  admitted: 2_400,
  waiting: 500,
  waits: { people: 2_400, share: 1, p50Ms: 60_000, p95Ms: 110_000, maxMs: 121_000 },
  left: 40,
  expired: 60,
  etaErrorRatio: 0.042,
  refusals: [
    { operation: 'join', code: 'QUEUE_FULL', count: 1_234 },
    { operation: 'enter', code: 'NOT_READY', count: 3 },
  ],
  faults: [
    {
      kind: 'redis-away',
      at: '2026-11-21T06:01:00.000Z',
      until: '2026-11-21T06:01:12.000Z',
      text: 'Redis was not there for 12 s: nobody joined or entered',
    },
  ],
  alarms: [
    {
      id: 'redis-cpu',
      severity: 'crit',
      text: 'Redis uses 91 % of its core',
      since: '2026-11-21T06:00:10.000Z',
      until: '2026-11-21T06:02:10.000Z',
    },
    {
      id: 'dead-heads',
      severity: 'warn',
      text: '90 people at the front are silent',
      since: '2026-11-21T06:05:00.000Z',
      until: null,
    },
  ],
  missing: ['refusals of payments: in Prometheus'],
});

/** A step that the server refused. */
export const refusedStep: SaleView['steps'][number] = {
  step: '1.bucket',
  at: '2026-11-21T05:02:00.000Z',
  text: 'refill 400/s',
  state: 'failed',
  outcome: {
    state: 'failed',
    at: '2026-11-21T05:02:00.300Z',
    lateSec: 0.3,
    text: 'all events would take 400 of 120/s',
  },
};
