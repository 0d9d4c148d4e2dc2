/** One run: k6 beside a view of how it goes, and the report of what it came to. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { variablesOf } from '../../../contract/loadtest.ts';
import { isForPeople } from '../../change-report.ts';
import type { Cli } from '../../cli.ts';
import { CliError } from '../../errors.ts';
import { exitCodes, stopCodes } from '../../exit-codes.ts';
import { clean } from '../../output/clean.ts';
import { printResult } from '../../output/document.ts';
import { pause, stopReason } from '../../runtime.ts';
import { canShowScreen } from '../queue/watch.ts';
import { freePort } from '../up/redis.ts';
import type { K6 } from './k6.ts';
import { K6Process } from './k6-process.ts';
import { Live, LiveRows, liveHeader } from './live.ts';
import type { LoadPlan, Machine } from './load-plan.ts';
import { type K6Summary, k6SummarySchema, type LoadReport, loadReportOf } from './load-report.ts';
import { limitText, outcomeOf, serverText } from './report-files.ts';
import type { ReportOut } from './report-out.ts';
import type { Load } from './scenarios.ts';
import type { Target } from './target.ts';

const lookMs = 1_000;
/** Looks between two rows. */
const rowEach = 5;
/** Last lines of k6 that an error quotes. */
const quotedMax = 8;

export interface RunOptions {
  readonly k6: K6;
  readonly script: string;
  readonly loads: readonly Load[];
  readonly plan: LoadPlan;
  readonly target: Target;
  /** --vus */
  readonly vus: number | undefined;
  /** --patience */
  readonly patienceSec: number | undefined;
  readonly output: ReportOut;
  readonly machine: Machine;
}

/** Runs k6 to its end, or until told to stop. Resolves with the exit code. @throws CliError when k6 left no summary */
export async function runLoad(cli: Cli, options: RunOptions): Promise<number> {
  const { runtime } = cli;
  const { plan, target, output, machine, vus, patienceSec } = options;
  const folder = mkdtempSync(join(tmpdir(), 'tacos-loadtest-'));
  const summaryFile = join(folder, 'summary.json');
  try {
    const k6 = new K6Process({
      path: options.k6.path,
      script: options.script,
      port: await freePort(),
      // Nothing of an earlier shell that would change the load.
      env: { ...runtime.env, ...variablesOf({ ...plan, vus, patienceSec }), TACOS_SUMMARY: summaryFile },
    });
    const { durationSec, event } = plan;
    const { connection } = target;
    const { clock } = runtime;
    const live = new Live({ k6, loads: options.loads, durationSec, clock, event, connection });
    const { code, isPartial } = await follow(cli, { k6, live, plan, target });
    const stopped = isPartial ? stopCodes[stopReason(runtime.stop)] : undefined;
    const report = loadReportOf(plan, readSummary(summaryFile, { k6, code, stopped }), {
      k6ExitCode: code,
      isPartial,
      k6Version: options.k6.version,
      cores: machine.cores,
      cpuSec: k6.cpuSec() || null,
      peakPerSec: live.peakPerSec,
      server: live.server,
      ...(output.baseline === undefined ? {} : { baseline: output.baseline }),
    });
    await showReport(cli, { report, files: output.write(report), context: connection?.context.name ?? '' });
    return stopped ?? code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Following {
  readonly k6: K6Process;
  readonly live: Live;
  readonly plan: LoadPlan;
  readonly target: Target;
}

/** Shows how it goes until k6 has ended; tells it to stop when we are. */
async function follow(cli: Cli, { k6, live, plan, target }: Following) {
  const { runtime, flags } = cli;
  const { signal } = runtime.stop;
  let isPartial = false;
  const ended = new AbortController();
  const stop = (): void => {
    if (ended.signal.aborted) return;
    isPartial = true;
    k6.stop();
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  const isText = isForPeople(flags.output) && !flags.quiet;
  const isScreen = isText && canShowScreen(cli, 'auto');
  const screen = isScreen
    ? await (await import('./screen.tsx')).openLoadScreen(cli, { live, plan, target })
    : undefined;
  const code = k6.ended.finally(() => ended.abort());
  // Awaited below; looking must not miss that it failed.
  code.catch(() => {});
  if (isText && !isScreen) runtime.stderr.write(`${liveHeader}\n`);
  const rows = new LiveRows();
  try {
    for (let looks = 1; !ended.signal.aborted; looks += 1) {
      await pause(lookMs, ended.signal);
      if (ended.signal.aborted) break;
      const look = await live.look();
      screen?.draw();
      if (isText && !isScreen && looks % rowEach === 0) runtime.stderr.write(`${rows.next(look)}\n`);
    }
    return { code: await code, isPartial };
  } finally {
    signal.removeEventListener('abort', stop);
    await screen?.close();
  }
}

/** @throws CliError with k6's exit code, or that of the signal, where it ended before it could sum up */
function readSummary(
  file: string,
  { k6, code, stopped }: { k6: K6Process; code: number; stopped: number | undefined },
): K6Summary {
  try {
    return k6SummarySchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    const quote = k6.lastWords.trimEnd().split('\n').slice(-quotedMax).map(clean);
    throw new CliError(`k6 ended with ${code} and left no summary, so there is no report`, {
      code: 'K6_FAILED',
      exitCode: stopped ?? (code === 0 ? exitCodes.failed : code),
      quote,
    });
  }
}

interface Shown {
  readonly report: LoadReport;
  readonly files: readonly string[];
  readonly context: string;
}

/** Shows a report, and where its files are. */
export async function showReport({ runtime, flags }: Cli, { report, files, context }: Shown): Promise<void> {
  if (!isForPeople(flags.output) || flags.fields.length > 0) {
    const result = { kind: 'LoadReport', context, asOf: report.endedAt, items: [report], single: true };
    const name = ({ scenario }: LoadReport): string => scenario;
    await printResult(runtime, { ...result, warnings: warningsOf(report), columns: [], name }, flags);
    return;
  }
  const crossed = report.thresholds.filter(({ ok }) => !ok);
  const lines = [
    `${report.scenario}: ${outcomeOf(report)}   k6 exit ${report.k6ExitCode}`,
    ...crossed.map(({ metric, condition }) => `   crossed   ${metric} ${condition}`),
    `   load      ${limitText(report)}`,
    ...(report.server === null ? [] : [`   server    ${serverText(report.server)}`]),
    ...report.calls.map(
      ({ call, count, p50Ms, p95Ms, p99Ms }) =>
        `   ${call.padEnd(9)} ${count} times   p50 ${p50Ms.toFixed(1)}   p95 ${p95Ms.toFixed(1)}   p99 ${p99Ms.toFixed(1)} ms`,
    ),
    ...warningsOf(report).map((warning) => `   baseline  ${warning}`),
    ...files.map((file) => `   report    ${file}`),
  ];
  runtime.stdout.write(`${lines.join('\n')}\n`);
}

/** What the comparison says. */
function warningsOf({ baseline }: LoadReport): string[] {
  if (baseline === null) return [];
  const { endedAt, comparable, rows } = baseline;
  if (!comparable) return [`the earlier run, ${endedAt}, had another load: nothing is to be learnt from it`];
  const worse = rows.filter(({ verdict }) => verdict === 'worse');
  if (worse.length === 0) return [`not worse than ${endedAt}`];
  return worse.map(
    ({ figure, before, after }) => `worse than ${endedAt}: ${figure} ${round(before)} -> ${round(after)}`,
  );
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
