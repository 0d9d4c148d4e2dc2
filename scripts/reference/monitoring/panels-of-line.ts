/** Panels about lines and visitors. */
import { visitorRequests as visitors } from '../../../src/contract/alarm-rules.ts';
import { event, quantile, type Row, rate } from './panel.ts';

/** The lines. */
export const lineRow: Row = {
  title: 'Line',
  panels: [
    {
      title: 'Alarms on',
      unit: 'short',
      kind: 'stat',
      width: 4,
      description: 'Alerts of tacos.rules.yml that fire now.',
      targets: [
        { expr: 'count(ALERTS{alertname=~"Tacos.*",alertstate="firing"}) or vector(0)', legend: 'on' },
      ],
    },
    {
      title: 'Waiting',
      unit: 'short',
      width: 10,
      min: 0,
      targets: [
        { expr: `max by (event) (queue_waiting${event})`, legend: '{{event}}' },
        { expr: `max by (event) (queue_away${event})`, legend: '{{event}} away' },
      ],
    },
    {
      title: 'Admissions, refill and joins a second',
      unit: 'short',
      width: 10,
      min: 0,
      description: 'The refill is the rate that operators have set.',
      targets: [
        {
          expr: `max by (event) (rate(admission_rate_counter${event}[${rate}]))`,
          legend: '{{event}} admitted',
        },
        { expr: `max by (event) (bucket_refill_per_second${event})`, legend: '{{event}} refill' },
        { expr: `max by (event) (rate(queue_joined_total${event}[${rate}]))`, legend: '{{event}} joined' },
      ],
    },
    {
      title: 'Tokens',
      unit: 'short',
      targets: [
        { expr: `min by (event) (bucket_tokens${event})`, legend: '{{event}}' },
        { expr: `max by (event) (bucket_capacity_tokens${event})`, legend: '{{event}} capacity' },
      ],
    },
    {
      title: 'ETA accuracy',
      unit: 'percentunit',
      min: 0,
      max: 1,
      description: '1 - mean relative error of the waits shown.',
      targets: [{ expr: `avg by (event) (eta_accuracy_gauge${event})`, legend: '{{event}}' }],
    },
    {
      title: 'Window: silent people',
      unit: 'short',
      min: 0,
      targets: [
        { expr: `max by (event) (queue_dead_heads${event})`, legend: '{{event}} silent' },
        { expr: `max by (event) (queue_window${event})`, legend: '{{event}} window' },
      ],
    },
    {
      title: 'Positions told',
      unit: 'short',
      kind: 'heatmap',
      width: 16,
      description: 'Of status polls, all events together.',
      targets: [
        { expr: `sum by (le) (increase(queue_position_histogram_bucket[${rate}]))`, legend: '{{le}}' },
      ],
    },
    {
      title: 'Open and not paused',
      unit: 'short',
      min: 0,
      max: 1,
      targets: [{ expr: `max by (event) (queue_admitting${event})`, legend: '{{event}}' }],
    },
  ],
};

/** Visitors' requests. */
export const visitorRow: Row = {
  title: 'Visitors',
  panels: [
    {
      title: 'Requests',
      unit: 'reqps',
      min: 0,
      targets: [
        {
          expr: `sum by (route) (rate(http_server_requests_total{${visitors}}[${rate}]))`,
          legend: '{{route}}',
        },
      ],
    },
    {
      title: 'Errors',
      unit: 'reqps',
      min: 0,
      targets: [
        {
          expr: `sum by (status) (rate(http_server_requests_total{${visitors},status=~"[45].."}[${rate}]))`,
          legend: '{{status}}',
        },
      ],
    },
    {
      title: 'p99',
      unit: 's',
      min: 0,
      targets: [
        {
          expr: quantile(0.99, 'http_server_requests_duration_seconds', 'route', `{${visitors}}`),
          legend: '{{route}}',
        },
      ],
    },
    {
      title: 'Refused operations',
      unit: 'reqps',
      min: 0,
      targets: [
        {
          expr: `sum by (operation, outcome) (rate(queue_operations_total{outcome!="ok"}[${rate}]))`,
          legend: '{{operation}} {{outcome}}',
        },
      ],
    },
    {
      title: 'Rate limits and repeats',
      unit: 'reqps',
      min: 0,
      targets: [
        {
          expr: `sum by (operation) (rate(overload_refused_total[${rate}]))`,
          legend: 'overload {{operation}}',
        },
        { expr: `sum by (scope) (rate(ratelimit_dropped_total[${rate}]))`, legend: 'limited by {{scope}}' },
        { expr: `sum by (outcome) (rate(idempotency_hits_total[${rate}]))`, legend: 'key {{outcome}}' },
      ],
    },
    {
      title: 'Streams open',
      unit: 'short',
      min: 0,
      targets: [{ expr: 'sum(queue_streams)', legend: 'streams' }],
    },
  ],
};
