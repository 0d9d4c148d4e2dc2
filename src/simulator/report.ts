import type { Histogram } from 'hdr-histogram-js';
import type { CrowdSettings } from './options.ts';
import { type AdmittedOrder, countOvertaken, orderOf } from './order.ts';
import type { VisitorKind } from './plan.ts';
import { type SalesReport, salesReport } from './sales.ts';
import { admissionRate, fullSeconds } from './series.ts';
import type { Outcome, RefusalCount, Tally } from './tally.ts';
import { type Call, calls } from './wire.ts';

/** A distribution, in the unit of its name. All 0 when nothing was recorded. */
export interface Distribution {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Refusals of an enter after "ready", in total and by reason. */
export interface RefusalReport extends Readonly<RefusalCount> {
  readonly total: number;
  readonly byReason: Readonly<Record<string, Readonly<RefusalCount>>>;
}

/** What happened to a crowd: plain data, JSON as it stands. */
export interface CrowdReport {
  readonly event: string;
  readonly seed: number;
  readonly runId: string;
  readonly elapsedSec: number;
  readonly arrived: number;
  readonly joined: number;
  readonly kinds: Readonly<Record<VisitorKind, number>>;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Of those who entered: from the join's answer to the grant, s. */
  readonly waitSec: Distribution;
  /** From the request on the wire to the answer's last byte, ms. */
  readonly latencyMs: Readonly<Record<Call, Distribution>>;
  /** Time that requests waited in the simulator for a free connection, ms: not the gateway's. */
  readonly connectionWaitMs: Distribution;
  readonly requests: Readonly<Record<Call, number>>;
  readonly polls: number;
  /** Unwanted answers by error code, refusals of an enter (NOT_READY) apart. */
  readonly errors: Readonly<Record<string, number>>;
  readonly connectionErrors: Readonly<Record<string, number>>;
  readonly retries: number;
  readonly refusalsAfterReady: RefusalReport;
  readonly duplicates: {
    /** Visitors whose racing joins got different waiting tokens. */
    readonly places: number;
    /** Places whose racing enters got different reservation tokens. */
    readonly grants: number;
  };
  /** Polls that showed a higher position than the one before without a notice that says why. */
  readonly positionRises: number;
  readonly order: {
    /** In the order of the joins, as near as a visitor can tell. */
    readonly admitted: readonly AdmittedOrder[];
    readonly windowPlaces: number;
    /** Admitted after somebody more than `windowPlaces` behind them. Information: slow visitors cause it too. */
    readonly overtaken: number;
  };
  readonly admissions: {
    readonly total: number;
    /** By second since the start. */
    readonly perSec: readonly number[];
    /** Over the whole seconds between the first and the last admission; `admissionRate` measures any others. */
    readonly ratePerSec: number;
    readonly fromSec: number;
    readonly toSec: number;
  };
  /** What those bought who entered. */
  readonly sales: SalesReport;
  readonly eta: {
    /** Polls with 30 s or more left and confidence 0.6 or more, of visitors who became ready. */
    readonly polls: number;
    /** Of those, how many were within max(10 %, 5 s). */
    readonly within: number;
    /** 0 to 1; null without such polls. */
    readonly share: number | null;
  };
  /** CPU of the whole process that ran the crowd. */
  readonly cpu: { readonly userMs: number; readonly systemMs: number; readonly perRequestUs: number };
}

/** Turns the tally of a finished run into its report. `cpu`: process.cpuUsage() since the start, µs. */
export function makeReport(tally: Tally, settings: CrowdSettings, cpu: NodeJS.CpuUsage): CrowdReport {
  const { latencyUs, requests } = tally;
  const order = orderOf(tally.admitted);
  const requestCount = Object.values(requests).reduce((sum, count) => sum + count, 0);
  return {
    event: settings.event,
    seed: settings.seed,
    runId: settings.runId,
    elapsedSec: (performance.now() - tally.startedAtMs) / 1000,
    arrived: tally.arrived,
    joined: tally.joined,
    kinds: { ...tally.kinds },
    outcomes: { ...tally.outcomes },
    waitSec: distribution(tally.waitMs),
    latencyMs: Object.fromEntries(
      calls.map((call) => [call, distribution(latencyUs[call])]),
    ) as CrowdReport['latencyMs'],
    connectionWaitMs: distribution(tally.connectionWaitUs),
    requests: { ...requests },
    polls: requests.status,
    errors: { ...tally.errors },
    connectionErrors: { ...tally.connectionErrors },
    retries: tally.retries,
    refusalsAfterReady: refusalReport(tally.refusals),
    duplicates: { places: tally.duplicatePlaces, grants: tally.doubleGrants },
    positionRises: tally.positionRises,
    order: {
      admitted: order,
      windowPlaces: settings.windowPlaces,
      overtaken: countOvertaken(order, settings.windowPlaces),
    },
    admissions: admissionsOf(tally),
    sales: salesReport(tally.sales),
    eta: {
      polls: tally.etaPolls,
      within: tally.etaPollsWithin,
      share: tally.etaPolls === 0 ? null : tally.etaPollsWithin / tally.etaPolls,
    },
    cpu: {
      userMs: cpu.user / 1000,
      systemMs: cpu.system / 1000,
      perRequestUs: requestCount === 0 ? 0 : (cpu.user + cpu.system) / requestCount,
    },
  };
}

/** Sums refusals over their reasons. */
export function refusalReport(byReason: Readonly<Record<string, Readonly<RefusalCount>>>): RefusalReport {
  const sum = (kind: keyof RefusalCount) =>
    Object.values(byReason).reduce((total, count) => total + count[kind], 0);
  const [explained, late, unexplained] = [sum('explained'), sum('late'), sum('unexplained')];
  return { total: explained + late + unexplained, explained, late, unexplained, byReason: { ...byReason } };
}

function admissionsOf(tally: Tally): CrowdReport['admissions'] {
  const perSec = [...tally.admissionsPerSec];
  const interval = fullSeconds(perSec);
  return { total: tally.outcomes.entered, perSec, ratePerSec: admissionRate(perSec, interval), ...interval };
}

/** A histogram in thousandths, as a distribution: µs become ms, ms become s. */
function distribution(histogram: Histogram): Distribution {
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000;
  const count = histogram.totalCount;
  if (count === 0) return { count, p50: 0, p95: 0, p99: 0, max: 0 };
  return { count, p50: at(50), p95: at(95), p99: at(99), max: histogram.maxValue / 1000 };
}
