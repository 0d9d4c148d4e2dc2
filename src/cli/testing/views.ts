/** What a server says of a healthy queue, for tests: snapshots, events, lists. Plans are in `plans.ts`. */
import type { BudgetView, EventView, SettingsView, VersionView, Whoami } from '../../contract/admin-api.ts';
import type { Alarm } from '../../contract/alarms.ts';
import type { AuditEntry } from '../../contract/audit.ts';
import type { Finding } from '../../contract/doctor.ts';
import type { Overview, QueueSnapshot } from '../../contract/snapshot.ts';
import type { PositionRow, VisitorStory } from '../../contract/visitors.ts';

/** When everything here was, in Seoul 14:03:21. */
export const asOf = '2026-11-21T05:03:21.000Z';

/** A change of the refill, made by mina three seconds after the snapshot. */
export const refillChange: AuditEntry = {
  auditId: 'aud_7R0D',
  at: '2026-11-21T05:03:24.000Z',
  event: 'evt_x',
  actor: 'mina',
  role: 'operator',
  client: 'tacos/1.2.3 (mina@desk-1)',
  action: 'bucket.set',
  summary: 'refill 50->80',
  reason: 'ramp step 2',
  revision: 19,
  rows: [{ name: 'refillPerSec', unit: 'perSec', before: 50, after: 80 }],
  undoUntil: '2026-11-21T05:18:24.000Z',
};

/** An entry of the audit trail. */
export const auditOf = (change: Partial<AuditEntry> = {}): AuditEntry => ({ ...refillChange, ...change });

/** An alarm that is on. */
export const alarmOf = (change: Partial<Alarm> = {}): Alarm => ({
  id: 'admissions-low',
  severity: 'warn',
  text: 'admissions 12.0/s of a refill of 50.0/s for 60 s',
  since: '2026-11-21T05:02:00.000Z',
  next: 'tacos doctor evt_x',
  ...change,
});

const lettersOf = (position: number): string =>
  [...String(position).padStart(4, '0')].map((digit) => 'abcdefghij'[Number(digit)]).join('');

/** A row of the line; the numbers follow from the position. */
export const positionOf = (position: number | null, change: Partial<PositionRow> = {}): PositionRow => ({
  position,
  visitor: `v_abcd${lettersOf(position ?? 0)}`,
  etaSec: position === null ? null : Math.ceil(position / 50),
  confidence: position === null ? null : 1,
  joinedAt: '2026-11-21T04:52:19.000Z',
  waitedSec: 662,
  heardSec: position === null ? 45 : 3,
  note: position === null ? 'AWAY' : position <= 10 ? 'TOP10' : null,
  ...change,
});

/** A snapshot as of 14:03:21 in Seoul. */
export const snapshotOf = (change: Partial<QueueSnapshot> = {}): QueueSnapshot => ({
  kind: 'QueueSnapshot',
  asOf,
  event: 'evt_x',
  name: 'Summer Fest',
  seq: 918,
  phase: 'open',
  paused: false,
  timeZone: 'Asia/Seoul',
  waiting: 18_234,
  away: 12,
  silentOver60Sec: 312,
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
    tokens: 212.9,
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
    joinP99Ms: 12,
    cpuPercent: 58,
    lagMs: 40,
    etaErrorRatio: 0.04,
    versions: ['1.2.3'],
  },
  redis: {
    cpuPercent: 41,
    opsPerSec: 9_800,
    usedMemoryBytes: 212_000_000,
    maxMemoryBytes: 4_000_000_000,
    p99Ms: 1.2,
    masters: 1,
    hottestNode: null,
    slowPerMin: 0,
    scriptErrorsPerMin: 0,
  },
  budget: { usedPerSec: 50, perSec: 120 },
  message: null,
  restorable: null,
  brake: null,
  recovery: null,
  hpa: null,
  top: Array.from({ length: 20 }, (_, at) => positionOf(at + 1)),
  awayTop: [],
  alarms: [],
  changes: [],
  watchers: [],
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

/** Two queues and the budget. */
export const overviewOf = (change: Partial<Overview> = {}): Overview => ({
  kind: 'Overview',
  asOf,
  seq: 31,
  budget: { usedPerSec: 60, perSec: 120 },
  redis: snapshotOf().redis,
  events: [
    overviewRowOf(),
    overviewRowOf({ event: 'evt_y', name: 'Winter Fest', waiting: 40, refillPerSec: 10, admitPerSec: 9.8 }),
  ],
  ageSec: 0.04,
  stale: false,
  ...change,
});

/** A row of the overview. */
export const overviewRowOf = (
  change: Partial<Overview['events'][number]> = {},
): Overview['events'][number] => ({
  event: 'evt_x',
  name: 'Summer Fest',
  phase: 'open',
  paused: false,
  timeZone: 'Asia/Seoul',
  waiting: 18_234,
  away: 12,
  admitPerSec: 48.7,
  refillPerSec: 50,
  tokens: 212.9,
  capacity: 500,
  etaTailSec: 411,
  confidence: 1,
  alarm: null,
  ...change,
});

export const settingsOf = (change: Partial<SettingsView> = {}): SettingsView => ({
  event: 'evt_x',
  revision: 18,
  window: 500,
  windowIsDefault: false,
  tiers: [
    { first: 1, last: 10, waitSec: 0 },
    { first: 11, last: 50, waitSec: 2 },
    { first: 51, last: 0, waitSec: 5 },
  ],
  presenceSec: 20,
  claimSec: 60,
  expireNearSec: 300,
  expireFarSec: 1_800,
  maxWaiting: 0,
  message: null,
  ...change,
});

/** An earlier version of the bucket. */
export const versionOf = (change: Partial<VersionView> = {}): VersionView => ({
  event: 'evt_x',
  revision: 18,
  at: '2026-11-21T04:53:40.000Z',
  refillPerSec: 50,
  capacity: 500,
  capacityIsDefault: false,
  auditId: 'aud_7Q2M',
  actor: 'mina',
  summary: 'refill 10->50',
  ...change,
});

export const budgetOf = (change: Partial<BudgetView> = {}): BudgetView => ({
  perSec: 120,
  usedPerSec: 60,
  revision: 3,
  events: [
    { event: 'evt_x', refillPerSec: 50 },
    { event: 'evt_y', refillPerSec: 10 },
  ],
  ...change,
});

export const whoamiOf = (change: Partial<Whoami> = {}): Whoami => ({
  name: 'mina',
  role: 'operator',
  issuer: 'local',
  ...change,
});

export const findingOf = (change: Partial<Finding> = {}): Finding => ({
  check: 'paused',
  result: 'pass',
  event: 'evt_x',
  text: 'the queue is not paused',
  ...change,
});

/** Somebody at position 412 who was refused twice. */
export const storyOf = (change: Partial<VisitorStory> = {}): VisitorStory => ({
  event: 'evt_x',
  visitor: 'v_abcd2345',
  status: 'waiting',
  position: 412,
  joinedAt: '2026-11-21T04:52:19.000Z',
  firstPollAt: '2026-11-21T04:52:21.000Z',
  lastPollAt: '2026-11-21T05:03:18.000Z',
  polls: 96,
  enteredAt: null,
  awaySince: null,
  awayReason: null,
  refusals: [
    { at: '2026-11-21T05:03:10.000Z', reason: 'window' },
    { at: '2026-11-21T05:02:10.000Z', reason: 'tokens' },
  ],
  answered: { workers: 6, of: 6 },
  statusBody: {
    status: 'waiting',
    position: 412,
    eta_sec: 9,
    eta_low_sec: 8,
    eta_high_sec: 11,
    confidence: 1,
    waiting_time: 662,
    ready_for_entry: false,
    poll_after_sec: 2,
    phase: 'open',
    paused: false,
    as_of: asOf,
  },
  ...change,
});
