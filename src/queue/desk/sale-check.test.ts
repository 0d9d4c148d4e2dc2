import { describe, expect, it } from 'vitest';
import type { HpaView } from '../../contract/hpa.ts';
import type { SaleCheckRequest } from '../../contract/sale.ts';
import type { DoctorEvent, DoctorFacts } from './doctor.ts';
import { parseReplication } from './replication.ts';
import { type SaleFacts, saleFindings } from './sale-check.ts';

const nowMs = Date.parse('2027-05-01T10:00:00Z');
const ask: SaleCheckRequest = {
  opensAt: '2027-05-01T11:00:00Z',
  endsAt: '2027-05-01T13:00:00Z',
  visitors: 300_000,
  joinPerSec: 30_000,
  refillPerSec: 500,
};
const event: DoctorEvent = {
  event: 'evt_x',
  phase: 'scheduled',
  paused: false,
  opensAtMs: nowMs + 3_600_000,
  waiting: 0,
  away: 0,
  deadHeads: 0,
  present: 0,
  gone: 0,
  unclaimed: 0,
  refillPerSec: 100,
  capacity: 400,
  window: 400,
  presenceSec: 20,
  revision: 3,
  settledSec: 600,
  recovery: null,
  gateways: [
    { gateway: 'gw-1', revision: 3, lastMs: nowMs - 200, lagMs: 20, version: '1.2.3', workers: 2 },
    { gateway: 'gw-2', revision: 3, lastMs: nowMs - 300, lagMs: 20, version: '1.2.3', workers: 2 },
  ],
  alarms: [],
};
const doctor: DoctorFacts = {
  nowMs,
  events: [event],
  redis: {
    usedMemoryBytes: 20e6,
    maxMemoryBytes: 1e9,
    systemMemoryBytes: 4e9,
    evictionPolicies: ['noeviction'],
    cpuPercent: 10,
    aof: true,
    persistenceFailing: '',
    failoverAtMs: null,
    minReplicas: null,
    sentinels: null,
    cli: 'redis-cli -h 127.0.0.1 -p 6379',
  },
  certificateEndsAtMs: null,
  keyEndsAtMs: null,
  webhook: { configured: true, failing: false },
  hpa: null,
};
const hpaView = (ready: number | null, why: readonly string[] = []): HpaView => ({
  ...{ namespace: 'shop', name: 'gateway', revision: 2, target: 'Deployment/gateway' },
  ...{ minReplicas: 8, maxReplicas: 50, targetCpuPercent: 60, metrics: [] },
  replicas: { asked: 8, current: 8, ready },
  why: why.map((text) => ({ code: 'Why', text })),
  ...{ hold: null, owners: [], gitops: null, declared: {} },
});
const good: SaleFacts = {
  event: 'evt_x',
  ask,
  doctor,
  hpa: { view: hpaView(8) },
  masters: [{ policy: 'noeviction', replicas: [{ online: true, lagSec: 0, behindBytes: 100 }] }],
  budget: { perSec: 1_000, othersPerSec: 400 },
  clockOffMs: 3,
  webhookTook: true,
  isProtected: true,
};
const redis = (change: Partial<DoctorFacts['redis']>): Partial<SaleFacts> => ({
  doctor: { ...doctor, redis: { ...doctor.redis, ...change } },
});
/** Something about the first of two gateways. */
const gateway = (change: Partial<DoctorEvent['gateways'][number]>): Partial<SaleFacts> => {
  const gateways = event.gateways.map((one, at) => (at === 0 ? { ...one, ...change } : one));
  return { doctor: { ...doctor, events: [{ ...event, gateways }] } };
};
const failing = (change: Partial<SaleFacts>) =>
  saleFindings({ ...good, ...change }).filter(({ result }) => result === 'fail');

describe('the list before a sale', () => {
  it('passes line by line where nothing is wrong', () => {
    const found = saleFindings(good);
    expect(found.filter(({ result }) => result !== 'pass')).toEqual([]);
    expect(found.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['aof-off', 'noeviction', 'sale-memory', 'redis-replica-lag', 'sale-budget']),
    );
  });

  const beforeEnd = Date.parse('2027-05-01T12:00:00Z');
  const faults: readonly [string, Partial<SaleFacts>, RegExp][] = [
    ['sale-event', { doctor: { ...doctor, events: [{ ...event, phase: 'open' }] } }, /tacos event create/],
    ['aof-off', redis({ aof: false }), /CONFIG SET appendonly yes/],
    ['persistence-failing', redis({ persistenceFailing: 'aof_last_write_status err' }), /INFO persistence/],
    [
      'noeviction',
      { masters: [{ policy: 'allkeys-lru', replicas: good.masters[0]?.replicas ?? [] }] },
      /maxmemory-policy noeviction/,
    ],
    ['sale-memory', redis({ maxMemoryBytes: 60e6 }), /CONFIG SET maxmemory \d+mb/],
    ['sale-memory', redis({ maxMemoryBytes: 0, systemMemoryBytes: 64e6 }), /^$/],
    ['redis-replica-lag', { masters: [{ policy: 'noeviction', replicas: [] }] }, /^$/],
    [
      'redis-replica-lag',
      { masters: [{ policy: 'noeviction', replicas: [{ online: true, lagSec: 12, behindBytes: 0 }] }] },
      /INFO replication/,
    ],
    [
      'mixed-versions',
      {
        doctor: {
          ...doctor,
          events: [
            { ...event, gateways: event.gateways.map((one, at) => ({ ...one, version: `1.2.${at}` })) },
          ],
        },
      },
      /^$/,
    ],
    ['redis-cpu', redis({ cpuPercent: 90 }), /^$/],
    ['gateway-missing', gateway({ lastMs: nowMs - 20_000 }), /tacos gateway|^$/],
    ['revision-not-in-force', gateway({ revision: 2 }), /tacos|^$/],
    ['replica-lag', gateway({ lagMs: 9_000 }), /tacos|^$/],
    ['sale-gateways', { doctor: { ...doctor, events: [{ ...event, gateways: [] }] } }, /tacos gateway/],
    [
      'sale-hpa',
      { hpa: { view: hpaView(7, ['1 pod has no node']) } },
      /kubectl -n shop describe deployment\/gateway/,
    ],
    ['sale-hpa', { hpa: { view: hpaView(null) } }, /kubectl/],
    ['sale-hpa', { hpa: { trouble: 'not allowed to read it' } }, /tacos hpa get/],
    [
      'sale-hpa',
      { ask: { ...ask, floors: [{ at: '2027-05-01T10:50:00Z', min: 60 }] } },
      /tacos hpa patch --max 60/,
    ],
    ['sale-budget', { budget: { perSec: 800, othersPerSec: 400 } }, /tacos budget set 900/],
    ['sale-certificate', { doctor: { ...doctor, certificateEndsAtMs: beforeEnd } }, /^$/],
    ['sale-key', { doctor: { ...doctor, keyEndsAtMs: beforeEnd } }, /^$/],
    ['sale-clocks', { clockOffMs: -4_000 }, /timedatectl/],
    ['alarm-delivery', { webhookTook: false }, /^$/],
    ['alarm-delivery', { webhookTook: null }, /^$/],
  ];
  it.each(faults)('fails at %s for its fault alone, with what mends it', (check, fault, next) => {
    const found = failing(fault);
    expect(found.map((one) => one.check)).toEqual([check]);
    expect(found[0]?.next ?? '').toMatch(next);
    expect(found[0]?.next ?? found[0]?.who).toBeDefined();
  });

  it('has a fault here for each of its lines', () => {
    const lines = new Set(saleFindings(good).map(({ check }) => check));
    expect([...lines].filter((line) => !faults.some(([check]) => check === line))).toEqual([]);
  });

  it('skips the autoscaler where no cluster is configured, and says why the floor is not there', () => {
    const of = (change: Partial<SaleFacts>) =>
      saleFindings({ ...good, ...change }).find(({ check }) => check === 'sale-hpa');
    expect(of({ hpa: null })).toMatchObject({
      result: 'skip',
      text: expect.stringContaining('no cluster is configured'),
    });
    expect(of({ hpa: { view: hpaView(7, ['1 pod has no node']) } })?.text).toBe(
      '7 gateways are ready and the floor is 8: 1 pod has no node',
    );
    const floors = [{ at: '2027-05-01T10:50:00Z', min: 20 }];
    expect(of({ ask: { ...ask, floors } })).toMatchObject({
      result: 'pass',
      text: '8 gateways are ready, the floor is 8; the file raises the floor to 20',
    });
  });

  it('warns where fewer gateways serve than the file takes by the costs of tacos capacity', () => {
    const of = (change: Partial<SaleFacts>) =>
      saleFindings({ ...good, ...change }).find(({ check }) => check === 'sale-gateways');
    expect(of({})?.text).toBe('4 gateway processes serve it, 300,000 visitors at 30,000 joins/s take 4');
    const alone = { doctor: { ...doctor, events: [{ ...event, gateways: event.gateways.slice(0, 1) }] } };
    expect(of(alone)).toMatchObject({
      result: 'warn',
      text: expect.stringMatching(/^2 gateway processes serve it, .+ 30,000 joins\/s take 4: /),
      next: 'tacos capacity --visitors 300000 --join-rate 30000 --admit-rate 500',
    });
    // A small sale, and one whose file starts more of them in time.
    expect(of({ ...alone, ask: { ...ask, visitors: 2_000, joinPerSec: 200 } })?.result).toBe('pass');
    const floors = (at: string) => ({ ...alone, ask: { ...ask, floors: [{ at, min: 8 }] } });
    expect(of(floors('2027-05-01T10:50:00Z'))?.result).toBe('pass');
    expect(of(floors('2027-05-01T11:50:00Z'))?.result).toBe('warn');
  });

  it('wants neither a replica nor a webhook outside protected environments', () => {
    const lone = { masters: [{ policy: 'noeviction', replicas: [] }], webhookTook: null, isProtected: false };
    expect(failing(lone)).toEqual([]);
  });
});

describe('INFO', () => {
  it('says what Redis does when full, and how its replicas follow', () => {
    const info =
      'maxmemory_policy:volatile-lru\r\nrole:master\r\nconnected_slaves:2\r\n' +
      'slave0:ip=10.0.0.2,port=6379,state=online,offset=900,lag=1\r\n' +
      'slave1:ip=10.0.0.3,port=6379,state=wait_bgsave,offset=0,lag=0\r\nmaster_repl_offset:1000\r\n';
    expect(parseReplication(info)).toEqual({
      policy: 'volatile-lru',
      replicas: [
        { online: true, lagSec: 1, behindBytes: 100 },
        { online: false, lagSec: 0, behindBytes: 1_000 },
      ],
    });
    expect(parseReplication('')).toEqual({ policy: null, replicas: [] });
  });
});
