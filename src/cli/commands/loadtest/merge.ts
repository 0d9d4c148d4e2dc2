/** One summary of many runners. Pure. */
import type { LoadSummary } from '../../../contract/loadtest.ts';
import { exitCodes } from '../../exit-codes.ts';
import { type K6Summary, k6SummarySchema } from './load-report.ts';

/** k6's exit code where a threshold was crossed. */
const crossed = 99;

type Metric = K6Summary['metrics'][string];
type Values = Metric['values'];

/** What all runners came to. */
export interface Merged {
  readonly summary: K6Summary | undefined;
  /** As one k6 would have ended. */
  readonly exitCode: number;
  /** Names of those that left no summary. */
  readonly silent: readonly string[];
}

/** Puts them together. A runner that is missing altogether makes it a failure, as its share of the load was not seen. */
export function mergeRunners(all: readonly LoadSummary[], runners: number): Merged {
  const read = all.map((each) => ({ ...each, parsed: parse(each.summary) }));
  const summaries = read.flatMap(({ parsed }) => parsed ?? []);
  const silent = read.flatMap(({ pod, parsed }) => (parsed === undefined ? [pod] : []));
  const codes = all.flatMap(({ exitCode }) => exitCode ?? []);
  const isCrossed =
    codes.includes(crossed) ||
    summaries.some(({ metrics }) =>
      Object.values(metrics).some(({ thresholds = {} }) => Object.values(thresholds).some(({ ok }) => !ok)),
    );
  const failed = codes.find((code) => code !== 0);
  const isWhole = summaries.length >= runners;
  const otherwise = failed ?? (isWhole ? exitCodes.done : exitCodes.failed);
  return {
    summary: mergeSummaries(summaries),
    exitCode: isCrossed ? crossed : otherwise,
    silent,
  };
}

function parse(text: string | null): K6Summary | undefined {
  try {
    return text === null ? undefined : k6SummarySchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/**
 * Counts and rates are added up, means weighted. Percentiles cannot be put together from percentiles: the highest of a
 * runner stands, which that of all together cannot exceed.
 */
export function mergeSummaries(summaries: readonly K6Summary[]): K6Summary | undefined {
  const [first] = summaries;
  if (first === undefined) return undefined;
  const names = new Set(summaries.flatMap(({ metrics }) => Object.keys(metrics)));
  const metrics = Object.fromEntries(
    [...names].map((name) => [name, mergeMetric(summaries.flatMap((each) => each.metrics[name] ?? []))]),
  );
  return {
    run: {
      endedAt: summaries.map(({ run }) => run.endedAt).reduce((one, other) => (one > other ? one : other)),
    },
    state: { testRunDurationMs: Math.max(...summaries.map(({ state }) => state.testRunDurationMs)) },
    metrics,
  };
}

function mergeMetric(all: readonly Metric[]): Metric {
  const type = all[0]?.type ?? '';
  const values = all.map((metric) => metric.values);
  const conditions = new Set(all.flatMap(({ thresholds = {} }) => Object.keys(thresholds)));
  const thresholds = Object.fromEntries(
    [...conditions].map((name) => [
      name,
      { ok: all.every((metric) => metric.thresholds?.[name]?.ok !== false) },
    ]),
  );
  return {
    type,
    values: type === 'trend' ? trendOf(values) : type === 'rate' ? rateOf(values) : sumOf(values),
    ...(conditions.size === 0 ? {} : { thresholds }),
  };
}

function sumOf(all: readonly Values[]): Values {
  const names = new Set(all.flatMap((values) => Object.keys(values)));
  return Object.fromEntries([...names].map((name) => [name, sum(all.map((values) => values[name] ?? 0))]));
}

function rateOf(all: readonly Values[]): Values {
  const { passes = 0, fails = 0 } = sumOf(all);
  const total = (passes ?? 0) + (fails ?? 0);
  return { rate: total === 0 ? 0 : (passes ?? 0) / total, passes, fails };
}

function trendOf(all: readonly Values[]): Values {
  // One that saw none has zeros, which are no times.
  const seen = all.filter(({ count }) => count);
  const names = new Set(all.flatMap((values) => Object.keys(values)));
  const of = (name: string): number[] => seen.map((values) => values[name] ?? 0);
  const count = sum(of('count'));
  return Object.fromEntries(
    [...names].map((name) => {
      if (seen.length === 0) return [name, 0];
      if (name === 'count') return [name, count];
      if (name === 'min') return [name, Math.min(...of(name))];
      if (name === 'avg')
        return [name, sum(seen.map((values) => (values.avg ?? 0) * (values.count ?? 0))) / count];
      return [name, Math.max(...of(name))];
    }),
  );
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
