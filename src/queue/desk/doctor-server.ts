/** What is wrong with what all lines run on. */
import { inWords, short } from '../../contract/alarm-row.ts';
import {
  endingMs,
  failoverToldSec,
  gatewaySeenSec,
  redisCpuLimitsPercent,
  redisMemoryLimitsPercent,
} from '../../contract/alarms-of-servers.ts';
import type { Finding } from '../../contract/doctor.ts';
import type { DoctorFacts, DoctorRedis } from './doctor.ts';
import { findingsOf } from './finding.ts';

const { fail, warn, pass, trouble } = findingsOf(null);

/** Of the machine's memory that Redis may be given: a save copies pages. */
export const redisMemoryShareMax = 0.75;
const runsRedis = 'whoever runs Redis';
/** Who can run what `redis-cli` is to do: the users of tacos may not. */
export const redisAdmin = "whoever runs Redis, as Redis's own admin";

/** A finding for every check that the facts allow, in any order. */
export function serverFindings(facts: DoctorFacts): Finding[] {
  return [
    memoryFinding(facts.redis),
    persistenceFinding(facts.redis),
    cpuFinding(facts.redis),
    ...evictionFinding(facts.redis),
    ...aofFinding(facts.redis),
    ...minReplicasFinding(facts.redis),
    ...sentinelsFinding(facts.redis),
    failoverFinding(facts),
    versionFinding(facts),
    endingFinding('certificate-ending', {
      what: 'the certificate of the admin API',
      leftMs: leftMs(facts.certificateEndsAtMs, facts),
      who: 'whoever issues certificates: put a new one in place of its file, the admin API takes it over by itself',
    }),
    endingFinding('key-ending', {
      what: 'a key',
      leftMs: leftMs(facts.keyEndsAtMs, facts),
      who: 'whoever keeps the keys: put a new one in front of the list, then restart gateways and admin API',
    }),
    webhookFinding(facts),
    ...hpaFinding(facts),
  ];
}

function memoryFinding(redis: DoctorRedis): Finding {
  const { usedMemoryBytes, maxMemoryBytes, systemMemoryBytes, cli } = redis;
  if (usedMemoryBytes === null || !maxMemoryBytes)
    return pass('redis-memory', 'Redis has no limit of memory');
  const percent = (100 * usedMemoryBytes) / maxMemoryBytes;
  const text = `Redis uses ${short(percent)} % of its maxmemory of ${megabytes(maxMemoryBytes)} MB`;
  if (percent <= redisMemoryLimitsPercent.warn) return pass('redis-memory', text);
  // Redis may hold more than it is allowed to, when the limit came later.
  const wanted = 2 * Math.max(maxMemoryBytes, usedMemoryBytes);
  const room =
    systemMemoryBytes === null ? wanted : Math.min(wanted, systemMemoryBytes * redisMemoryShareMax);
  const grows = usedMemoryBytes < (redisMemoryLimitsPercent.warn / 100) * megabytes(room) * 1_048_576;
  return trouble(percent > redisMemoryLimitsPercent.crit, 'redis-memory', {
    text: percent >= 99 ? `${text}: ${whenFull(redis)}` : text,
    who: grows ? redisAdmin : `${runsRedis}: move it to a machine with more memory`,
    ...(grows ? { next: `${cli} CONFIG SET maxmemory ${megabytes(room)}mb` } : {}),
  });
}

const evictingOf = ({ evictionPolicies }: DoctorRedis): string[] =>
  evictionPolicies.filter((policy) => policy !== 'noeviction');

const whenFull = (redis: DoctorRedis): string =>
  evictingOf(redis).length > 0 ? 'it throws places away' : 'nobody can join or enter';

const megabytes = (bytes: number): number => Math.max(1, Math.floor(bytes / 1_048_576));

function persistenceFinding({ persistenceFailing, cli }: DoctorRedis): Finding {
  if (persistenceFailing === null || persistenceFailing === '') {
    return pass(
      'persistence-failing',
      persistenceFailing === '' ? 'Redis saves' : 'Redis does not tell how it saves',
    );
  }
  return fail('persistence-failing', {
    text: `Redis cannot save (${persistenceFailing}): a crash now loses places`,
    who: `${redisAdmin}: free its disk`,
    next: `${cli} INFO persistence`,
  });
}

function cpuFinding({ cpuPercent }: DoctorRedis): Finding {
  if (cpuPercent === null) return pass('redis-cpu', 'not measured yet');
  const text = `Redis uses ${short(cpuPercent)} % of its core`;
  if (cpuPercent <= redisCpuLimitsPercent.warn) return pass('redis-cpu', text);
  const who = `${runsRedis}: a faster core, or the busiest event on a Redis of its own`;
  return trouble(cpuPercent > redisCpuLimitsPercent.crit, 'redis-cpu', { text, who });
}

function evictionFinding(redis: DoctorRedis): Finding[] {
  if (redis.evictionPolicies.length === 0) return [];
  const evicting = evictingOf(redis);
  if (evicting.length > 0) return [fail('noeviction', evictionSays(evicting, redis))];
  return [pass('noeviction', 'Redis refuses when it is full, and throws no place away')];
}

/** What is said of a Redis that does not refuse when it is full. */
export const evictionSays = (
  policies: readonly string[],
  { cli }: Pick<DoctorRedis, 'cli'>,
): Pick<Finding, 'text' | 'who' | 'next'> => ({
  text: `maxmemory-policy is ${policies.join(', ') || 'not told'}: a full Redis may throw whole lines away`,
  who: redisAdmin,
  next: `${cli} CONFIG SET maxmemory-policy noeviction`,
});

function aofFinding({ aof, cli }: DoctorRedis): Finding[] {
  if (aof === null) return [];
  if (aof) return [pass('aof-off', 'Redis writes an append-only file')];
  const text = 'Redis writes no append-only file: a crash loses everybody since its last snapshot';
  return [fail('aof-off', { text, who: redisAdmin, next: `${cli} CONFIG SET appendonly yes` })];
}

function minReplicasFinding({ minReplicas, cli }: DoctorRedis): Finding[] {
  if (minReplicas === null) return [];
  if (minReplicas) return [pass('min-replicas', 'a master that has lost its replicas takes no writes')];
  return [
    warn('min-replicas', {
      text: 'a master that is cut off from its replicas goes on taking writes, which a failover loses',
      who: redisAdmin,
      next: `${cli} CONFIG SET min-replicas-to-write 1`,
    }),
  ];
}

function sentinelsFinding({ sentinels }: DoctorRedis): Finding[] {
  if (sentinels === null) return [];
  const { named, answering, quorum } = sentinels;
  const known = Math.max(named, sentinels.known ?? 0);
  const text = `${answering} of ${named} sentinels answer`;
  if (answering < named) {
    // Quorum calls a master gone; a majority of all that watch it votes for who replaces it.
    const needed = Math.max(quorum ?? 0, Math.floor(known / 2) + 1);
    const isTooFew = answering + known - named < needed;
    const then = isTooFew ? `, ${needed} are needed: nobody takes over from a master that is lost` : '';
    return [trouble(isTooFew, 'sentinels-missing', { text: `${text}${then}`, who: runsRedis })];
  }
  if (known === named) return [pass('sentinels-missing', text)];
  const unnamed = `${known} sentinels watch Redis, REDIS_SENTINELS names ${named}: while those are gone, no master is found`;
  return [warn('sentinels-missing', { text: unnamed, who: 'whoever keeps the settings: name all of them' })];
}

function failoverFinding({ redis, nowMs }: DoctorFacts): Finding {
  const agoMs = redis.failoverAtMs === null ? Number.POSITIVE_INFINITY : nowMs - redis.failoverAtMs;
  if (agoMs > failoverToldSec * 1000)
    return pass('failover-seen', 'the same Redis has answered for 10 minutes');
  return warn('failover-seen', {
    text: `another Redis has taken over ${inWords(agoMs)} ago`,
    who: `${runsRedis}: see why the one before went`,
  });
}

/** Of live gateways: those that stopped may be what was replaced. */
function versionFinding({ events, nowMs }: DoctorFacts): Finding {
  const live = events
    .flatMap(({ gateways }) => gateways)
    .filter((one) => nowMs - one.lastMs <= gatewaySeenSec * 1000);
  const versions = [
    ...new Set(live.map(({ version }) => version).filter((version) => version !== null)),
  ].sort();
  if (versions.length < 2)
    return pass(
      'mixed-versions',
      versions.map((one) => `all gateways run ${one}`).join() || 'no gateway says its version',
    );
  return warn('mixed-versions', {
    text: `gateways run ${versions.join(' and ')}`,
    who: 'whoever rolls out: finish, or go back',
  });
}

const leftMs = (endsAtMs: number | null, { nowMs }: DoctorFacts): number =>
  endsAtMs === null ? Number.POSITIVE_INFINITY : endsAtMs - nowMs;

function endingFinding(
  check: 'certificate-ending' | 'key-ending',
  { what, leftMs, who }: { what: string; leftMs: number; who: string },
): Finding {
  if (leftMs === Number.POSITIVE_INFINITY) return pass(check, 'none has an end that is known');
  if (leftMs > endingMs.warn) return pass(check, `${what} is good for ${inWords(leftMs)}`);
  const text = leftMs > 0 ? `${what} ends in ${inWords(leftMs)}` : `${what} ended ${inWords(-leftMs)} ago`;
  return fail(check, { text, who });
}

function webhookFinding({ webhook }: DoctorFacts): Finding {
  if (!webhook.configured) return pass('webhook-failing', 'no webhook is set');
  if (!webhook.failing) return pass('webhook-failing', 'the webhook takes what it is sent');
  return warn('webhook-failing', {
    text: 'the webhook refuses alarms and audit records',
    who: 'whoever runs the receiver of ALERT_WEBHOOK_URL',
  });
}

function hpaFinding({ hpa }: DoctorFacts): Finding[] {
  if (hpa === null) return [];
  const text = `${hpa.replicas} of at most ${hpa.max} gateways run`;
  if (hpa.replicas < hpa.max) return [pass('hpa-at-max', text)];
  return [warn('hpa-at-max', { text, next: `tacos hpa patch --max ${2 * hpa.max}` })];
}
