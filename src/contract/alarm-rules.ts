/**
 * PromQL of the alarms. Gateways are scraped as the job `tacos-gateway`, admin APIs as `tacos-admin`, each process by
 * itself; all of them know all of an event, so its figures are never added up over processes.
 */

/** Scrape jobs that the rules name. */
export const gatewayJob = 'tacos-gateway';
export const adminJob = 'tacos-admin';

/** Matches the requests of visitors, by either wire; those of probes and scrapes are none. */
export const visitorRequests = 'route=~"/api/.*|/gateway[.]v1[.]QueueService/.*"';

/** The highest that any process says of each event. */
export const most = (expr: string): string => `max by (event) (${expr})`;

/** The lowest that any process says of each event: of a doubtful condition. */
const least = (expr: string): string => `min by (event) (${expr})`;

/** Of Redis by the admin APIs: other exporters have metrics of the same names. */
export const ofRedis = (metric: string): string => `max(${metric}{job="${adminJob}"})`;

/** Nobody was let through, though somebody waits and could enter. */
export const admissionsNoneRule = [
  `${most('rate(admission_rate_counter[30s])')} == 0`,
  `${least('queue_waiting')} > 0`,
  `${least('bucket_tokens')} >= 1`,
  `${least('queue_admitting')} == 1`,
].join(' and ');

export interface AdmissionsLow {
  /** Of the refill. */
  readonly shareMin: number;
  /** Fewest admissions that are expected within the time over which a rate is taken. */
  readonly expectedMin: number;
  /** Nobody is missed where fewer wait than are let through in so long, s. */
  readonly crowdSec: number;
}

/** A series that Prometheus works out once for several rules and panels. */
export interface RecordedRule {
  readonly record: string;
  readonly expr: string;
}

const recordedOver = (range: string): RecordedRule[] => [
  { record: `tacos:admitted:rate${range}`, expr: most(`rate(admission_rate_counter[${range}])`) },
  {
    // The smallest of that time: neither a rise nor a brake that lets go makes admissions look low.
    record: `tacos:refill:least${range}`,
    expr: least(
      `min_over_time(bucket_refill_per_second[${range}]) * min_over_time(admission_brake_ratio[${range}])`,
    ),
  },
  { record: `tacos:admitting:least${range}`, expr: least(`min_over_time(queue_admitting[${range}])`) },
  {
    // Only where it was known that long ago already: a line that begins has admitted nobody yet.
    record: `tacos:waiting:least${range}`,
    expr: least(`min_over_time(queue_waiting[${range}]) and queue_waiting offset ${range}`),
  },
];

/** What the rules of admissions are made from; they stand in front of these. */
export const recordedRules: readonly RecordedRule[] = [...recordedOver('1m'), ...recordedOver('5m')];

/** Less than a share of the refill is let through: over 1 min, and of events too slow for that, over 5 min. */
export function admissionsLowRule({ shareMin, expectedMin, crowdSec }: AdmissionsLow): string {
  const low = (range: string): string =>
    [
      `tacos:admitted:rate${range} > 0`,
      `tacos:admitted:rate${range} < ${shareMin} * tacos:refill:least${range}`,
      `tacos:admitting:least${range} == 1`,
      `tacos:waiting:least${range} > ${crowdSec} * tacos:refill:least${range}`,
    ].join(' and ');
  const judgedBy1m = `tacos:refill:least1m >= ${expectedMin} / 60`;
  const judgedBy5m = `tacos:refill:least5m < ${expectedMin} / 60 and tacos:refill:least5m >= ${expectedMin} / 300`;
  return [
    `((${low('1m')} and ${judgedBy1m}) or (${low('5m')} and ${judgedBy5m}))`,
    `${least('queue_waiting - bucket_tokens')} > 0`,
    `${least('bucket_tokens')} >= 1`,
  ].join(' and ');
}

/** More than a share of the window is silent, while people could enter. */
export const deadHeadsRule = (shareMax: number): string =>
  `${most('queue_dead_heads')} > ${shareMax} * ${most('queue_window')} and ${least('queue_admitting')} == 1`;

/** More than a share of the visitors' requests of the last minute failed. */
export function errorShareRule(percent: number): string {
  const requests = (status: string): string =>
    `sum(rate(http_server_requests_total{${visitorRequests}${status}}[1m]))`;
  return `${requests(',status=~"5.."')} > ${percent / 100} * ${requests('')}`;
}

/** One join in a hundred of the last minute took longer. */
export function joinP99Rule(sec: number): string {
  const joins = 'route=~"/api/v1/queue/join|/gateway[.]v1[.]QueueService/JoinQueue"';
  const buckets = `http_server_requests_duration_seconds_bucket{${joins}}`;
  return `histogram_quantile(0.99, sum by (le) (rate(${buckets}[1m]))) > ${sec}`;
}

/** Redis uses more than a share of what it may; nothing where it has no limit. */
export const memoryRule = (share: number): string =>
  `${ofRedis('redis_memory_used_bytes')} > ${share} * (${ofRedis('redis_memory_max_bytes')} > 0)`;

/** Autoscalers of the gateways that can add none; the metrics are those of kube-state-metrics. */
export const hpaAtMaxRule = ((): string => {
  const ofTacos = (metric: string): string =>
    `kube_horizontalpodautoscaler_${metric}{horizontalpodautoscaler=~"tacos.*"}`;
  const on = 'on(namespace, horizontalpodautoscaler)';
  return `${ofTacos('status_current_replicas')} >= ${on} ${ofTacos('spec_max_replicas')}`;
})();
