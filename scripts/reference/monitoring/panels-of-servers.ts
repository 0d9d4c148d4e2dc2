/** Panels about what lines run on. */
import { event, quantile, type Row, rate } from './panel.ts';

/** Services behind the gateways. */
export const backendRow: Row = {
  title: 'Backends',
  panels: [
    {
      title: 'Calls',
      unit: 'reqps',
      min: 0,
      targets: [
        {
          expr: `sum by (backend, outcome) (rate(backend_calls_total[${rate}]))`,
          legend: '{{backend}} {{outcome}}',
        },
      ],
    },
    {
      title: 'Latency',
      unit: 's',
      min: 0,
      targets: [
        { expr: quantile(0.5, 'backend_call_duration_seconds', 'backend'), legend: '{{backend}} p50' },
        { expr: quantile(0.99, 'backend_call_duration_seconds', 'backend'), legend: '{{backend}} p99' },
      ],
    },
    {
      title: 'Breakers that are not closed',
      unit: 'short',
      min: 0,
      description: 'Workers; each has breakers of its own.',
      targets: [
        {
          expr: 'sum by (backend, state) (backend_breaker_state{state!="closed"})',
          legend: '{{backend}} {{state}}',
        },
      ],
    },
    {
      title: 'Budget',
      unit: 'short',
      min: 0,
      width: 12,
      description: 'Admissions a second of all events together.',
      targets: [
        { expr: 'max(backend_budget_used_per_second)', legend: 'used' },
        { expr: 'max(backend_budget_per_second)', legend: 'budget' },
      ],
    },
    {
      title: 'Brake',
      unit: 'percentunit',
      min: 0,
      max: 1,
      width: 12,
      description:
        'Share of the refill that is let through; wanted = what it would do where it only watches.',
      targets: [
        { expr: `min by (event) (admission_brake_ratio${event})`, legend: '{{event}}' },
        { expr: `min by (event) (brake_wanted_ratio${event})`, legend: '{{event}} wanted' },
      ],
    },
  ],
};

const admin = '{job="tacos-admin"}';

/** Redis. */
export const redisRow: Row = {
  title: 'Redis',
  panels: [
    {
      title: 'Core of the busiest master',
      unit: 'percent',
      min: 0,
      max: 100,
      targets: [{ expr: `max(redis_cpu_percent${admin})`, legend: 'CPU' }],
    },
    {
      title: 'Memory of Redis',
      unit: 'bytes',
      min: 0,
      targets: [
        { expr: `max(redis_memory_used_bytes${admin})`, legend: 'used' },
        { expr: `max(redis_memory_max_bytes${admin}) > 0`, legend: 'maxmemory' },
      ],
    },
    {
      title: 'Commands',
      unit: 'ops',
      min: 0,
      targets: [
        { expr: `max(redis_operations_per_second${admin})`, legend: 'all clients' },
        {
          expr: `sum by (command) (rate(redis_commands_total{job="tacos-gateway"}[${rate}]))`,
          legend: '{{command}} of gateways',
        },
      ],
    },
    {
      title: 'Round trip, p99',
      unit: 's',
      min: 0,
      width: 12,
      targets: [{ expr: `max(redis_ping_p99_seconds${admin})`, legend: 'PING' }],
    },
    {
      title: 'Failovers and failing saves',
      unit: 'short',
      min: 0,
      width: 12,
      targets: [
        { expr: `max(increase(redis_failovers_total${admin}[${rate}]))`, legend: 'failovers' },
        { expr: `max(redis_persistence_failing${admin})`, legend: 'cannot save' },
      ],
    },
  ],
};

const gateway = '{job="tacos-gateway"}';

/** Gateways. */
export const gatewayRow: Row = {
  title: 'Gateways',
  panels: [
    {
      title: 'Gateways by version',
      unit: 'short',
      min: 0,
      targets: [
        { expr: 'count by (version) (tacos_build_info{component="gateway"})', legend: '{{version}}' },
        { expr: `count(up${gateway} == 0) or vector(0)`, legend: 'missing' },
      ],
    },
    {
      title: 'Versions of the settings behind',
      unit: 'short',
      min: 0,
      targets: [
        {
          expr: `max by (event) (queue_revision${event}) - on(event) group_right() gateway_revision${event}`,
          legend: '{{instance}} {{event}}',
        },
      ],
    },
    {
      title: 'Behind the journal',
      unit: 's',
      min: 0,
      targets: [{ expr: `max by (instance) (queue_replica_lag_seconds${event})`, legend: '{{instance}}' }],
    },
    {
      title: 'CPU of gateways, cores',
      unit: 'short',
      min: 0,
      targets: [{ expr: `rate(process_cpu_seconds_total${gateway}[${rate}])`, legend: '{{instance}}' }],
    },
    {
      title: 'Memory of gateways',
      unit: 'bytes',
      min: 0,
      targets: [{ expr: `process_resident_memory_bytes${gateway}`, legend: '{{instance}}' }],
    },
    {
      title: 'Event loop, p99',
      unit: 's',
      min: 0,
      targets: [{ expr: `nodejs_eventloop_lag_p99_seconds${gateway}`, legend: '{{instance}}' }],
    },
  ],
};
