/** Who was the limit of a run: the one who made the load, or the one who bore it. Pure. */
import { count } from '../../output/format.ts';
import type { LoadPlan } from './load-plan.ts';
import type { LoadReport } from './load-report.ts';

/** Above this share of arrivals that k6 had to drop, the load was not the one that was asked for. */
const droppedRatioMax = 0.01;
/** Above this share of the machine's CPU, k6's own waiting is in the times it measures. */
const busyRatioMax = 0.8;
/** Answers that take this much longer than a virtual user is meant to be busy hold them all up. */
const slowMs = 500;

type Measured = Pick<
  LoadReport,
  | 'partial'
  | 'requests'
  | 'plannedRequests'
  | 'iterations'
  | 'droppedIterations'
  | 'durationSec'
  | 'generator'
  | 'thresholds'
  | 'metrics'
>;

/** The verdict, with its reason in one sentence. */
export function limitOf(report: Measured, plan: Pick<LoadPlan, 'virtualUsers'>): LoadReport['limit'] {
  const { iterations, droppedIterations: dropped, generator, thresholds } = report;
  const busyRatio = busyRatioOf(report);
  const busy =
    busyRatio === undefined ? '' : `k6 used ${Math.round(busyRatio * 100)} % of this machine's CPU`;
  const isBusy = busyRatio !== undefined && busyRatio >= busyRatioMax;
  if (dropped > droppedRatioMax * (iterations + dropped)) {
    const lost = `${count(dropped)} of ${count(iterations + dropped)} arrivals were dropped`;
    if (isBusy) return { by: 'generator', why: `${lost}, and ${busy}` };
    const p95Ms = report.metrics.http_req_duration?.values['p(95)'] ?? 0;
    const isFull = generator.virtualUsersMax >= plan.virtualUsers;
    if (isFull && p95Ms >= slowMs) {
      return {
        by: 'server',
        why: `${lost}: all virtual users waited for answers (p95 ${Math.round(p95Ms)} ms)`,
      };
    }
    return {
      by: 'generator',
      why: `${lost}: too few virtual users were ready (${count(plan.virtualUsers)}); raise --vus`,
    };
  }
  if (isBusy) return { by: 'generator', why: `${busy}, so the times include its own waiting` };
  const slow = thresholds.filter(({ metric, ok }) => !ok && metric.startsWith('http_req'));
  if (slow.length > 0) {
    return {
      by: 'server',
      why: slow.map(({ metric, condition }) => `${metric} not ${condition}`).join('; '),
    };
  }
  if (report.partial) {
    const { requests, plannedRequests } = report;
    return { by: 'nobody', why: `${count(requests)} of about ${count(plannedRequests)} requests were sent` };
  }
  return { by: 'nobody', why: 'all arrivals were sent and answered as they should be' };
}

/** Share of the machine's CPU that k6 used; undefined where it is not known. */
function busyRatioOf({ generator, durationSec }: Measured): number | undefined {
  const { cpuSec, cores } = generator;
  return cpuSec === null || durationSec === 0 ? undefined : cpuSec / (durationSec * cores);
}
