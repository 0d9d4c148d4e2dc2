/** Alarms about what the lines run on: gateways, Redis, certificates, the cluster. */
import { type AlarmFacts, type GatewayReport, gatewayMemorySec } from './alarm-facts.ts';
import { type AlarmRow, type Found, inWords, overLimits } from './alarm-row.ts';
import {
  adminJob,
  errorShareRule,
  gatewayJob,
  hpaAtMaxRule,
  joinP99Rule,
  memoryRule,
  ofRedis,
} from './alarm-rules.ts';
import { staleAfterMs } from './limits.ts';

/** A gateway is missing when it was not heard for so long; it may take as long to have a change in force, s. */
export const gatewaySilentSec = 5;
/** Receipts and the fleet's figures count gateways that were heard within this time, s. */
export const gatewaySeenSec = 3;
export const lagLimitsMs = { warn: staleAfterMs, crit: 5_000 } as const;
/** Of the requests of the last minute. */
export const errors5xxLimitsPercent = { warn: 1, crit: 5 } as const;
export const joinP99LimitsMs = { warn: 250, crit: 1_000 } as const;
export const redisCpuLimitsPercent = { warn: 70, crit: 85 } as const;
export const redisMemoryLimitsPercent = { warn: 70, crit: 85 } as const;
/** A failover is told for so long, s. */
export const failoverToldSec = 600;
/** Longest time between two scrapes with which the rules are meant to be used, s. */
export const scrapeSec = 10;
/** Certificates and keys are told of so long before their end, ms; critical the shorter time before. */
export const endingMs = { warn: 24 * 3_600_000, crit: 2 * 3_600_000 } as const;

const failoverRule = `max(increase(redis_failovers_total{job="${adminJob}"}[${failoverToldSec / 60}m])) > 0`;
const lagRule = (ms: number): string => `max by (job, instance) (queue_replica_lag_seconds) > ${ms / 1000}`;

export const serverAlarms: readonly AlarmRow[] = [
  {
    id: 'gateway-missing',
    title: 'A gateway has stopped reporting',
    meaning: 'A gateway that served this queue was not heard for 5 s and did not say goodbye.',
    // The silence is the waiting time.
    forSec: 0,
    evaluate: gatewayMissing,
    rules: [
      { severity: 'warn', expr: `up{job="${gatewayJob}"} == 0`, forSec: 5 },
      // A Prometheus that was just started has not scraped any yet.
      {
        severity: 'crit',
        expr: `absent(up{job="${gatewayJob}"} == 1)`,
        forSec: gatewaySilentSec + scrapeSec,
      },
    ],
  },
  {
    id: 'revision-not-in-force',
    title: 'A gateway has not taken a change over',
    meaning: 'A live gateway works with older settings than the newest for more than 5 s.',
    forSec: gatewaySilentSec,
    evaluate: revisionBehind,
    rules: [
      {
        severity: 'warn',
        expr: 'gateway_revision < on(event) group_left max by (event) (queue_revision)',
        // Both sides are scraped at different moments.
        forSec: gatewaySilentSec + scrapeSec,
      },
    ],
  },
  {
    id: 'mixed-versions',
    title: 'Gateways run different versions',
    meaning:
      'Gateways of more than one version have served this queue for a minute: a rollout is stuck, or half done.',
    forSec: 60,
    evaluate: ({ gateways: { versions } }) =>
      versions.length > 1 ? warn(`gateways run ${versions.join(' and ')}`) : null,
    rules: [
      {
        severity: 'warn',
        expr: 'count(count by (version) (tacos_build_info{component="gateway"})) > 1',
        forSec: 60,
      },
    ],
  },
  {
    id: 'replica-lag',
    title: 'A gateway is behind the journal',
    meaning:
      'The slowest gateway has not read the journal to its end for over a second: it says ready to nobody.',
    forSec: 2,
    evaluate: ({ gateways: { lagMs } }) =>
      overLimits(lagMs, lagLimitsMs, (ms) => `the slowest gateway is ${ms} ms behind the journal`),
    rules: [
      { severity: 'warn', expr: lagRule(lagLimitsMs.warn), forSec: 2 },
      { severity: 'crit', expr: lagRule(lagLimitsMs.crit), forSec: 2 },
    ],
  },
  {
    id: 'errors-5xx',
    title: 'Visitors get errors',
    meaning: 'More than 1 % of the requests of the last minute were answered with a server error.',
    forSec: 10,
    evaluate: ({ gateways: { errors5xxPercent } }) =>
      overLimits(errors5xxPercent, errors5xxLimitsPercent, (share) => `${share} % of the answers are 5xx`),
    rules: [
      { severity: 'warn', expr: errorShareRule(errors5xxLimitsPercent.warn), forSec: 10 },
      { severity: 'crit', expr: errorShareRule(errors5xxLimitsPercent.crit), forSec: 10 },
    ],
  },
  {
    id: 'join-slow',
    title: 'Joining is slow',
    meaning: 'One join in a hundred takes more than 250 ms.',
    forSec: 10,
    evaluate: ({ gateways: { joinP99Ms } }) =>
      overLimits(joinP99Ms, joinP99LimitsMs, (ms) => `p99 of joins is ${ms} ms`),
    rules: [
      { severity: 'warn', expr: joinP99Rule(joinP99LimitsMs.warn / 1000), forSec: 10 },
      { severity: 'crit', expr: joinP99Rule(joinP99LimitsMs.crit / 1000), forSec: 10 },
    ],
  },
  {
    id: 'redis-cpu',
    title: 'Redis is busy',
    meaning: 'The core of the hottest Redis master is busy for more than 70 % of the time; 85 % is critical.',
    forSec: 10,
    evaluate: ({ redis: { cpuPercent, hottestNode } }) =>
      overLimits(
        cpuPercent,
        redisCpuLimitsPercent,
        (share) => `Redis ${hottestNode === null ? '' : `${hottestNode} `}uses ${share} % of its core`,
      ),
    rules: [
      {
        severity: 'warn',
        expr: `${ofRedis('redis_cpu_percent')} > ${redisCpuLimitsPercent.warn}`,
        forSec: 10,
      },
      {
        severity: 'crit',
        expr: `${ofRedis('redis_cpu_percent')} > ${redisCpuLimitsPercent.crit}`,
        forSec: 10,
      },
    ],
  },
  {
    id: 'redis-memory',
    title: 'Redis is running out of memory',
    meaning:
      'Redis uses more than 70 % of its maxmemory; 85 % is critical. At 100 % nobody can join or enter.',
    forSec: 0,
    evaluate: ({ redis: { usedMemoryBytes, maxMemoryBytes } }) =>
      overLimits(
        usedMemoryBytes !== null && maxMemoryBytes ? (100 * usedMemoryBytes) / maxMemoryBytes : null,
        redisMemoryLimitsPercent,
        (share) => `Redis uses ${share} % of its maxmemory`,
      ),
    rules: [
      { severity: 'warn', expr: memoryRule(redisMemoryLimitsPercent.warn / 100), forSec: 0 },
      { severity: 'crit', expr: memoryRule(redisMemoryLimitsPercent.crit / 100), forSec: 0 },
    ],
  },
  {
    id: 'persistence-failing',
    title: 'Redis cannot save',
    meaning: 'Redis fails to write what it holds to its disk: a crash now would lose places.',
    forSec: 0,
    evaluate: ({ persistenceFailing }) =>
      persistenceFailing ? crit(`Redis cannot save: ${persistenceFailing}`) : null,
    rules: [{ severity: 'crit', expr: `${ofRedis('redis_persistence_failing')} == 1`, forSec: 0 }],
  },
  {
    id: 'failover-seen',
    title: 'Another Redis has taken over',
    meaning:
      'The master of this queue changed within the last 10 minutes; the line may have lost its last second.',
    forSec: 0,
    evaluate: ({ failoverAtMs, nowMs }) =>
      failoverAtMs !== null && nowMs - failoverAtMs < failoverToldSec * 1000
        ? warn(`another Redis has taken over ${inWords(nowMs - failoverAtMs)} ago`)
        : null,
    rules: [{ severity: 'warn', expr: failoverRule, forSec: 0 }],
    next: ({ event }) => `tacos doctor ${event}`,
  },
  {
    id: 'certificate-ending',
    title: 'A certificate is about to end',
    meaning: 'The certificate of the admin API ends within 24 hours: then no operator can reach it.',
    forSec: 0,
    evaluate: (facts) => ending('the certificate of the admin API', facts.certificateEndsAtMs, facts.nowMs),
    rules: endingRules('tacos_certificate_end_seconds'),
  },
  {
    id: 'key-ending',
    title: 'A key is about to end',
    meaning: 'A signing key or an API key ends within 24 hours: what it signed is refused from then on.',
    forSec: 0,
    evaluate: (facts) => ending('a key', facts.keyEndsAtMs, facts.nowMs),
    rules: endingRules('tacos_key_end_seconds'),
  },
  {
    id: 'hpa-at-max',
    title: 'The cluster cannot add gateways',
    meaning: 'The autoscaler runs as many gateways as it may for a minute.',
    forSec: 60,
    evaluate: ({ hpa }) =>
      hpa !== null && hpa.replicas >= hpa.max
        ? warn(`${hpa.replicas} of at most ${hpa.max} gateways run`)
        : null,
    rules: [
      {
        severity: 'warn',
        expr: hpaAtMaxRule,
        forSec: 60,
      },
    ],
    next: ({ hpa }) => `tacos hpa patch --max ${2 * (hpa?.max ?? 1)}`,
  },
];

const warn = (text: string): Found => ({ severity: 'warn', text });
const crit = (text: string): Found => ({ severity: 'crit', text });

/** Gateways that went without a goodbye; critical when none is left. */
function gatewayMissing({ reports, nowMs, waiting, stale }: AlarmFacts): Found | null {
  if (stale) return null;
  const age = ({ lastMs }: GatewayReport): number => nowMs - lastMs;
  const missing = reports.filter(
    (one) => age(one) > gatewaySilentSec * 1000 && age(one) <= gatewayMemorySec * 1000,
  );
  const live = reports.length - missing.length;
  if (missing.length === 0)
    return reports.length === 0 && waiting > 0 ? crit('no gateway serves this queue') : null;
  const names = missing.map((one) => `${one.gateway} (seen ${inWords(age(one))} ago)`).join(', ');
  return { severity: live === 0 ? 'crit' : 'warn', text: `missing: ${names}` };
}

function revisionBehind({ reports, nowMs, revision, stale }: AlarmFacts): Found | null {
  const behind = reports.filter(
    (one) => nowMs - one.lastMs <= gatewaySeenSec * 1000 && one.revision < revision,
  );
  if (stale || behind.length === 0) return null;
  const names = behind.map((one) => `${one.gateway} (version ${one.revision})`).join(', ');
  return warn(`version ${revision} is not in force on ${names}`);
}

function ending(what: string, endsAtMs: number | null, nowMs: number): Found | null {
  if (endsAtMs === null || endsAtMs - nowMs > endingMs.warn) return null;
  const leftMs = endsAtMs - nowMs;
  const text = leftMs > 0 ? `${what} ends in ${inWords(leftMs)}` : `${what} ended ${inWords(-leftMs)} ago`;
  return { severity: leftMs <= endingMs.crit ? 'crit' : 'warn', text };
}

function endingRules(metric: string): AlarmRow['rules'] {
  return [
    { severity: 'warn', expr: `${metric} - time() < ${endingMs.warn / 1000}`, forSec: 0 },
    { severity: 'crit', expr: `${metric} - time() < ${endingMs.crit / 1000}`, forSec: 0 },
  ];
}
