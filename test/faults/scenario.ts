/** One row of the suite: a world, a crowd, a fault, and what must be 0 whatever it does. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '../helpers/fleet.ts';
import { check, countKinds, type Finding, type FindingKind, findingKinds, isSettled } from './checker.ts';
import { lagWithin } from './checks/hangs.ts';
import { History, type HistoryRecord, requestsOf } from './history.ts';
import { isFailed, secondsUntilNormal } from './normal.ts';
import { type Note, notesOf } from './notes.ts';
import { type CrowdOptions, Visitors } from './visitors.ts';
import { World, type WorldOptions } from './world.ts';

export interface Scenario {
  /** A word for --only and the table. */
  readonly name: string;
  /** The row of docs/reliability.md that this shows, a sentence. */
  readonly row: string;
  /** Part of --short. */
  readonly short?: boolean;
  /** Why it cannot run here, a sentence; undefined = it can. */
  readonly missing?: () => string | undefined;
  /** Why it cannot run here though nothing is wrong with that, a sentence; then it is left out in CI too. */
  readonly absent?: () => string | undefined;
  /** Folder of the build that the gateways run at first. Default: dist of this checkout. */
  readonly dist?: () => string;
  readonly world?: Omit<WorldOptions, 'history' | 'dist'>;
  readonly crowd?: Omit<CrowdOptions, 'seed'>;
  /** Findings that docs/reliability.md names as not promised; they are counted beside the others. */
  readonly isExcused?: (finding: Finding) => boolean;
  /** No request may fail, but where the machine stood still. Default: some may, while the fault lasts. */
  readonly isSmooth?: boolean;
  /** As it is before the fault, s. Default 4; with --short 3. */
  readonly beforeSec?: number;
  /** The crowd goes on for so long after the plan is done, s. Default 6; with --short 4. */
  readonly afterSec?: number;
  /** Makes the fault and, where it ends, ends it. The crowd is there all the time. */
  plan(world: World, isShort: boolean): Promise<void>;
}

export interface RunOptions {
  readonly seed: number;
  readonly isShort: boolean;
  /** Folder for histories. */
  readonly outDir: string;
  /** Distinguishes runs of one scenario in file names. */
  readonly suffix?: string;
  readonly timetable?: readonly string[];
  /** How long the line may take until everybody stands as they must, ms. Default 40,000. */
  readonly settleMs?: number;
}

/** What came of a run. */
export interface Outcome {
  readonly name: string;
  readonly seed: number;
  readonly findings: readonly Finding[];
  readonly counts: Record<FindingKind, number>;
  readonly requests: number;
  readonly failed: number;
  readonly joins: number;
  readonly grants: number;
  readonly normalSec: number | undefined;
  readonly notes: readonly Note[];
  readonly tookSec: number;
  readonly path: string;
  /** Kinds that are not 0, or what kept the run from being one. */
  readonly broken: readonly string[];
}

/** A request that fails while the suite itself is held up for so long is nobody's fault, ms. */
const heldUpMs = 500;

const settleMs = 40_000;

/** Runs a scenario once; the world is stopped however it ends. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Outcome> {
  const { seed, outDir, isShort, suffix = '' } = options;
  const startedMs = performance.now();
  const path = join(outDir, `${scenario.name}${suffix}.jsonl`);
  const history = new History(path);
  const head = { kind: 'head', name: scenario.name, seed, expireSec: 300 } as const;
  history.add({ ...head, ...(options.timetable === undefined ? {} : { timetable: options.timetable }) });
  let faultMs = 0;
  let failure: string | undefined;
  let logs = '';
  let seen: readonly string[] = [];
  try {
    const own = scenario.dist === undefined ? {} : { dist: scenario.dist() };
    const world = await World.start({ ...scenario.world, ...own, history });
    const visitors = new Visitors(world, { ...scenario.crowd, seed });
    try {
      visitors.start();
      await pause(1000 * (isShort ? 3 : (scenario.beforeSec ?? 4)));
      faultMs = performance.now();
      await scenario.plan(world, isShort);
      await pause(1000 * (isShort ? 4 : (scenario.afterSec ?? 6)));
      await visitors.stop();
      await settle(world, visitors, options.settleMs ?? settleMs, scenario.isExcused);
    } finally {
      seen = world.broken;
      await visitors.close();
      logs = world.logs;
      await world.stop();
    }
  } catch (error) {
    failure = `the run came to no end: ${error instanceof Error ? error.message : error}`;
  } finally {
    await history.close();
  }
  const tookSec = (performance.now() - startedMs) / 1000;
  const outcome = outcomeOf(scenario, history.records, { seed, path, faultMs, tookSec });
  const broken = [...(failure === undefined ? [] : [failure]), ...outcome.broken, ...seen];
  if (broken.length > 0) writeFileSync(`${path}.log`, logs);
  return { ...outcome, broken };
}

/** Nobody enters any more and everybody is asked where they stand, until all stand as they must or the time is up. */
async function settle(
  world: World,
  visitors: Visitors,
  withinMs: number,
  isExcused: Scenario['isExcused'],
): Promise<void> {
  await world.change({ paused: true });
  const untilMs = performance.now() + withinMs;
  for (let round = 1; ; round += 1) {
    await visitors.askEveryone(round);
    if (isSettled(world.history.records, isExcused) || performance.now() > untilMs) break;
    await pause(1_000);
  }
  await world.noteGrants();
}

/** What a history comes to. */
export function outcomeOf(
  scenario: Pick<Scenario, 'name' | 'isSmooth' | 'isExcused'>,
  records: readonly HistoryRecord[],
  run: { seed: number; path: string; faultMs: number; tookSec: number },
): Outcome {
  const found = check(records);
  const findings = found.filter((finding) => scenario.isExcused?.(finding) !== true);
  const counts = countKinds(findings);
  const requests = requestsOf(records).filter(({ round }) => round === undefined);
  const joins = requests.filter(({ op, http }) => op === 'join' && http === 202).length;
  const grants = new Set(requests.flatMap(({ pass }) => (pass === undefined ? [] : [pass.id]))).size;
  const broken = findingKinds.filter((kind) => counts[kind] > 0).map((kind) => `${kind} ${counts[kind]}`);
  const failed = requests.filter(isFailed);
  // Of a machine that stood still there is nothing to be learnt about gateways.
  const lags = records.filter((record) => record.kind === 'lag');
  const faulty = failed.filter((request) => lagWithin(lags, request) < heldUpMs).length;
  if (scenario.isSmooth === true && faulty > 0) broken.push(`failed ${faulty}`);
  if (joins === 0 || grants === 0) broken.push('nobody joined or nobody entered: nothing was tested');
  return {
    name: scenario.name,
    seed: run.seed,
    findings,
    counts,
    requests: requests.length,
    failed: failed.length,
    joins,
    grants,
    normalSec: secondsUntilNormal(requests, run.faultMs),
    notes: [
      ...notesOf(records, requests),
      ...(findings.length < found.length
        ? [['not promised', String(found.length - findings.length)] as const]
        : []),
    ],
    tookSec: run.tookSec,
    path: run.path,
    broken,
  };
}
