/** The views that the fake desk hands out. */
import type { ChangeReply, Plan } from '../../contract/actions.ts';
import type { BudgetView, EventView, SettingsView, VersionView } from '../../contract/admin-api.ts';
import type { AuditEntry } from '../../contract/audit.ts';
import type { DeskFigures } from '../../contract/desk-figures.ts';
import type { Finding } from '../../contract/doctor.ts';
import type { HpaView } from '../../contract/hpa.ts';
import type { SaleView } from '../../contract/sale.ts';
import type { Overview, QueueSnapshot, RedisFigures } from '../../contract/snapshot.ts';
import type { PositionRow, VisitorStory } from '../../contract/visitors.ts';

const asOf = '2026-11-21T05:03:21.000Z';

/** A sale whose steps are to come. */
export const saleOf = (): SaleView => ({
  saleId: 'sale_0123456789',
  event: 'evt_x',
  state: 'running',
  appliedAt: asOf,
  actor: 'mina',
  reason: 'on sale tonight',
  opensAt: '2026-11-21T06:00:00.000Z',
  endsAt: '2026-11-21T08:00:00.000Z',
  visitors: 300_000,
  steps: [],
});

const redis: RedisFigures = {
  cpuPercent: 41,
  opsPerSec: 9_800,
  usedMemoryBytes: 212_000_000,
  maxMemoryBytes: 0,
  p99Ms: 1.2,
  masters: 1,
  hottestNode: null,
  slowPerMin: 0,
  scriptErrorsPerMin: 0,
};

/** What Prometheus is told of one healthy queue. */
export const deskFiguresOf = (change: Partial<DeskFigures> = {}): DeskFigures => ({
  events: [
    {
      ...{ event: 'evt_x', waiting: 18_234, revision: 18, deadHeads: 4, overBound: 0 },
      ...{ recoveries: 2, recoveredPlaces: 1_204 },
    },
  ],
  redis,
  budget: { usedPerSec: 50, perSec: 120 },
  persistenceFailing: '',
  failovers: 0,
  certificateEndsAtMs: null,
  keyEndsAtMs: null,
  hpa: null,
  ...change,
});

/** A row of the line. */
export const positionOf = (change: Partial<PositionRow> = {}): PositionRow => ({
  position: 1,
  visitor: 'v_abcdefgh',
  etaSec: 1,
  confidence: 1,
  joinedAt: '2026-11-21T04:52:19Z',
  waitedSec: 662,
  heardSec: 3,
  note: 'TOP10',
  ...change,
});

/** A change of the refill. */
export const auditOf = (change: Partial<AuditEntry> = {}): AuditEntry => ({
  auditId: 'aud_7Q2M',
  at: '2026-11-21T04:53:40.000Z',
  event: 'evt_x',
  actor: 'mina',
  role: 'operator',
  client: 'tacos/0.1.0',
  action: 'bucket.set',
  summary: 'refill 10 -> 50/s',
  reason: 'ramp step 2',
  revision: 18,
  rows: [{ name: 'refillPerSec', unit: 'perSec', before: 10, after: 50 }],
  ...change,
});

/** A snapshot of a healthy queue. */
export const snapshotOf = (change: Partial<QueueSnapshot> = {}): QueueSnapshot => ({
  kind: 'QueueSnapshot',
  asOf,
  event: 'evt_x',
  name: 'Summer Fest',
  seq: 7,
  phase: 'open',
  paused: false,
  timeZone: 'Asia/Seoul',
  waiting: 18_234,
  away: 12,
  silentOver60Sec: 0,
  joinedTotal: 20_000,
  admittedTotal: 1_700,
  leftTotal: 60,
  expiredTotal: 6,
  admitPerSec: 48.7,
  admitPerSec1m: 48.6,
  admitPerSec5m: 48.5,
  admitPerSec15m: 35,
  admitted15m: 31_495,
  joinPerSec: 0.2,
  leavePerSec: 0.1,
  bucket: {
    tokens: 212,
    capacity: { now: 500, target: 500 },
    capacityIsDefault: false,
    refillPerSec: { now: 50, target: 50 },
    window: 500,
    revision: 18,
  },
  etaTailSec: 411,
  etaTailLowSec: 380,
  etaTailHighSec: 460,
  etaMedianSec: 206,
  confidence: 1,
  revision: 18,
  gateways: {
    seen: 6,
    inForce: 6,
    missing: [],
    streams: 1_204,
    errors5xxPercent: 0.02,
    conflictsPercent: 0.4,
    joinP99Ms: 4,
    cpuPercent: 58,
    lagMs: 40,
    etaErrorRatio: 0.03,
    versions: ['1.2.3'],
  },
  redis,
  budget: { usedPerSec: 50, perSec: 120 },
  message: null,
  restorable: null,
  brake: null,
  recovery: null,
  hpa: null,
  top: [positionOf()],
  awayTop: [],
  alarms: [],
  changes: [auditOf()],
  watchers: [],
  ageSec: 0.04,
  stale: false,
  ...change,
});

/** All queues. */
export const overviewOf = (change: Partial<Overview> = {}): Overview => ({
  kind: 'Overview',
  asOf,
  seq: 3,
  budget: { usedPerSec: 50, perSec: 120 },
  redis,
  events: [],
  ageSec: 0.04,
  stale: false,
  ...change,
});

/** An event of a list. */
export const eventOf = (change: Partial<EventView> = {}): EventView => ({
  event: 'evt_x',
  name: 'Summer Fest',
  kind: 'operator',
  phase: 'open',
  paused: false,
  timeZone: 'Asia/Seoul',
  maxWaiting: 0,
  waiting: 18_234,
  away: 12,
  refillPerSec: 50,
  capacity: 500,
  revision: 18,
  createdAt: '2026-11-21T04:00:00.000Z',
  admitPerSec: 48.7,
  etaTailSec: 411,
  alarm: null,
  ...change,
});

/** Settings of evt_x. */
export const settingsView: SettingsView = {
  event: 'evt_x',
  revision: 18,
  window: 500,
  windowIsDefault: false,
  tiers: [{ first: 1, last: 10, waitSec: 0 }],
  presenceSec: 20,
  claimSec: 60,
  expireNearSec: 300,
  expireFarSec: 1_800,
  maxWaiting: 0,
  message: null,
};

/** A version of the bucket. */
export const versionView: VersionView = {
  event: 'evt_x',
  revision: 17,
  at: asOf,
  refillPerSec: 10,
  capacity: 100,
  capacityIsDefault: true,
  auditId: 'aud_7PZ9',
  actor: 'joon',
  summary: 'capacity 500 -> 100',
};

/** A budget with room. */
export const budgetView: BudgetView = {
  perSec: 120,
  usedPerSec: 50,
  revision: 4,
  events: [{ event: 'evt_x', refillPerSec: 50 }],
};

/** The story of v_abcdefgh. */
export const storyOf = (visitor: string): VisitorStory => ({
  event: 'evt_x',
  visitor,
  status: 'waiting',
  position: 1,
  joinedAt: asOf,
  firstPollAt: null,
  lastPollAt: null,
  polls: 0,
  enteredAt: null,
  awaySince: null,
  awayReason: null,
  refusals: [],
  answered: { workers: 1, of: 1 },
  statusBody: null,
});

/** A finding without fault. */
export const finding: Finding = {
  check: 'paused',
  result: 'pass',
  event: 'evt_x',
  text: 'It admits people.',
};

/** A plan of one action for evt_x. */
export const planOf = (action: string): Plan => ({
  kind: 'Plan',
  hash: '5c1e',
  asOf,
  dataAgeSec: 0.4,
  action,
  level: 'S1',
  items: [],
  undoSec: 900,
  irreversible: [],
  warnings: [],
});

/** What came of one action, one result an event. */
export const changeOf = (action: string, events: readonly string[] = ['evt_x']): ChangeReply => ({
  kind: 'Change',
  asOf,
  action,
  results: events.map((event) => ({
    event,
    auditId: 'aud_7R0D',
    applied: true,
    revision: 19,
    rows: [],
    receipt: { inForce: 6, of: 6, afterMs: 212, missing: [] },
  })),
  warnings: [],
});

export const hpaView: HpaView = {
  namespace: 'gateway',
  name: 'gateway',
  revision: 4,
  target: 'Deployment/gateway',
  minReplicas: 3,
  maxReplicas: 50,
  targetCpuPercent: 60,
  metrics: [{ name: 'cpu', targetPercent: 60, currentPercent: 41 }],
  replicas: { asked: 6, current: 6, ready: 6 },
  why: [],
  hold: null,
  owners: [{ field: 'minReplicas', manager: 'kubectl-client-side-apply', operation: 'Update' }],
  gitops: null,
  declared: {},
};
