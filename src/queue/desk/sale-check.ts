/** The list before a sale: from facts alone, each line with the command that mends it. */
import { inWords } from '../../contract/alarm-row.ts';
import { redisMemoryLimitsPercent } from '../../contract/alarms-of-servers.ts';
import type { Finding } from '../../contract/doctor.ts';
import type { SaleCheckRequest } from '../../contract/sale.ts';
import { redisRoom } from '../../forecast/capacity.ts';
import { measuredCosts } from '../../forecast/capacity-costs.ts';
import { counted } from './counted.ts';
import { type DoctorFacts, diagnose } from './doctor.ts';
import { evictionSays, redisAdmin, redisMemoryShareMax } from './doctor-server.ts';
import { findingsOf } from './finding.ts';
import { gatewayLine } from './sale-check-gateways.ts';
import { hpaLine, type SaleHpa } from './sale-check-hpa.ts';

/** What INFO says of one master and its replicas. null = it does not say. */
export interface ReplicationFacts {
  readonly policy: string | null;
  readonly replicas: readonly {
    readonly online: boolean;
    readonly lagSec: number;
    readonly behindBytes: number;
  }[];
}

/** All that is looked at. */
export interface SaleFacts {
  readonly event: string;
  readonly ask: SaleCheckRequest;
  /** Of this event alone. */
  readonly doctor: DoctorFacts;
  readonly hpa: SaleHpa;
  readonly masters: readonly ReplicationFacts[];
  /** Of all other events, a second; `perSec` null = no budget is set. */
  readonly budget: { readonly perSec: number | null; readonly othersPerSec: number };
  /** How far the clock of the admin API is from Redis's, ms. */
  readonly clockOffMs: number;
  /** Whether the receiver took a test; null = no webhook is set. */
  readonly webhookTook: boolean | null;
  /** Losing places in a failover is out of the question here. */
  readonly isProtected: boolean;
}

/** Of the doctor's checks, those that matter before anybody is there. */
const doctorLines = [
  'persistence-failing',
  'aof-off',
  'redis-cpu',
  'gateway-missing',
  'revision-not-in-force',
  'replica-lag',
  'mixed-versions',
];
const clockOffMsMax = 2_000;
const replicaLagSecMax = 2;
const replicaBehindBytesMax = 1_000_000;

/** A line for each check. */
export function saleFindings(facts: SaleFacts): Finding[] {
  const found = diagnose(facts.doctor).filter(({ check }) => doctorLines.includes(check));
  return [
    phaseLine(facts),
    ...found.map(
      (finding): Finding => (finding.result === 'warn' ? { ...finding, result: 'fail' } : finding),
    ),
    gatewayLine(facts),
    hpaLine({ ...facts, nowMs: facts.doctor.nowMs }),
    policyLine(facts),
    memoryLine(facts),
    replicationLine(facts),
    budgetLine(facts),
    endLine(facts, 'sale-certificate', {
      what: 'the certificate of the admin API',
      endsAtMs: facts.doctor.certificateEndsAtMs,
      who: 'whoever issues certificates: put a new one in place of its file, the admin API takes it over by itself',
    }),
    endLine(facts, 'sale-key', {
      what: 'a key',
      endsAtMs: facts.doctor.keyEndsAtMs,
      who: 'whoever keeps the keys: put a new one in front of the list, then restart gateways and admin API',
    }),
    clockLine(facts),
    alarmLine(facts),
  ];
}

/** As `findingsOf`, without pages of the runbook: these lines are before a sale only. */
function lines(event: string | null) {
  const { pass } = findingsOf(event);
  const fail = (check: string, says: Pick<Finding, 'text' | 'next' | 'who'>): Finding => ({
    check,
    result: 'fail',
    event,
    ...says,
  });
  return { pass, fail };
}

function phaseLine({ event, ask, doctor: { events } }: SaleFacts): Finding {
  const { pass, fail } = lines(event);
  const phase = events[0]?.phase ?? 'closed';
  if (phase === 'scheduled' || phase === 'prequeue')
    return pass('sale-event', `${phase}: its opening can be set`);
  return fail('sale-event', {
    text: `the event is ${phase}: it has its opening behind it`,
    next:
      phase === 'closed' ? `tacos queue open ${event} --at ${ask.opensAt}` : `tacos event create ANOTHER_ID`,
  });
}

function policyLine({ masters, doctor: { redis } }: SaleFacts): Finding {
  const { pass, fail } = lines(null);
  const policies = [...new Set(masters.map(({ policy }) => policy ?? 'not told'))];
  if (policies.length > 0 && policies.every((policy) => policy === 'noeviction'))
    return pass('noeviction', 'Redis refuses when it is full, and throws no place away');
  return fail('noeviction', evictionSays(policies, redis));
}

function memoryLine({ ask, doctor: { redis } }: SaleFacts): Finding {
  const { pass, fail } = lines(null);
  const { usedMemoryBytes, maxMemoryBytes, systemMemoryBytes, cli } = redis;
  const { redisPerson, redisJournal } = measuredCosts.bytes;
  const sale = ask.visitors * redisPerson + redisJournal;
  const used = usedMemoryBytes ?? 0;
  const wanted = Math.max((used + sale) / (redisMemoryLimitsPercent.warn / 100), used + sale * redisRoom);
  const limit = maxMemoryBytes || (systemMemoryBytes ?? 0) * redisMemoryShareMax;
  const text = `${counted(ask.visitors)} visitors take ${megabytes(sale)} MB beside ${megabytes(used)} MB: Redis needs ${megabytes(wanted)} MB`;
  if (limit === 0)
    return fail('sale-memory', { text: `${text}, and its memory is not known`, who: 'whoever runs Redis' });
  const what = maxMemoryBytes ? 'its maxmemory is' : 'its machine can give';
  const whole = `${text}, ${what} ${megabytes(limit)} MB`;
  if (wanted <= limit) return pass('sale-memory', whole);
  const fits = systemMemoryBytes === null || wanted <= systemMemoryBytes * redisMemoryShareMax;
  return fail('sale-memory', {
    text: whole,
    who: fits ? redisAdmin : 'whoever runs Redis: move it to a machine with more memory',
    ...(fits ? { next: `${cli} CONFIG SET maxmemory ${megabytes(wanted) + 1}mb` } : {}),
  });
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1_048_576);

function replicationLine({ masters, isProtected, doctor: { redis } }: SaleFacts): Finding {
  const { pass, fail } = lines(null);
  const check = 'redis-replica-lag';
  const alone = masters.filter(({ replicas }) => replicas.length === 0).length;
  if (alone > 0) {
    const text = `${alone === masters.length ? 'Redis has' : `${alone} masters of Redis have`} no replica`;
    if (!isProtected) return pass(check, `${text}: nothing can lag behind`);
    return fail(check, {
      text: `${text}: when it dies, the line stands`,
      who: 'whoever runs Redis: add a replica',
    });
  }
  const replicas = masters.flatMap((master) => master.replicas);
  const late = replicas.filter(
    ({ online, lagSec, behindBytes }) =>
      !online || lagSec > replicaLagSecMax || behindBytes > replicaBehindBytesMax,
  );
  if (late.length === 0) return pass(check, `${replicas.length} replicas follow Redis closely`);
  return fail(check, {
    text: `${late.length} of ${replicas.length} replicas of Redis lag behind: a failover now loses what they lack`,
    who: redisAdmin,
    next: `${redis.cli} INFO replication`,
  });
}

function budgetLine({ event, ask, budget, doctor: { events } }: SaleFacts): Finding {
  const { pass, fail } = lines(event);
  const own = ask.refillPerSec ?? events[0]?.refillPerSec ?? 0;
  const all = Math.round((budget.othersPerSec + own) * 100) / 100;
  if (budget.perSec === null) return pass('sale-budget', `all events come to ${all}/s; no budget is set`);
  const text = `all events come to ${all} of ${budget.perSec}/s`;
  if (all <= budget.perSec) return pass('sale-budget', text);
  return fail('sale-budget', {
    text,
    who: 'an admin, once the backends bear it',
    next: `tacos budget set ${Math.ceil(all)}`,
  });
}

function endLine(
  { ask }: SaleFacts,
  check: string,
  { what, endsAtMs, who }: { readonly what: string; readonly endsAtMs: number | null; readonly who: string },
): Finding {
  const { pass, fail } = lines(null);
  if (endsAtMs === null) return pass(check, 'none has an end that is known');
  const leftMs = endsAtMs - Date.parse(ask.endsAt);
  if (leftMs >= 0) return pass(check, `${what} is good for ${inWords(leftMs)} after the sale`);
  return fail(check, { text: `${what} ends ${inWords(-leftMs)} before the sale does`, who });
}

function clockLine({ clockOffMs }: SaleFacts): Finding {
  const { pass, fail } = lines(null);
  const off = Math.abs(clockOffMs);
  if (off <= clockOffMsMax) return pass('sale-clocks', "the admin API's clock is that of Redis");
  return fail('sale-clocks', {
    text: `the admin API's clock is ${inWords(off)} ${clockOffMs > 0 ? 'behind' : 'ahead of'} that of Redis, which decides when the sale opens`,
    who: 'whoever runs the two machines',
    next: 'timedatectl set-ntp true',
  });
}

function alarmLine({ webhookTook, isProtected }: SaleFacts): Finding {
  const { pass, fail } = lines(null);
  if (webhookTook === true) return pass('alarm-delivery', 'the webhook took a test message');
  if (webhookTook === false)
    return fail('alarm-delivery', {
      text: 'the webhook did not take a test message: nobody would hear of alarms',
      who: 'whoever runs the receiver of ALERT_WEBHOOK_URL',
    });
  if (!isProtected) return pass('alarm-delivery', 'no webhook is set');
  return fail('alarm-delivery', {
    text: 'no webhook is set: nobody would hear of alarms',
    who: 'whoever runs the admin API: set ALERT_WEBHOOK_URL',
  });
}
