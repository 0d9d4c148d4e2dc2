/** What a run came to: made from k6's summary, which it has whole, and from what was seen meanwhile. */
import { z } from 'zod';
import { compareReports } from './baseline.ts';
import type { LoadPlan } from './load-plan.ts';
import { limitOf } from './verdict.ts';

const metricSchema = z.object({
  type: z.string(),
  values: z.record(z.string(), z.number().nullable()),
  thresholds: z.record(z.string(), z.object({ ok: z.boolean() })).optional(),
});

/** The file that k6/lib/summary.js writes. */
export const k6SummarySchema = z.object({
  run: z.object({ endedAt: z.string() }),
  state: z.object({ testRunDurationMs: z.number() }),
  metrics: z.record(z.string(), metricSchema),
});
export type K6Summary = z.infer<typeof k6SummarySchema>;

const callSchema = z.object({
  call: z.string(),
  count: z.number(),
  p50Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
});

/** The document of a run. Times in ms where they say so, shares 0 to 1. */
export const loadReportSchema = z.object({
  scenario: z.string(),
  event: z.string(),
  baseUrl: z.string(),
  scale: z.number(),
  timeScale: z.number(),
  endedAt: z.string(),
  durationSec: z.number(),
  /** k6's own; and whether all thresholds held to the end. */
  k6ExitCode: z.number().int(),
  passed: z.boolean(),
  /** Stopped before its end. */
  partial: z.boolean(),
  plannedRequests: z.number(),
  plannedPeakPerSec: z.number(),
  requests: z.number(),
  requestsPerSec: z.number(),
  /** Highest rate seen over a second. */
  peakPerSec: z.number().nullable(),
  failedRatio: z.number(),
  iterations: z.number(),
  droppedIterations: z.number(),
  joined: z.number(),
  letIn: z.number(),
  orders: z.number(),
  calls: z.array(callSchema),
  thresholds: z.array(z.object({ metric: z.string(), condition: z.string(), ok: z.boolean() })),
  /** Who could do no more: generator, server, or nobody. */
  limit: z.object({ by: z.enum(['generator', 'server', 'nobody']), why: z.string() }),
  generator: z.object({
    k6: z.string(),
    cores: z.number(),
    /** null = not known on this platform. */
    cpuSec: z.number().nullable(),
    virtualUsersMax: z.number(),
  }),
  /** Seen meanwhile through the admin API; null = there was none. */
  server: z
    .object({
      waitingMax: z.number(),
      redisCpuPercentMax: z.number().nullable(),
      gateways: z.number(),
      gatewayCpuPercentMax: z.number().nullable(),
    })
    .nullable(),
  /** Against an earlier report; null = none was given. */
  baseline: z
    .object({
      file: z.string(),
      endedAt: z.string(),
      comparable: z.boolean(),
      worse: z.boolean(),
      rows: z.array(
        z.object({
          figure: z.string(),
          before: z.number(),
          after: z.number(),
          verdict: z.enum(['same', 'better', 'worse']),
        }),
      ),
    })
    .nullable(),
  /** All of k6's metrics, as k6 says them. */
  metrics: z.record(z.string(), metricSchema),
});
export type LoadReport = z.infer<typeof loadReportSchema>;

/** What was seen while it ran. */
export interface Seen {
  readonly k6ExitCode: number;
  readonly isPartial: boolean;
  readonly k6Version: string;
  readonly cores: number;
  readonly cpuSec: number | null;
  readonly peakPerSec: number | null;
  readonly server: LoadReport['server'];
  readonly baseline?: { readonly file: string; readonly report: LoadReport };
}

/** Requests of the visitor API in the order in which a visitor makes them. */
const calls = ['join', 'status', 'enter', 'reserve', 'intent', 'payment', 'confirm', 'attack'];

/** Puts the report together. */
export function loadReportOf(plan: LoadPlan, { run, state, metrics }: K6Summary, seen: Seen): LoadReport {
  const value = (metric: string, name: string): number => metrics[metric]?.values[name] ?? 0;
  const requests = value('http_reqs', 'count');
  const thresholds = Object.entries(metrics).flatMap(([metric, { thresholds: all = {} }]) =>
    Object.entries(all).map(([condition, { ok }]) => ({ metric, condition, ok })),
  );
  const { cpuSec, cores } = seen;
  const report: LoadReport = {
    scenario: plan.scenario,
    event: plan.event,
    baseUrl: plan.baseUrl,
    scale: plan.scale,
    timeScale: plan.timeScale,
    endedAt: run.endedAt,
    durationSec: state.testRunDurationMs / 1000,
    k6ExitCode: seen.k6ExitCode,
    passed: seen.k6ExitCode === 0 && !seen.isPartial,
    partial: seen.isPartial,
    plannedRequests: plan.requests,
    plannedPeakPerSec: plan.peakRequestsPerSec,
    requests,
    requestsPerSec: value('http_reqs', 'rate'),
    peakPerSec: seen.peakPerSec,
    failedRatio: value('http_req_failed', 'rate'),
    iterations: value('iterations', 'count'),
    droppedIterations: value('dropped_iterations', 'count'),
    joined: value('tacos_joined', 'count'),
    letIn: value('tacos_granted', 'count'),
    orders: value('tacos_ordered', 'count'),
    calls: calls.flatMap((call) => callOf(call, metrics)),
    thresholds,
    limit: { by: 'nobody', why: '' },
    generator: { k6: seen.k6Version, cores, cpuSec, virtualUsersMax: value('vus_max', 'max') },
    server: seen.server,
    baseline: null,
    metrics,
  };
  const limited = { ...report, limit: limitOf(report, plan) };
  if (seen.baseline === undefined) return limited;
  return { ...limited, baseline: compareReports(seen.baseline, limited) };
}

/** Counted apart where the scenario has a threshold for it. */
function callOf(call: string, metrics: K6Summary['metrics']): LoadReport['calls'] {
  const values = metrics[`http_req_duration{name:${call}}`]?.values;
  if (values === undefined || !values.count) return [];
  const at = (name: string): number => values[name] ?? 0;
  return [
    { call, count: at('count'), p50Ms: at('med'), p95Ms: at('p(95)'), p99Ms: at('p(99)'), maxMs: at('max') },
  ];
}
