/** Courses of the alarms about what lines run on. */
import {
  admin,
  admin1,
  countedInPhases,
  counter,
  endOf,
  event,
  gw,
  gw1,
  gw2,
  hold,
  inPhases,
  never,
  ofEvent,
  oneLimit,
  phase,
  type RuleCase,
  twoLimits,
} from './rule-course.ts';

const requests = (status: number, route: string): string =>
  gw1('http_server_requests_total', { method: 'GET', route, status });
const joins = (le: string): string =>
  gw1('http_server_requests_duration_seconds_bucket', { method: 'POST', route: '/api/v1/queue/join', le });

const up = { job: 'tacos-gateway' };
/** Tests of the alarms about servers. */
export const serverCases: readonly RuleCase[] = [
  {
    id: 'gateway-missing',
    series: { [gw1('up', {})]: inPhases(1, 1, 0, 1), [gw2('up', {})]: inPhases(1, 0, 0, 1) },
    on: [
      [endOf(1), []],
      [endOf(2), [{ severity: 'warn', labels: { ...up, instance: 'gw-2' } }]],
      [
        endOf(3),
        [
          { severity: 'warn', labels: { ...up, instance: 'gw-1' } },
          { severity: 'warn', labels: { ...up, instance: 'gw-2' } },
          { severity: 'crit', labels: {} },
        ],
      ],
      [endOf(4), []],
    ],
  },
  {
    id: 'revision-not-in-force',
    // A change of which the gateway has read a scrape later is none that it has missed.
    series: {
      [ofEvent('queue_revision')]: hold([17, 10], [18, 14], [19, 48]),
      [gw('gateway_revision')]: hold([17, 11], [18, 37], [19, 24]),
    },
    on: [[50, []], ...oneLimit('warn')],
    labels: { ...up, instance: 'gw-1', ...event },
  },
  {
    id: 'mixed-versions',
    series: {
      [gw1('tacos_build_info', { component: 'gateway', version: '1.0.0' })]: hold([1, 72]),
      [gw2('tacos_build_info', {
        component: 'gateway',
        version: '1.1.0',
      })]: `_x${phase} ${hold([1, phase])} stale`,
      [admin1('tacos_build_info', { component: 'admin', version: '1.1.0' })]: hold([1, 72]),
    },
    on: oneLimit('warn'),
  },
  {
    id: 'replica-lag',
    series: { [gw('queue_replica_lag_seconds')]: inPhases(0.05, 1.5, 6, 0.05) },
    on: twoLimits,
    labels: { ...up, instance: 'gw-1' },
  },
  {
    id: 'errors-5xx',
    series: {
      [requests(200, '/api/v1/queue/status')]: counter([500, 96]),
      [requests(503, '/api/v1/queue/join')]: countedInPhases(0, 10, 50, 0),
      // Probes of a gateway that starts are nobody's errors.
      [requests(503, '/readyz')]: counter([900, 96]),
    },
    on: twoLimits,
  },
  {
    id: 'join-slow',
    series: {
      [joins('0.25')]: countedInPhases(100, 97, 90, 100),
      [joins('1')]: countedInPhases(100, 100, 90, 100),
      [joins('2.5')]: counter([100, 96]),
      [joins('+Inf')]: counter([100, 96]),
    },
    on: twoLimits,
  },
  { id: 'redis-cpu', series: { [admin('redis_cpu_percent')]: inPhases(41, 75, 92, 41) }, on: twoLimits },
  {
    id: 'redis-memory',
    series: {
      [admin('redis_memory_used_bytes')]: inPhases(2e9, 3e9, 3.6e9, 2e9),
      [admin('redis_memory_max_bytes')]: hold([4e9, 96]),
    },
    on: twoLimits,
  },
  {
    id: 'redis-memory',
    what: 'without a limit, and of a Redis of somebody else',
    series: {
      [admin('redis_memory_used_bytes')]: hold([2e9, 96]),
      [admin('redis_memory_max_bytes')]: hold([0, 96]),
      'redis_memory_used_bytes{job="redis-exporter"}': hold([99, 96]),
      'redis_memory_max_bytes{job="redis-exporter"}': hold([100, 96]),
    },
    on: never(300),
  },
  {
    id: 'persistence-failing',
    series: { [admin('redis_persistence_failing')]: inPhases(0, 1, 0) },
    on: oneLimit('crit'),
  },
  {
    id: 'failover-seen',
    series: { [admin('redis_failovers_total')]: hold([0, 24], [1, 160]) },
    on: [
      [110, []],
      [300, ['warn']],
      [780, []],
    ],
  },
  {
    id: 'certificate-ending',
    series: { [admin('tacos_certificate_end_seconds')]: inPhases(900_000, 80_000, 7_000, 900_000) },
    on: twoLimits,
    labels: { job: 'tacos-admin', instance: 'admin-1' },
  },
  {
    id: 'key-ending',
    series: { [admin('tacos_key_end_seconds')]: inPhases(900_000, 80_000, 7_000, 900_000) },
    on: twoLimits,
    labels: { job: 'tacos-admin', instance: 'admin-1' },
  },
  {
    id: 'hpa-at-max',
    series: Object.fromEntries(
      [
        ['status_current_replicas', inPhases(4, 6, 4)],
        ['spec_max_replicas', hold([6, 72])],
      ].map(([name, values]) => [
        `kube_horizontalpodautoscaler_${name}{namespace="sale",horizontalpodautoscaler="tacos-gateway"}`,
        values ?? '',
      ]),
    ),
    on: oneLimit('warn'),
    labels: { namespace: 'sale', horizontalpodautoscaler: 'tacos-gateway' },
  },
];
