import { describe, expect, it } from 'vitest';
import type { LoadSummary } from '../../../contract/loadtest.ts';
import type { K6Summary } from './load-report.ts';
import { mergeRunners, mergeSummaries } from './merge.ts';

type Values = Record<string, number>;

const summaryOf = (of: { times: Values; failed?: Values; ok?: boolean; sec?: number }): K6Summary => ({
  run: { endedAt: `2026-11-21T05:00:0${of.sec ?? 1}.000Z` },
  state: { testRunDurationMs: (of.sec ?? 1) * 1000 },
  metrics: {
    http_reqs: { type: 'counter', values: { count: of.times.count ?? 0, rate: 10 } },
    http_req_failed: { type: 'rate', values: of.failed ?? { rate: 0, passes: 0, fails: 10 } },
    http_req_duration: {
      type: 'trend',
      values: of.times,
      thresholds: { 'p(95)<500': { ok: of.ok ?? true } },
    },
    vus_max: { type: 'gauge', values: { value: 5, min: 5, max: 5 } },
  },
});
const slow = summaryOf({ times: { min: 4, avg: 20, 'p(95)': 80, max: 90, count: 100 }, sec: 3 });
const fast = summaryOf({
  times: { min: 2, avg: 10, 'p(95)': 40, max: 50, count: 300 },
  failed: { rate: 0.5, passes: 15, fails: 15 },
});
const runner = (summary: K6Summary | string | null, exitCode: number | null = 0): LoadSummary => ({
  pod: 'runner-1',
  exitCode,
  summary: typeof summary === 'object' && summary !== null ? JSON.stringify(summary) : summary,
  said: '',
});

describe('summaries of many runners', () => {
  it('add up counts and rates, weigh means, and keep the highest percentile', () => {
    const { metrics, run, state } = mergeSummaries([slow, fast]) ?? slow;
    expect(metrics.http_reqs?.values).toEqual({ count: 400, rate: 20 });
    expect(metrics.http_req_failed?.values).toEqual({ rate: 15 / 40, passes: 15, fails: 25 });
    expect(metrics.http_req_duration?.values).toEqual({
      min: 2,
      avg: 12.5,
      'p(95)': 80,
      max: 90,
      count: 400,
    });
    expect(metrics.vus_max?.values.max).toBe(10);
    expect([run.endedAt, state.testRunDurationMs]).toEqual(['2026-11-21T05:00:03.000Z', 3_000]);
  });

  it('pass over the zeros of a runner that saw nothing of a kind', () => {
    const none = summaryOf({ times: { min: 0, avg: 0, 'p(95)': 0, max: 0, count: 0 } });
    expect(mergeSummaries([none, slow])?.metrics.http_req_duration?.values).toMatchObject({
      min: 4,
      avg: 20,
    });
    expect(mergeSummaries([none])?.metrics.http_req_duration?.values).toMatchObject({ min: 0, count: 0 });
    expect(mergeSummaries([])).toBeUndefined();
  });

  it('hold a threshold only where every runner did', () => {
    const crossed = summaryOf({ times: { 'p(95)': 900, count: 1 }, ok: false });
    const merged = mergeRunners([runner(slow), runner(crossed, 99)], 2);
    expect(merged.summary?.metrics.http_req_duration?.thresholds).toEqual({ 'p(95)<500': { ok: false } });
    expect(merged.exitCode).toBe(99);
    // Pods that are gone say no exit code; their summary does.
    expect(mergeRunners([runner(slow, null), runner(crossed, null)], 2).exitCode).toBe(99);
  });

  it('are a failure where one is missing, broken, or ended badly', () => {
    expect(mergeRunners([runner(slow), runner(fast)], 2)).toMatchObject({ exitCode: 0, silent: [] });
    expect(mergeRunners([runner(slow)], 2).exitCode).toBe(1);
    expect(mergeRunners([runner(slow), runner('{"metrics":')], 2)).toMatchObject({
      exitCode: 1,
      silent: ['runner-1'],
    });
    expect(mergeRunners([runner(slow), runner(null, 107)], 2).exitCode).toBe(107);
    expect(mergeRunners([], 1)).toEqual({ summary: undefined, exitCode: 1, silent: [] });
  });
});
