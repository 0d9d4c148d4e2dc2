/** What a run will send, and whether this machine can send it. Pure. */
import { formatDuration } from '../../duration.ts';
import { count } from '../../output/format.ts';
import type { Scale, Scenario, ScenarioBook } from './scenarios.ts';

/**
 * CPU that k6 needs for one request, s: 0.43 ms were measured for the mix of a sale (24,830 requests, 10.7 s of CPU, one
 * 2-core machine). Half of a machine that the gateway is on too is left to it.
 */
export const cpuSecPerRequest = 0.000_4;

/** Memory of one virtual user, bytes: k6 1.4.0 took 40 MB with one and 482 MB with 1,000 (soak.js, no visitors yet). */
const bytesPerUser = 500_000;

/** What a run will be. */
export interface LoadPlan {
  readonly scenario: string;
  readonly about: string;
  readonly event: string;
  readonly baseUrl: string;
  readonly scale: number;
  readonly timeScale: number;
  readonly durationSec: number;
  /** All requests, roughly; and a second at the peak. */
  readonly requests: number;
  readonly peakRequestsPerSec: number;
  /** Visitors, joins or requests that arrive a second at the peak, as the profile counts them. */
  readonly peakArrivalsPerSec: number;
  readonly virtualUsers: number;
  /** What this machine is reckoned to drive, requests a second; and how many such machines it would take. */
  readonly canDrivePerSec: number;
  readonly machines: number;
}

/** Where it runs. */
export interface Machine {
  readonly cores: number;
  readonly memoryBytes: number;
  /** The gateway is on the same machine. */
  readonly isShared: boolean;
}

export interface PlanInput extends Scale {
  readonly scenario: Scenario;
  readonly event: string;
  readonly baseUrl: string;
  /** --vus */
  readonly vus?: number;
  readonly machine: Machine;
}

/** Reckons a run. */
export function loadPlanOf(book: ScenarioBook, input: PlanInput): LoadPlan {
  const { scenario, event, baseUrl, scale, timeScale, vus, machine } = input;
  const loads = scenario.loads.map((load) => book.scaled(load, { scale, timeScale }));
  const durationSec = Math.max(...loads.map(({ stages }) => stages.reduce((sum, { sec }) => sum + sec, 0)));
  const total = (of: (load: (typeof loads)[number]) => number): number =>
    loads.reduce((sum, load) => sum + of(load), 0);
  const peak = total((load) => book.peakPerSec(load) * load.requestsEach);
  const cores = machine.isShared ? machine.cores / 2 : machine.cores;
  const canDrivePerSec = Math.round(cores / cpuSecPerRequest);
  return {
    scenario: scenario.name,
    about: scenario.about,
    event,
    baseUrl,
    scale,
    timeScale,
    durationSec,
    requests: Math.round(total((load) => book.arrivals(load) * load.requestsEach)),
    peakRequestsPerSec: Math.round(peak),
    peakArrivalsPerSec: total((load) => book.peakPerSec(load)),
    virtualUsers: total((load) => vus ?? book.virtualUsers(load)),
    canDrivePerSec,
    machines: Math.max(1, Math.ceil(peak / canDrivePerSec)),
  };
}

/** What does not look right about it, one sentence each. */
export function planWarnings(plan: LoadPlan, { memoryBytes }: Machine): string[] {
  const { machines, canDrivePerSec, peakRequestsPerSec: peak, virtualUsers, scale } = plan;
  const warnings: string[] = [];
  if (machines > 1) {
    const fitting = Math.floor(((scale * canDrivePerSec) / peak) * 100) / 100;
    warnings.push(
      `the peak is more than this machine is reckoned to drive (${count(canDrivePerSec)}/s): it takes ${machines} such machines, or --scale ${Math.max(0.01, fitting)}`,
    );
  }
  if (virtualUsers * bytesPerUser > memoryBytes / 2) {
    warnings.push(`${count(virtualUsers)} virtual users need more than half of the memory here: lower --vus`);
  }
  return warnings;
}

/** The plan as people read it. */
export function loadPlanText(plan: LoadPlan, head: string): string {
  const { peakRequestsPerSec: peak, canDrivePerSec, machines } = plan;
  const by =
    plan.scale === 1 && plan.timeScale === 1 ? '' : `   (rates x${plan.scale}, times x${plan.timeScale})`;
  const rows = [
    ['load', `${plan.scenario}: ${plan.about}${by}`],
    ['target', `${plan.baseUrl}   event ${plan.event}`],
    [
      'requests',
      `about ${count(plan.requests)} in ${formatDuration(plan.durationSec)}, at most ${count(peak)}/s   ${count(plan.virtualUsers)} virtual users`,
    ],
    [
      'machine',
      `can drive about ${count(canDrivePerSec)}/s${machines === 1 ? '' : `: ${machines} machines are needed`}`,
    ],
  ];
  return `${head}\n${rows.map(([name = '', text]) => `   ${name.padEnd(9)} ${text}\n`).join('')}`;
}
