/** `tacos loadtest NAME --distributed N`: plan, consent, a TestRun in the cluster, its course, the report, and nothing left. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Plan } from '../../../contract/actions.ts';
import type { LoadManifestsRequest, LoadRun } from '../../../contract/loadtest.ts';
import { checkNotRefused, isRefused, refused, throwIfFailed } from '../../change-errors.ts';
import { checkFlags } from '../../change-flags.ts';
import { isForPeople, printPlan, showPlan } from '../../change-report.ts';
import type { Cli, Connection } from '../../cli.ts';
import { consentNeeds, obtainConsent } from '../../consent.ts';
import { CliError, usageError } from '../../errors.ts';
import { exitCodes, stopCodes } from '../../exit-codes.ts';
import { askOf, checkEnvironment, contextFlagOf, contextLine, placeOf } from '../../mutation.ts';
import { clean } from '../../output/clean.ts';
import { count } from '../../output/format.ts';
import { stopReason } from '../../runtime.ts';
import { cleanUp, follow } from './cluster-run.ts';
import { cpuSecPerRequest, type LoadPlan, loadPlanOf, loadPlanText } from './load-plan.ts';
import { loadReportOf } from './load-report.ts';
import type { LoadtestFlags } from './loadtest.ts';
import { mergeRunners } from './merge.ts';
import type { ReportOut } from './report-out.ts';
import { showReport } from './run-load.ts';
import type { Scenario, ScenarioBook } from './scenarios.ts';
import { notATest } from './target.ts';

/** Of a runner, as its manifest asks for. */
const runnerCores = 2;
const runnerBytes = 4_000_000_000;
const quotedMax = 8;

export interface DistributedOptions {
  readonly book: ScenarioBook;
  readonly scenario: Scenario;
  readonly runners: number;
  readonly patienceSec: number | undefined;
  readonly output: ReportOut;
}

/**
 * Runs it. Resolves with the exit code that one k6 would have had.
 *
 * @throws CliError (2, 3, 4, 5, 6, 7, 8 its time is over, 9, 11 no k6-operator)
 */
export async function distributed(
  cli: Cli,
  options: DistributedOptions,
  flags: LoadtestFlags,
): Promise<number> {
  for (const [name, given] of [
    ['--base-url', flags.baseUrl],
    ['--k6', flags.k6],
  ])
    if (given !== undefined)
      throw usageError(`${name} is not for --distributed: the admin API knows gateway and image there`);
  const { event } = flags;
  checkFlags(flags, [event]);
  const connection = await cli.connect('mutation');
  const { api, context } = connection;
  if (context.readOnly && flags.dryRun !== true)
    throw refused(`context "${context.name}" is read-only`, 'READ_ONLY');
  const spec = specOf(options, flags);
  if (flags.dryRun === true && (cli.flags.output === 'yaml' || cli.flags.output === 'json'))
    return printManifests(cli, connection, { ...spec, event });
  const request = { events: [event], action: { type: 'loadtest.start' as const, ...spec } };
  const plan = await api.plan(request);
  const badge = checkEnvironment(connection);
  const place = { ...placeOf(connection, badge), isAccessible: cli.flags.accessible };
  const named = { what: 'Start this load in the cluster' };
  const ask = askOf(cli);
  const load = planOf(options, flags);
  const isAsked = ask !== undefined && consentNeeds(plan, place).ask;
  showLoad(cli, { load, plan, runners: options.runners, head: contextLine(badge, context.name, event) });
  showPlan(cli, { plan, badge, context: context.name, isAsked });
  if (place.isProtected && (await api.event(event)).item.kind !== 'test')
    throw notATest(`${event} is no test event, and ${badge} is protected`, 'tacos event list');
  if (flags.dryRun === true) {
    const refusal = isRefused(plan, {});
    await printPlan(cli, { plan, context: context.name, isRefused: refusal });
    return refusal ? exitCodes.refused : exitCodes.done;
  }
  checkNotRefused(plan, {});
  const consent = await obtainConsent(plan, { place: { ...place, named }, given: flags, ask });
  const start = async (): Promise<void> => {
    const headers = { idempotencyKey: randomUUID() };
    throwIfFailed(await api.act({ ...request, planHash: plan.hash, ...consent }, headers));
  };
  return run(cli, connection, { ...options, name: spec.name, load, start });
}

function specOf({ scenario, runners, patienceSec }: DistributedOptions, flags: LoadtestFlags) {
  const { scale, timeScale, vus } = flags;
  return {
    name: `tacos-${scenario.name}-${randomBytes(3).toString('hex')}`,
    scenario: scenario.name,
    runners,
    scale,
    timeScale,
    ...(vus === undefined ? {} : { vus }),
    ...(patienceSec === undefined ? {} : { patienceSec }),
  };
}

function planOf({ book, scenario, runners }: DistributedOptions, flags: LoadtestFlags): LoadPlan {
  const machine = { cores: runners * runnerCores, memoryBytes: runners * runnerBytes, isShared: false };
  return loadPlanOf(book, { ...flags, scenario, baseUrl: 'the gateway of the cluster', machine });
}

/** As kubectl would take them. */
async function printManifests(
  { runtime, flags }: Cli,
  { api }: Connection,
  request: LoadManifestsRequest,
): Promise<number> {
  const { items } = await api.loadManifests(request);
  if (flags.output === 'json') {
    runtime.stdout.write(`${JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 2)}\n`);
    return exitCodes.done;
  }
  const { stringify } = await import('yaml');
  runtime.stdout.write(items.map((object) => stringify(object)).join('---\n'));
  return exitCodes.done;
}

interface Shown {
  readonly load: LoadPlan;
  readonly plan: Plan;
  readonly runners: number;
  readonly head: string;
}

function showLoad({ runtime, flags }: Cli, { load, runners, head }: Shown): void {
  if (!isForPeople(flags.output) || flags.quiet) return;
  runtime.stderr.write(loadPlanText({ ...load, machines: 1 }, head));
  const { peakRequestsPerSec: peak, canDrivePerSec } = load;
  if (peak <= canDrivePerSec) return;
  const needed = Math.ceil((peak * cpuSecPerRequest) / runnerCores);
  runtime.stderr.write(
    `warning: the peak is more than ${runners} runners are reckoned to drive (${count(canDrivePerSec)}/s): it takes ${needed}\n`,
  );
}

interface Running extends DistributedOptions {
  readonly name: string;
  readonly load: LoadPlan;
  start(): Promise<void>;
}

async function run(cli: Cli, connection: Connection, running: Running): Promise<number> {
  const { runtime } = cli;
  const { name, load, start } = running;
  const { api } = connection;
  const contextFlag = contextFlagOf(cli);
  let isThere = false;
  try {
    try {
      await start();
      isThere = true;
    } catch (error) {
      isThere = error instanceof CliError && error.details.applied === 'unknown';
      throw error;
    }
    const last = await follow(cli, api, { name, durationSec: load.durationSec });
    if (last === undefined) {
      runtime.stderr.write('stopped: there is no report of a part of it\n');
      return stopCodes[stopReason(runtime.stop)];
    }
    const { items } = await api.loadSummaries(name);
    return await report(cli, connection, { running, last: last.item, summaries: items });
  } finally {
    if (isThere) await cleanUp(cli, api, { name, contextFlag });
  }
}

interface Ended {
  readonly running: Running;
  readonly last: LoadRun;
  readonly summaries: Parameters<typeof mergeRunners>[0];
}

/** @throws CliError where no runner left a summary */
async function report(
  cli: Cli,
  { context }: Connection,
  { running, last, summaries }: Ended,
): Promise<number> {
  const { load, runners, output, name } = running;
  const { summary, exitCode, silent } = mergeRunners(summaries, runners);
  if (summary === undefined)
    throw new CliError(`load test ${name} ended (${last.stage}) and left no summary, so there is no report`, {
      code: 'K6_FAILED',
      exitCode: exitCode === 0 ? exitCodes.failed : exitCode,
      quote: [...last.problems, ...summaries.flatMap(({ said }) => said.split('\n'))]
        .filter((line) => line !== '')
        .slice(-quotedMax)
        .map(clean),
    });
  const missing = Math.max(silent.length, runners - (summaries.length - silent.length));
  if (missing > 0)
    cli.runtime.stderr.write(
      `warning: ${missing} of ${runners} runners left no summary; theirs is missing\n`,
    );
  const made = loadReportOf({ ...load, baseUrl: last.baseUrl }, summary, {
    k6ExitCode: exitCode,
    isPartial: missing > 0,
    k6Version: 'k6-operator',
    cores: runners * runnerCores,
    cpuSec: null,
    peakPerSec: null,
    server: null,
    ...(output.baseline === undefined ? {} : { baseline: output.baseline }),
  });
  await showReport(cli, { report: made, files: output.write(made), context: context.name });
  return exitCode;
}
