/** What a server says of a healthy queue, for tests. */
import type { ChangeReply, EventView, QueueSnapshot } from '../../contract/admin-api.ts';

/** A snapshot as of 14:03:21 in Seoul. */
export const snapshotOf = (change: Partial<QueueSnapshot> = {}): QueueSnapshot => ({
  kind: 'QueueSnapshot',
  asOf: '2026-11-21T05:03:21.000Z',
  event: 'evt_x',
  name: 'Summer Fest',
  seq: 918,
  phase: 'open',
  paused: false,
  timeZone: 'Asia/Seoul',
  waiting: 18_234,
  away: 12,
  joinedTotal: 20_000,
  admittedTotal: 1_700,
  leftTotal: 60,
  expiredTotal: 6,
  admitPerSec: 48.7,
  admitPerSec1m: 48.6,
  admitPerSec5m: 48.5,
  admitPerSec15m: 35,
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
  confidence: 1,
  revision: 18,
  gateways: { seen: 6, inForce: 6 },
  redis: { cpuPercent: 41, opsPerSec: 9_800, usedMemoryBytes: 212_000_000 },
  ageSec: 0.04,
  stale: false,
  lastChange: null,
  ...change,
});

/** The latest change that a snapshot may carry. */
export const refillChange: NonNullable<QueueSnapshot['lastChange']> = {
  auditId: 'aud_7R0D',
  at: '2026-11-21T05:03:24.000Z',
  actor: 'mina',
  action: 'bucket',
  summary: 'refill 50->80',
  reason: 'ramp step 2',
};

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
  ...change,
});

/** A change of the refill from 50 to 80, in force on 5 of 6 gateways. */
export const changeOf = (change: Partial<ChangeReply> = {}): ChangeReply => {
  const before = snapshotOf().bucket;
  return {
    kind: 'Change',
    event: 'evt_x',
    applied: true,
    auditId: 'aud_7R0D',
    revision: 19,
    before,
    after: { ...before, refillPerSec: { now: 80, target: 80 }, revision: 19 },
    warnings: [],
    receipt: {
      inForce: 5,
      of: 6,
      afterMs: 212.4,
      missing: [{ gateway: 'gw-3', lastSeen: '2026-11-21T05:03:20.000Z' }],
    },
    ...change,
  };
};
