/** `tacos loadtest NAME`: plan, guard, k6, report. `NAME` list: what there is. */
import { availableParallelism, freemem } from 'node:os';
import { isForPeople } from '../../change-report.ts';
import type { Cli } from '../../cli.ts';
import { consentNeeds, obtainConsent } from '../../consent.ts';
import { parseDuration } from '../../duration.ts';
import { usageError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { askOf, contextLine } from '../../mutation.ts';
import { printResult, type Result } from '../../output/document.ts';
import { count, rate } from '../../output/format.ts';
import { distributed } from './distributed.ts';
import { findK6 } from './k6.ts';
import { type LoadPlan, loadPlanOf, loadPlanText, type Machine, planWarnings } from './load-plan.ts';
import { prepareReport } from './report-out.ts';
import { runLoad } from './run-load.ts';
import { isRunsVerb, ofRuns } from './runs.ts';
import { findScenario, readScenarios, type Scenario, type ScenarioBook } from './scenarios.ts';
import { findTarget, type Target } from './target.ts';

/** Flags of `tacos loadtest`. */
export interface LoadtestFlags {
  readonly event: string;
  readonly baseUrl?: string;
  readonly scale: number;
  readonly timeScale: number;
  readonly vus?: number;
  readonly patience?: string;
  readonly summary?: string;
  readonly baseline?: string;
  readonly k6?: string;
  /** Runners in the cluster. */
  readonly distributed?: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly reason?: string;
}

/** Runs it. Resolves with k6's own exit code. @throws CliError (2, 3, 5, 6, 7, 11) before anything was sent */
export async function loadtest(
  cli: Cli,
  [name, run]: readonly [name: string, run: string | undefined],
  flags: LoadtestFlags,
): Promise<number> {
  if (isRunsVerb(name)) return ofRuns(cli, { verb: name, run }, flags);
  if (run !== undefined) throw usageError(`tacos loadtest ${name} takes no more than its name`);
  const book = await readScenarios();
  if (name === 'list') return list(cli, book);
  const scenario = findScenario(book, name);
  const patienceSec =
    flags.patience === undefined ? undefined : parseDuration('--patience', flags.patience) / 1000;
  const output = prepareReport(cli, scenario.name, flags);
  if (flags.distributed !== undefined) {
    const { distributed: runners } = flags;
    return distributed(cli, { book, scenario, patienceSec, output, runners }, flags);
  }
  const k6 = flags.dryRun === true ? undefined : findK6(cli.runtime, flags.k6);
  const { event, baseUrl } = flags;
  const target = await findTarget(cli, { event, baseUrl });
  const machine: Machine = {
    cores: availableParallelism(),
    memoryBytes: freemem(),
    isShared: /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(target.baseUrl).hostname),
  };
  const plan = loadPlanOf(book, { ...flags, scenario, baseUrl: target.baseUrl, machine });
  const warnings = [...target.warnings, ...planWarnings(plan, machine)];
  showPlan(cli, { plan, target, warnings });
  if (flags.dryRun === true) {
    if (isForPeople(cli.flags.output)) cli.runtime.stdout.write('dry run: nothing was sent\n');
    else await printResult(cli.runtime, planResult(cli, { plan, target, warnings }), cli.flags);
    return exitCodes.done;
  }
  await consent(cli, target, flags);
  const loads = scenario.loads.map((load) => book.scaled(load, flags));
  // Looked for above: only a dry run has none.
  if (k6 === undefined) return exitCodes.failed;
  return runLoad(cli, {
    k6,
    script: scenario.script,
    loads,
    plan,
    target,
    vus: flags.vus,
    patienceSec,
    output,
    machine,
  });
}

function showPlan(
  { runtime, flags }: Cli,
  { plan, target, warnings }: { plan: LoadPlan; target: Target; warnings: readonly string[] },
): void {
  if (!isForPeople(flags.output)) return;
  const head = contextLine(target.badge, target.place, plan.event);
  if (!flags.quiet) runtime.stderr.write(loadPlanText(plan, head));
  for (const warning of warnings) runtime.stderr.write(`warning: ${warning}\n`);
}

/** As a change that visitors of a test event feel. */
async function consent(cli: Cli, target: Target, given: LoadtestFlags): Promise<void> {
  const { isProtected, badge, requireReason } = target;
  const place = { isProtected, badge, requireReason, isAccessible: cli.flags.accessible };
  const plan = { level: 'S2', items: [], dataAgeSec: 0 } as const;
  const named = { what: 'Send this load' };
  if (!consentNeeds(plan, place).ask && given.reason === undefined && !requireReason) return;
  await obtainConsent(plan, { place: { ...place, named }, given, ask: askOf(cli) });
}

const planResult = (
  { runtime }: Cli,
  { plan, target, warnings }: { plan: LoadPlan; target: Target; warnings: readonly string[] },
): Result<LoadPlan> => ({
  kind: 'LoadPlan',
  context: target.connection?.context.name ?? '',
  asOf: new Date(runtime.clock.now()).toISOString(),
  items: [plan],
  single: true,
  warnings,
  columns: [],
  name: (item) => item.scenario,
});

/** One row of the list. */
interface LoadTest {
  readonly name: string;
  readonly about: string;
  readonly durationSec: number;
  readonly requests: number;
  readonly peakRequestsPerSec: number;
}

async function list({ runtime, flags }: Cli, book: ScenarioBook): Promise<number> {
  const machine = { cores: availableParallelism(), memoryBytes: freemem(), isShared: false };
  const scale = { scale: 1, timeScale: 1 };
  const items = book.scenarios.map((scenario: Scenario): LoadTest => {
    const plan = loadPlanOf(book, { scenario, event: '', baseUrl: '', ...scale, machine });
    const { durationSec, requests, peakRequestsPerSec } = plan;
    return { name: scenario.name, about: scenario.about, durationSec, requests, peakRequestsPerSec };
  });
  const result: Result<LoadTest> = {
    kind: 'LoadTestList',
    context: '',
    asOf: new Date(runtime.clock.now()).toISOString(),
    items,
    warnings: [],
    columns: [
      { head: 'NAME', value: ({ name }) => name },
      { head: 'TIME', value: ({ durationSec }) => `${rate(durationSec / 60)}m`, align: 'right' },
      { head: 'REQUESTS', value: ({ requests }) => count(requests), align: 'right' },
      { head: 'PEAK/S', value: ({ peakRequestsPerSec: peak }) => count(peak), align: 'right' },
      { head: 'WHAT', value: ({ about }) => about },
    ],
    name: ({ name }) => name,
  };
  await printResult(runtime, result, flags);
  return exitCodes.done;
}
