import { describe, expect, it } from 'vitest';
import type { AlarmFacts } from './alarm-facts.ts';
import { alarmTable, evaluateAlarms, newAlarmMemory } from './alarms.ts';

const startMs = Date.parse('2026-11-21T05:03:21Z');
const fleet: AlarmFacts['gateways'] = {
  seen: 1,
  inForce: 1,
  missing: [],
  streams: 0,
  errors5xxPercent: 0.02,
  conflictsPercent: 0,
  joinP99Ms: 12,
  cpuPercent: 30,
  lagMs: 40,
  etaErrorRatio: 0.05,
  versions: ['1.0.0'],
};
const redis: AlarmFacts['redis'] = {
  cpuPercent: 41,
  opsPerSec: 9_800,
  usedMemoryBytes: 212e6,
  maxMemoryBytes: 4e9,
  p99Ms: 1,
  masters: 1,
  hottestNode: null,
  slowPerMin: 0,
  scriptErrorsPerMin: 0,
};
const bucket: AlarmFacts['bucket'] = {
  tokens: 20,
  capacity: { now: 200, target: 200 },
  capacityIsDefault: true,
  refillPerSec: { now: 50, target: 50 },
  window: 200,
  revision: 18,
};
const facts = (change: Partial<AlarmFacts> = {}): AlarmFacts => ({
  nowMs: startMs,
  event: 'evt_x',
  phase: 'open',
  paused: false,
  waiting: 18_234,
  admitPerSec: 49,
  admitPerSec1m: 49,
  admitPerSec5m: 49,
  bucket,
  brake: null,
  revision: 18,
  gateways: fleet,
  redis,
  budget: { usedPerSec: 50, perSec: 120 },
  stale: false,
  couldEnter: true,
  settledSec: 900,
  setAtMs: { refill: startMs - 900_000, capacity: startMs - 900_000 },
  deadHeads: 4,
  reports: [{ gateway: 'gw-1', lastMs: (change.nowMs ?? startMs) - 500, revision: 18 }],
  overBound: -30,
  persistenceFailing: '',
  failoverAtMs: null,
  certificateEndsAtMs: null,
  keyEndsAtMs: null,
  hpa: null,
  ...change,
});

/** Alarms once the same facts have held for so long, asked every second. */
function held(sec: number, change: Partial<AlarmFacts>) {
  const memory = newAlarmMemory();
  let on: ReturnType<typeof evaluateAlarms> = [];
  for (let passed = 0; passed <= sec; passed += 1) {
    const nowMs = startMs + passed * 1000;
    const reports = (change.reports ?? facts().reports).map((one) => ({
      ...one,
      lastMs: one.lastMs + passed * 1000,
    }));
    on = evaluateAlarms(facts({ ...change, nowMs, reports }), memory);
  }
  return on;
}
const inHours = (hours: number): number => startMs + hours * 3_600_000;

describe('each alarm comes on when its condition has held for its time', () => {
  const cases: [string, number, 'warn' | 'crit', Partial<AlarmFacts>][] = [
    ['admissions-none', 5, 'crit', { admitPerSec: 0 }],
    ['admissions-low', 15, 'warn', { admitPerSec: 39 }],
    ['refill-over-budget', 0, 'warn', { budget: { usedPerSec: 130, perSec: 120 } }],
    ['over-bound', 0, 'crit', { overBound: 2 }],
    ['dead-heads', 10, 'warn', { deadHeads: 41 }],
    ['eta-error', 30, 'warn', { gateways: { ...fleet, etaErrorRatio: 0.3 } }],
    ['gateway-missing', 0, 'crit', { reports: [{ gateway: 'gw-1', lastMs: startMs - 8_000, revision: 18 }] }],
    ['gateway-missing', 0, 'crit', { reports: [] }],
    [
      'revision-not-in-force',
      5,
      'warn',
      { reports: [{ gateway: 'gw-1', lastMs: startMs - 500, revision: 17 }] },
    ],
    ['mixed-versions', 60, 'warn', { gateways: { ...fleet, versions: ['1.0.0', '1.1.0'] } }],
    ['replica-lag', 2, 'warn', { gateways: { ...fleet, lagMs: 1_200 } }],
    ['replica-lag', 2, 'crit', { gateways: { ...fleet, lagMs: 6_000 } }],
    ['errors-5xx', 10, 'warn', { gateways: { ...fleet, errors5xxPercent: 1.2 } }],
    ['errors-5xx', 10, 'crit', { gateways: { ...fleet, errors5xxPercent: 20 } }],
    ['join-slow', 10, 'warn', { gateways: { ...fleet, joinP99Ms: 260 } }],
    ['redis-cpu', 10, 'warn', { redis: { ...redis, cpuPercent: 71 } }],
    ['redis-cpu', 10, 'crit', { redis: { ...redis, cpuPercent: 86 } }],
    ['redis-memory', 0, 'warn', { redis: { ...redis, usedMemoryBytes: 3e9 } }],
    ['redis-memory', 0, 'crit', { redis: { ...redis, usedMemoryBytes: 3.5e9 } }],
    ['persistence-failing', 0, 'crit', { persistenceFailing: 'rdb_last_bgsave_status:err' }],
    ['failover-seen', 0, 'warn', { failoverAtMs: startMs - 30_000 }],
    ['certificate-ending', 0, 'warn', { certificateEndsAtMs: inHours(20) }],
    ['certificate-ending', 0, 'crit', { certificateEndsAtMs: inHours(1) }],
    ['key-ending', 0, 'warn', { keyEndsAtMs: inHours(20) }],
    ['hpa-at-max', 60, 'warn', { hpa: { replicas: 6, max: 6 } }],
  ];

  it('admissions-low counts with what the brake lets through', () => {
    const brake = { mode: 'on', ratio: 0.4, reason: null, sinceAt: null } as const;
    expect(held(20, { admitPerSec: 19, brake })).toEqual([]);
    expect(held(20, { admitPerSec: 15, brake })).toMatchObject([{ id: 'admissions-low' }]);
  });

  it.each(cases)('%s after %i s: %s', (id, forSec, severity, change) => {
    if (forSec > 0) expect(held(forSec - 1, change)).toEqual([]);
    const [alarm, ...others] = held(forSec, change);
    expect(others).toEqual([]);
    expect(alarm).toMatchObject({ id, severity, since: new Date(startMs).toISOString() });
    expect(alarm?.text).not.toMatch(/NaN|undefined|null/);
  });

  it('change-ending, for refill and for capacity, with the command that keeps it', () => {
    const until = new Date(startMs + 90_000).toISOString();
    const refillPerSec = { now: 80, target: 80, until, after: 50 };
    expect(
      held(0, { bucket: { ...bucket, refillPerSec, capacity: { now: 320, target: 320 } } })[0],
    ).toMatchObject({
      id: 'change-ending',
      text: 'refill 80 goes back to 50 in 90 s',
      next: 'tacos bucket set evt_x --refill 80',
    });
    const capacity = { now: 400, target: 400, until, after: 200 };
    expect(held(0, { bucket: { ...bucket, capacity } })[0]?.next).toBe(
      'tacos bucket set evt_x --capacity 400',
    );
  });

  it('change-ending of a short change comes in its last half only', () => {
    const setFor = (sec: number) => {
      const until = new Date(startMs + sec * 1000).toISOString();
      const refillPerSec = { now: 50, target: 50, until, after: 20 };
      const setAtMs = { refill: startMs, capacity: 0 };
      return { bucket: { ...bucket, refillPerSec }, setAtMs };
    };
    for (const [sec, quietSec] of [
      [120, 59],
      [239, 119],
      [240, 119],
      [900, 779],
    ] as const) {
      expect(held(quietSec, setFor(sec)), `${sec} s`).toEqual([]);
      expect(held(quietSec + 1, setFor(sec))[0]?.id, `${sec} s`).toBe('change-ending');
    }
  });

  it('has a case for every row of the table', () => {
    const tested = new Set([...cases.map(([id]) => id), 'change-ending']);
    expect(alarmTable.map(({ id }) => id).filter((id) => !tested.has(id))).toEqual([]);
  });
});

describe('no alarm comes', () => {
  it('from a healthy queue, however long', () => {
    expect(held(120, {})).toEqual([]);
  });

  it('of admissions while paused, not open, stale, or while nobody could enter', () => {
    const none = { admitPerSec: 0, admitPerSec1m: 0, admitPerSec5m: 0 };
    expect(held(60, { ...none, paused: true })).toEqual([]);
    expect(held(60, { ...none, phase: 'prequeue' })).toEqual([]);
    expect(held(60, { ...none, stale: true })).toEqual([]);
    expect(held(60, { ...none, couldEnter: false })).toEqual([]);
    expect(held(60, { ...none, settledSec: 3 })).toEqual([]);
  });

  it('of low admissions where fewer wait than could enter, or right after the refill was raised', () => {
    expect(held(60, { admitPerSec: 20, waiting: 150 })).toEqual([]);
    expect(held(60, { admitPerSec: 20, settledSec: 4 })).toEqual([]);
  });

  it('from a slow refill that by chance let nobody through in 10 s, but does from a minute of it', () => {
    const slow = { ...bucket, refillPerSec: { now: 0.5, target: 0.5 } };
    expect(held(60, { bucket: slow, admitPerSec: 0.2, admitPerSec1m: 0.48 })).toEqual([]);
    expect(held(60, { bucket: slow, admitPerSec: 0.2, admitPerSec1m: 0.2 })[0]?.id).toBe('admissions-low');
  });

  it('from what is not known', () => {
    const unknown = { ...fleet, errors5xxPercent: null, joinP99Ms: null, lagMs: null, etaErrorRatio: null };
    const nothing = { ...redis, cpuPercent: null, usedMemoryBytes: null, maxMemoryBytes: 0 };
    const rest = { overBound: null, persistenceFailing: null, budget: { usedPerSec: 900, perSec: null } };
    expect(held(60, { gateways: unknown, redis: nothing, ...rest })).toEqual([]);
  });

  it('of a gateway that nobody has heard for five minutes', () => {
    const dead = { gateway: 'gw-2', lastMs: startMs - 301_000, revision: 3 };
    expect(held(0, { reports: [...facts().reports, dead] })).toEqual([]);
  });
});

describe('the memory', () => {
  it('begins anew when the condition was away for one look', () => {
    const memory = newAlarmMemory();
    const look = (sec: number, admitPerSec: number) =>
      evaluateAlarms(facts({ nowMs: startMs + sec * 1000, admitPerSec }), memory).map(({ id }) => id);
    look(0, 39);
    expect(look(14, 49)).toEqual([]);
    look(15, 39);
    expect(look(29, 39)).toEqual([]);
    expect(look(30, 39)).toEqual(['admissions-low']);
  });

  it('keeps the since of an alarm that gets worse, and puts the worst first', () => {
    const memory = newAlarmMemory();
    const look = (sec: number, cpuPercent: number) =>
      evaluateAlarms(
        facts({
          nowMs: startMs + sec * 1000,
          redis: { ...redis, cpuPercent },
          failoverAtMs: startMs,
        }),
        memory,
      );
    look(0, 75);
    expect(look(10, 75).map(({ id }) => id)).toEqual(['redis-cpu', 'failover-seen']);
    expect(look(20, 90)[0]).toMatchObject({
      id: 'redis-cpu',
      severity: 'crit',
      since: new Date(startMs).toISOString(),
    });
  });
});

describe('what an alarm proposes', () => {
  it('is the refill that the budget leaves room for', () => {
    const [alarm] = held(0, { budget: { usedPerSec: 130, perSec: 120 } });
    expect(alarm?.next).toBe('tacos bucket set evt_x --refill 40');
  });

  it('is nothing where the line mends itself', () => {
    expect(held(10, { deadHeads: 150 })[0]?.next).toBeUndefined();
  });
});
