import { describe, expect, it } from 'vitest';
import { type DoctorEvent, type DoctorFacts, type DoctorGateway, diagnose } from './doctor.ts';
import { redisCliOf } from './doctor-facts.ts';

const nowMs = Date.parse('2026-11-21T05:03:21Z');
const gateway = (change: Partial<DoctorGateway> = {}): DoctorGateway => ({
  gateway: 'box-1-4711-ab12',
  lastMs: nowMs - 500,
  revision: 3,
  version: '1.0.0',
  lagMs: 12,
  workers: 1,
  ...change,
});
const line = (change: Partial<DoctorEvent> = {}): DoctorEvent => ({
  event: 'evt_x',
  phase: 'open',
  paused: false,
  opensAtMs: 0,
  waiting: 5_000,
  away: 3,
  deadHeads: 3,
  present: 200,
  gone: 0,
  unclaimed: 0,
  refillPerSec: 50,
  capacity: 200,
  window: 200,
  presenceSec: 20,
  revision: 3,
  settledSec: 600,
  gateways: [gateway(), gateway({ gateway: 'box-2-88-cd34' })],
  recovery: null,
  alarms: [],
  ...change,
});
const healthyRedis = {
  usedMemoryBytes: 212e6,
  maxMemoryBytes: 1024 ** 3,
  systemMemoryBytes: 8 * 1024 ** 3,
  evictionPolicies: ['noeviction'],
  cpuPercent: 41,
  aof: true,
  persistenceFailing: '',
  minReplicas: null,
  sentinels: null,
  failoverAtMs: null,
  cli: 'redis-cli -h redis.internal -p 6390',
};
const facts = (change: Partial<DoctorFacts> = {}): DoctorFacts => ({
  nowMs,
  events: [line()],
  redis: healthyRedis,
  certificateEndsAtMs: null,
  keyEndsAtMs: null,
  webhook: { configured: false, failing: false },
  hpa: null,
  ...change,
});
const at = (change: Partial<DoctorEvent>): DoctorFacts => facts({ events: [line(change)] });
const alarm = (id: string, severity: 'warn' | 'crit' = 'crit') => ({
  id,
  severity,
  text: `${id} is on`,
  since: '2026-11-21T05:03:00.000Z',
  next: 'tacos doctor evt_x',
});
const hour = 3_600_000;

describe('a healthy line', () => {
  it('passes every check', () => {
    const findings = diagnose(facts());
    expect(findings.filter(({ result }) => result !== 'pass')).toEqual([]);
    expect(findings.map(({ check }) => check)).toContain('paused');
  });

  it('passes while it drains, and while nobody waits and no gateway serves it', () => {
    const quiet = at({ phase: 'draining' }).events.concat(line({ waiting: 0, gateways: [] }));
    expect(diagnose(facts({ events: quiet })).filter(({ result }) => result !== 'pass')).toEqual([]);
  });
});

describe('a fault is named first, with what ends it', () => {
  const faults: [string, DoctorFacts, object][] = [
    ['a pause', at({ paused: true }), { check: 'paused', result: 'fail', next: 'tacos queue resume evt_x' }],
    [
      'an event without an opening time',
      at({ phase: 'scheduled' }),
      { check: 'not-open', result: 'fail', next: 'tacos queue open evt_x' },
    ],
    [
      'an event that was closed while people wait',
      at({ phase: 'closed' }),
      { check: 'not-open', result: 'fail', next: 'tacos queue open evt_x' },
    ],
    [
      'a bucket that is too small',
      at({ capacity: 20 }),
      { check: 'capacity-small', result: 'fail', next: 'tacos bucket set evt_x --capacity 200' },
    ],
    [
      'a window that is too small',
      at({ window: 30 }),
      { check: 'window-small', result: 'fail', next: 'tacos queue settings set evt_x --window 200' },
    ],
    [
      'a thousand dead heads',
      at({ deadHeads: 1_000, present: 0, gone: 990, away: 900 }),
      {
        check: 'dead-heads',
        result: 'fail',
        who: expect.stringContaining('nobody has to'),
        next: 'tacos queue expire evt_x --silent-for 60s --confirm evt_x --reason "silent at the front"',
      },
    ],
    [
      'a gateway that stopped',
      at({ gateways: [gateway(), gateway({ gateway: 'box-2-88-cd34', lastMs: nowMs - 8_000 })] }),
      {
        check: 'gateway-missing',
        result: 'fail',
        text: expect.stringContaining('box-2-88-cd34 (seen 8 s ago)'),
        who: expect.stringContaining('box-2:'),
      },
    ],
    [
      'a revision that a gateway has not taken over',
      at({ gateways: [gateway({ revision: 2 }), gateway({ gateway: 'box-2-88-cd34' })] }),
      { check: 'revision-not-in-force', result: 'fail', who: expect.stringContaining('box-1:') },
    ],
    [
      'a Redis at its maxmemory',
      facts({ redis: { ...healthyRedis, usedMemoryBytes: 1024 ** 3 } }),
      {
        check: 'redis-memory',
        result: 'fail',
        who: "whoever runs Redis, as Redis's own admin",
        next: 'redis-cli -h redis.internal -p 6390 CONFIG SET maxmemory 2048mb',
      },
    ],
    [
      'a Redis without an append-only file',
      facts({ redis: { ...healthyRedis, aof: false } }),
      {
        check: 'aof-off',
        result: 'fail',
        next: 'redis-cli -h redis.internal -p 6390 CONFIG SET appendonly yes',
      },
    ],
    [
      'a Redis that throws places away when it is full',
      facts({ redis: { ...healthyRedis, evictionPolicies: ['noeviction', 'allkeys-lru'] } }),
      {
        check: 'noeviction',
        result: 'fail',
        text: expect.stringContaining('maxmemory-policy is allkeys-lru:'),
        next: 'redis-cli -h redis.internal -p 6390 CONFIG SET maxmemory-policy noeviction',
      },
    ],
    [
      'a master that would go on alone',
      facts({ redis: { ...healthyRedis, minReplicas: false } }),
      {
        check: 'min-replicas',
        result: 'warn',
        next: 'redis-cli -h redis.internal -p 6390 CONFIG SET min-replicas-to-write 1',
      },
    ],
    [
      'sentinels that are too few to agree',
      facts({ redis: { ...healthyRedis, sentinels: { named: 3, answering: 1, quorum: 2, known: 3 } } }),
      {
        check: 'sentinels-missing',
        result: 'fail',
        text: '1 of 3 sentinels answer, 2 are needed: nobody takes over from a master that is lost',
      },
    ],
    [
      'a sentinel that is gone',
      facts({ redis: { ...healthyRedis, sentinels: { named: 3, answering: 2, quorum: 2, known: 3 } } }),
      { check: 'sentinels-missing', result: 'warn', text: '2 of 3 sentinels answer' },
    ],
    [
      'a sentinel that the settings do not name',
      facts({ redis: { ...healthyRedis, sentinels: { named: 2, answering: 2, quorum: 2, known: 3 } } }),
      {
        check: 'sentinels-missing',
        result: 'warn',
        text: expect.stringContaining('3 sentinels watch Redis, REDIS_SENTINELS names 2'),
      },
    ],
    [
      'a certificate that ends today',
      facts({ certificateEndsAtMs: nowMs + 5 * hour }),
      {
        check: 'certificate-ending',
        result: 'fail',
        text: expect.stringContaining('5 h'),
        who: expect.any(String),
      },
    ],
    [
      'a key that ends today',
      facts({ keyEndsAtMs: nowMs + 23 * hour }),
      { check: 'key-ending', result: 'fail', text: 'a key ends in 23 h', who: expect.any(String) },
    ],
  ];
  it.each(faults)('%s', (_name, given, first) => {
    expect(diagnose(given)[0]).toMatchObject(first);
    expect(diagnose(given)[0]?.runbook).toBe(`${diagnose(given)[0]?.check}.md`);
  });

  const stopping = faults.filter(([, given]) => diagnose(given)[0]?.result === 'fail');
  it.each(stopping)('%s stands before the alarm that follows from it', (_name, given) => {
    const [event] = given.events;
    const sick = { ...(event as DoctorEvent), alarms: [alarm('admissions-none')] };
    const checks = diagnose({ ...given, events: [sick] }).map(({ check }) => check);
    expect(checks[0]).toBe(diagnose(given)[0]?.check);
    expect(checks).toContain('admissions-none');
  });

  it('a Redis that cannot grow on its machine is not told to', () => {
    const redis = { ...healthyRedis, usedMemoryBytes: 1024 ** 3, systemMemoryBytes: 1024 ** 3 };
    const [first] = diagnose(facts({ redis }));
    expect(first?.next).toBeUndefined();
    expect(first?.who).toContain('more memory');
  });

  it('a limit of memory that came after what Redis holds is raised above that', () => {
    const redis = { ...healthyRedis, usedMemoryBytes: 2.5 * 1024 ** 3 };
    expect(diagnose(facts({ redis }))[0]?.next).toBe(
      'redis-cli -h redis.internal -p 6390 CONFIG SET maxmemory 5120mb',
    );
  });

  it('an event that is not open while nobody waits is a warning, before a planned opening not even that, whoever waits', () => {
    const quiet = { waiting: 0, opensAtMs: nowMs - 300_000 };
    for (const phase of ['scheduled', 'prequeue', 'closed'] as const) {
      expect(diagnose(at({ ...quiet, phase }))[0]).toMatchObject({ check: 'not-open', result: 'warn' });
    }
    for (const phase of ['scheduled', 'prequeue'] as const) {
      for (const [waiting, text] of [
        [0, 'opens in 5 min'],
        [5_000, 'opens in 5 min; until then 5,000 people wait'],
      ] as const) {
        const found = diagnose(at({ phase, waiting, opensAtMs: nowMs + 300_000 }));
        const told = { check: 'not-open', result: 'pass', event: 'evt_x', text };
        expect(found.filter(({ check, result }) => check === 'not-open' || result !== 'pass')).toEqual([
          told,
        ]);
      }
    }
  });

  it('a full Redis that evicts refuses nobody: it throws places away', () => {
    const redis = { ...healthyRedis, usedMemoryBytes: 1024 ** 3, evictionPolicies: ['volatile-ttl'] };
    expect(diagnose(facts({ redis }))[0]?.text).toMatch(/: it throws places away$/);
  });

  it('of a Redis that does not say what it does when full nothing is told', () => {
    const found = diagnose(facts({ redis: { ...healthyRedis, evictionPolicies: [] } }));
    expect(found.map(({ check }) => check)).not.toContain('noeviction');
  });

  it('people who are stepped around sooner are taken for gone sooner', () => {
    const [first] = diagnose(at({ deadHeads: 1_000, present: 0, gone: 1_000, presenceSec: 5 }));
    expect(first?.next).toContain('--silent-for 15s');
  });

  it('people at the front who are silent fail only where they hold up the line', () => {
    const found = (change: Partial<DoctorEvent>) =>
      diagnose(at(change)).find(({ check }) => check === 'dead-heads')?.result;
    const slow = { alarms: [alarm('admissions-low', 'warn')] };
    expect(found({ deadHeads: 40 })).toBe('pass');
    expect(found({ deadHeads: 41 })).toBe('warn');
    expect(found({ deadHeads: 388 })).toBe('warn');
    expect(found({ deadHeads: 5_000 })).toBe('warn');
    expect(found({ deadHeads: 388, present: 0 })).toBe('warn');
    expect(found({ deadHeads: 999, present: 0 })).toBe('warn');
    expect(found({ deadHeads: 1_000, present: 0, window: 1_000 })).toBe('warn');
    expect(found({ deadHeads: 100, ...slow })).toBe('warn');
    expect(found({ deadHeads: 101, ...slow })).toBe('fail');
  });

  it('places are not told to be ended while that would not end the trouble', () => {
    const [first] = diagnose(at({ deadHeads: 1_000, present: 0, gone: 950 }));
    expect(first).toMatchObject({ check: 'dead-heads', result: 'fail', who: expect.any(String) });
    expect(first?.next).toBe('tacos queue positions evt_x --limit 20');
  });

  it('a front that nobody is able to enter is named before the alarm, with where to look', () => {
    const stuck = { deadHeads: 150, unclaimed: 140, present: 50, alarms: [alarm('admissions-none')] };
    expect(diagnose(at(stuck)).slice(0, 2)).toMatchObject([
      {
        check: 'dead-heads',
        result: 'fail',
        text: expect.stringContaining('140 people at the front were told to enter and did not'),
        who: expect.stringContaining('whoever runs what lies behind the queue'),
        next: 'tacos queue positions evt_x --limit 20',
      },
      { check: 'admissions-none', result: 'fail', next: 'tacos queue positions evt_x --limit 20' },
    ]);
  });

  it('replicas and sentinels are checked only where there are any', () => {
    const guarded = { minReplicas: true, sentinels: { named: 3, answering: 3, quorum: 2, known: 3 } };
    const checksOf = (change: object) =>
      diagnose(facts({ redis: { ...healthyRedis, ...change } }))
        .filter(({ check }) => check === 'min-replicas' || check === 'sentinels-missing')
        .map(({ result }) => result);
    expect([checksOf(guarded), checksOf({})]).toEqual([['pass', 'pass'], []]);
  });

  it('a certificate that has ended fails, and one that is good for longer than a day passes', () => {
    expect(diagnose(facts({ certificateEndsAtMs: nowMs + 25 * hour }))[0]?.result).toBe('pass');
    expect(diagnose(facts({ certificateEndsAtMs: nowMs - hour }))[0]?.text).toContain('ended 60 min ago');
  });
});

describe('several things at once', () => {
  it('puts failures before warnings before passes', () => {
    const found = diagnose(
      facts({
        events: [line({ paused: true })],
        redis: { ...healthyRedis, aof: false },
        webhook: { configured: true, failing: true },
      }),
    );
    expect(found.slice(0, 4).map(({ check, result }) => [check, result])).toEqual([
      ['paused', 'fail'],
      ['aof-off', 'fail'],
      ['webhook-failing', 'warn'],
      [found[3]?.check, 'pass'],
    ]);
  });

  it('takes a small bucket for a failure once the line is slow', () => {
    const small = { capacity: 150 };
    expect(diagnose(at(small))[0]).toMatchObject({ check: 'capacity-small', result: 'warn' });
    const slow = { ...small, alarms: [alarm('admissions-low', 'warn')] };
    expect(diagnose(at(slow))[0]).toMatchObject({ check: 'capacity-small', result: 'fail' });
  });

  it('keeps a new revision from failing before 5 s are over', () => {
    const behind = { gateways: [gateway({ revision: 2 })], settledSec: 1 };
    expect(diagnose(at(behind))[0]?.result).toBe('pass');
  });

  it('forgets a gateway five minutes after its last report', () => {
    const gone = { gateways: [gateway(), gateway({ gateway: 'old-1-aaaa', lastMs: nowMs - 301_000 })] };
    expect(diagnose(at(gone))[0]?.result).toBe('pass');
  });

  it('does not send a symptom back to doctor', () => {
    const [first] = diagnose(at({ alarms: [alarm('admissions-none')] }));
    expect(first).toMatchObject({
      check: 'admissions-none',
      next: 'tacos queue positions evt_x --limit 20',
    });
  });
});

describe('how redis-cli is called', () => {
  it('names host and port', () => {
    expect(redisCliOf({ host: '127.0.0.1', port: 6390 })).toBe('redis-cli -h 127.0.0.1 -p 6390');
    const cluster = { host: 'r', port: 1, cluster: [{ host: 'r', port: 1 }], tls: {} };
    expect(redisCliOf(cluster)).toBe('redis-cli --tls --cluster call r:1');
    expect(redisCliOf({ host: '::1', port: 1, tls: {} })).toBe('redis-cli -h ::1 -p 1 --tls');
    const tls = { caFile: '/etc/ca.pem' };
    expect(redisCliOf({ host: 'r', port: 1, tls })).toBe('redis-cli -h r -p 1 --tls --cacert /etc/ca.pem');
  });

  it('has redis-cli ask for the password of its own admin, not for ours, and never prints it', () => {
    const address = { host: 'redis', port: 6379, username: 'tacos', password: 'pa55' };
    expect(redisCliOf(address)).toBe('redis-cli -h redis -p 6379 --askpass');
  });

  it('quotes what a shell would take for more than a word', () => {
    expect(redisCliOf({ host: "a;ls 'b'", port: 1 })).toBe("redis-cli -h 'a;ls '\\''b'\\''' -p 1");
  });
});

describe('a recovery of what Redis lost', () => {
  const recovery = {
    state: 'hearing',
    at: '2026-11-21T05:03:19.000Z',
    why: 'run',
    fromSeq: 1_200,
    skippedSeqs: 262_144,
    unheard: 3,
    placesGivenBack: 1_204,
    placesByTokens: 3,
    tokensUntil: '2026-11-21T05:13:19.000Z',
    endsApplied: 2,
    joinsHeldSec: 0.41,
    entersHeldSec: 2,
  } as const;
  const found = (change: Partial<DoctorEvent>) =>
    diagnose(at(change)).find(({ check }) => check === 'recovering');

  it('is a warning while it runs', () => {
    expect(found({ recovery })).toMatchObject({
      result: 'warn',
      text:
        'recovering for 2 s what Redis lost: 3 gateways are not heard of yet, 1,207 places are back, ' +
        'nobody is let in',
      next: 'tacos queue watch evt_x',
      runbook: 'recovering.md',
    });
    const giving = { ...recovery, state: 'givingBack', unheard: 0 } as const;
    expect(found({ recovery: giving })?.text).toContain('the gateways give places back, 1,207');
    expect(found({ recovery: { ...recovery, unheard: 0 } })?.text).toContain('the gateways are asked');
  });

  it('is told with its report for an hour', () => {
    const done = { ...recovery, state: 'tokens', unheard: 0, entersHeldSec: 0.7 } as const;
    expect(found({ recovery: done })).toMatchObject({
      result: 'pass',
      note: true,
      text:
        'recovered 2 s ago. Redis was restarted or failed over: 1,204 places given back by gateways, ' +
        "3 by visitors' tokens (they may until 2026-11-21T05:13:19.000Z), 2 ends applied, 0.4 s without joins, " +
        '0.7 s without enters, numbers 1,201 to 263,344 go to nobody new',
    });
    const long = { ...done, state: 'over', at: '2026-11-21T04:00:00.000Z' } as const;
    const { text, note } = found({ recovery: long }) ?? {};
    expect([text, note]).toEqual(['no recovery in the last hour', undefined]);
  });

  it('by tokens alone warns until somebody has set the event and resumed it', () => {
    const made = { ...recovery, state: 'over', why: 'tokens', at: '2026-11-21T03:03:19.000Z' } as const;
    expect(found({ recovery: made, paused: true })).toMatchObject({
      result: 'warn',
      text: expect.stringMatching(/tokens alone, paused: .* set its rate and name, then resume$/),
      next: 'tacos bucket get evt_x',
    });
    expect(found({ recovery: made, paused: false })?.result).toBe('pass');
  });
});
