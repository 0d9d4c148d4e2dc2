/** A report as Markdown for people and as JUnit for CI. Pure. */
import { formatDuration } from '../../duration.ts';
import { count, plain, rate } from '../../output/format.ts';
import { markdownTable } from '../../output/markdown.ts';
import type { LoadReport } from './load-report.ts';

/** In one word: how it ended. */
export const outcomeOf = ({ passed, partial }: LoadReport): string =>
  partial ? 'stopped before its end' : passed ? 'passed' : 'failed';

/** Who was the limit, in one sentence. */
export const limitText = ({ partial, limit: { by, why } }: LoadReport): string =>
  by === 'nobody'
    ? `no limit was reached${partial ? ' before it was stopped' : ''}: ${why}`
    : `limited by the ${by}${by === 'generator' ? ', not by the server' : ''}: ${why}`;

/** The report for people. */
export function markdownOf(report: LoadReport): string {
  const { server, generator, baseline } = report;
  const cpu =
    generator.cpuSec === null ? 'not known' : `${plain(generator.cpuSec)} s on ${generator.cores} cores`;
  const facts: [string, string][] = [
    ['target', `${report.baseUrl}, event ${report.event}`],
    ['scale', `rates x${report.scale}, times x${report.timeScale}`],
    [
      'ended',
      `${report.endedAt} after ${formatDuration(report.durationSec)}, k6 exit code ${report.k6ExitCode}`,
    ],
    ['requests', `${count(report.requests)} of about ${count(report.plannedRequests)} planned`],
    [
      'rate',
      `${rate(report.requestsPerSec)}/s on average${report.peakPerSec === null ? '' : `, ${count(report.peakPerSec)}/s at most`}, ${count(report.plannedPeakPerSec)}/s planned`,
    ],
    ['failed', `${plain(report.failedRatio * 100)} %`],
    ['dropped', `${count(report.droppedIterations)} arrivals`],
    [
      'visitors',
      `${count(report.joined)} joined, ${count(report.letIn)} let in, ${count(report.orders)} orders`,
    ],
    ['k6', `${generator.k6}, CPU ${cpu}, ${count(generator.virtualUsersMax)} virtual users`],
    ...(server === null ? [] : [['server', serverText(server)] as [string, string]]),
  ];
  const ms = (value: number): string => plain(value);
  const sections = [
    `# Load test ${report.scenario}: ${outcomeOf(report)}\n\n${limitText(report)}.\n`,
    markdownTable(['', ''], facts),
    `## Answers\n\n${markdownTable(
      ['call', 'count', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'],
      report.calls.map((call) => [
        call.call,
        count(call.count),
        ...[call.p50Ms, call.p95Ms, call.p99Ms, call.maxMs].map(ms),
      ]),
    )}`,
    `## Thresholds\n\n${markdownTable(
      ['', 'metric', 'condition'],
      report.thresholds.map(({ metric, condition, ok }) => [
        ok ? 'ok' : '**crossed**',
        metric,
        `\`${condition}\``,
      ]),
    )}`,
    ...(baseline === null ? [] : [baselineMarkdown(baseline)]),
  ];
  return `${sections.join('\n')}`;
}

/** What was seen of the server, in one line. */
export const serverText = (server: NonNullable<LoadReport['server']>): string =>
  `${count(server.waitingMax)} waiting at most, Redis CPU ${percent(server.redisCpuPercentMax)} at most, ` +
  `${server.gateways} ${server.gateways === 1 ? 'gateway' : 'gateways'}, CPU ${percent(server.gatewayCpuPercentMax)} at most`;

const percent = (value: number | null): string => (value === null ? 'not known' : `${Math.round(value)} %`);

function baselineMarkdown({ endedAt, comparable, worse, rows }: NonNullable<LoadReport['baseline']>): string {
  const verdict = comparable ? (worse ? 'worse' : 'not worse') : 'of another load, so it says little';
  const cells = rows.map(({ figure, before, after, verdict: each }) => [
    figure,
    plain(before),
    plain(after),
    each === 'worse' ? '**worse**' : each,
  ]);
  return `## Against ${endedAt}: ${verdict}\n\n${markdownTable(['figure', 'before', 'now', ''], cells)}`;
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const xml = (text: string): string => text.replace(/[&<>"]/g, (letter) => escapes[letter] ?? letter);

/** The report for CI: a case for each threshold, one for the load itself, one for each figure of the baseline. */
export function junitOf(report: LoadReport): string {
  const cases = [
    ...report.thresholds.map(({ metric, condition, ok }) => ({
      name: `${metric} ${condition}`,
      failure: ok ? undefined : 'the threshold was crossed',
    })),
    {
      name: 'the load was sent as planned',
      failure: report.partial
        ? 'the run was stopped before its end'
        : report.limit.by === 'generator'
          ? limitText(report)
          : undefined,
    },
    ...(report.baseline?.comparable === true ? report.baseline.rows : []).map(
      ({ figure, before, after, verdict }) => ({
        name: `not worse than before: ${figure}`,
        failure: verdict === 'worse' ? `${plain(before)} became ${plain(after)}` : undefined,
      }),
    ),
  ];
  const failures = cases.filter(({ failure }) => failure !== undefined).length;
  const suite = `tacos loadtest ${report.scenario}`;
  const head = `name="${xml(suite)}" tests="${cases.length}" failures="${failures}" time="${report.durationSec.toFixed(3)}" timestamp="${report.endedAt}"`;
  const lines = cases.map(({ name, failure }) => {
    const start = `    <testcase classname="${xml(suite)}" name="${xml(name)}"`;
    return failure === undefined ? `${start}/>` : `${start}><failure message="${xml(failure)}"/></testcase>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n  <testsuite ${head}>\n${lines.join('\n')}\n  </testsuite>\n</testsuites>\n`;
}
