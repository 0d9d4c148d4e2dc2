import type { AuditEntry } from '../../../contract/audit.ts';
import type { SaleReport } from '../../../contract/sale.ts';
import type { AdminApi } from '../../admin-api.ts';
import { isForPeople } from '../../change-report.ts';
import type { Cli } from '../../cli.ts';
import { formatDuration } from '../../duration.ts';
import { printResult } from '../../output/document.ts';
import { count } from '../../output/format.ts';
import { markdownTable } from '../../output/markdown.ts';
import { collectEntries } from '../audit/list.ts';

/** Records of one report at most. */
const recordsMax = 10_000;

/** `tacos sale report EVT`: Markdown for people, one document for programs. */
export async function saleReport(cli: Cli, [event = '']: readonly string[]): Promise<void> {
  const { api, context } = await cli.connect('read');
  const { asOf, item, warnings } = await api.saleReport(event);
  const changes = await changesOf(api, event, item.sale?.appliedAt);
  const { output, fields } = cli.flags;
  if (isForPeople(output) && fields.length === 0) {
    for (const warning of warnings) cli.runtime.stderr.write(`warning: ${warning}\n`);
    cli.runtime.stdout.write(markdown({ report: item, changes, asOf }));
    return;
  }
  const result = { kind: 'SaleReport', context: context.name, asOf, warnings, columns: [] };
  const items = [{ ...item, changes }];
  await printResult(cli.runtime, { ...result, items, single: true, name: () => event }, cli.flags);
}

/** The audit trail, oldest first; from the sale's beginning on where there was one. */
async function changesOf(api: AdminApi, event: string, since: string | undefined): Promise<AuditEntry[]> {
  const sinceMs = since === undefined ? undefined : Date.parse(since);
  return (await collectEntries(api, { event, limit: recordsMax, sinceMs })).items.toReversed();
}

const wait = (ms: number | null): string => (ms === null ? '-' : formatDuration(ms / 1000));
const percent = (share: number | null): string =>
  share === null ? 'not known' : `${(100 * share).toFixed(1)} %`;

function markdown({
  report,
  changes,
  asOf,
}: {
  readonly report: SaleReport;
  readonly changes: readonly AuditEntry[];
  readonly asOf: string;
}): string {
  const { event, joined, admitted, waiting, left, expired, waits, etaErrorRatio, missing } = report;
  const figures: readonly (readonly [string, string])[] = [
    ['joined', count(joined)],
    ['let in', count(admitted)],
    ['wait now', count(waiting)],
    ['left by themselves', count(left)],
    ['expired', count(expired)],
    ['wait, half of them', wait(waits.p50Ms)],
    ['wait, 95 %', wait(waits.p95Ms)],
    ['wait, longest', wait(waits.maxMs)],
    ['waits known of', `${count(waits.people)} people, ${percent(waits.share)} of those let in`],
    ['error of the waits shown', percent(etaErrorRatio)],
    ['refused', count(report.refusals.reduce((sum, { count: some }) => sum + some, 0))],
  ];
  return [
    `# Sale report: ${event}\n\nAs of ${asOf}.\n`,
    markdownTable(['what', 'figure'], figures),
    ...refusalLines(report),
    ...troubleLines(report),
    ...stepLines(report),
    `## Changes\n\n${markdownTable(
      ['at', 'who', 'what', 'why', 'audit'],
      changes.map(({ at, actor, summary, reason, auditId }) => [at, actor, summary, reason, auditId]),
    )}`,
    `## Not in this report\n\n${missing.map((text) => `- ${text}\n`).join('')}`,
  ].join('\n');
}

function refusalLines({ refusals }: SaleReport): string[] {
  if (refusals.length === 0) return [];
  const rows = refusals.map((each) => [each.operation, each.code, count(each.count)]);
  return [`## Refusals\n\n${markdownTable(['what', 'code', 'times'], rows)}`];
}

/** Faults and alarms, each with how long it was so. */
function troubleLines({ faults, alarms }: SaleReport): string[] {
  const lasted = (at: string, until: string | null): string => {
    const ms = until === null ? null : Date.parse(until) - Date.parse(at);
    return ms === null ? 'not over' : ms === 0 ? '' : wait(ms);
  };
  const faultRows = faults.map(({ kind, at, until, text }) => [at, kind, lasted(at, until), text]);
  const alarmRows = alarms.map(({ id, severity, text, since, until }) => [
    ...[since, id, severity, lasted(since, until), text],
  ]);
  const none = 'None.\n';
  return [
    `## Faults\n\n${faults.length === 0 ? none : markdownTable(['at', 'what', 'for', 'text'], faultRows)}`,
    `## Alarms\n\n${alarms.length === 0 ? none : markdownTable(['since', 'alarm', 'severity', 'for', 'text'], alarmRows)}`,
  ];
}

function stepLines({ sale }: SaleReport): string[] {
  if (sale === null) return [];
  const rows = sale.steps.map(({ step, at, text, state, outcome }) => [
    step,
    at,
    text,
    outcome?.text === undefined ? state : `${state}: ${outcome.text}`,
    outcome === undefined ? '' : `${outcome.lateSec.toFixed(1)} s`,
  ]);
  const head = `## Steps\n\n${sale.saleId} of ${sale.actor}, ${sale.state}: ${sale.reason}\n`;
  return [`${head}\n${markdownTable(['step', 'at', 'what', 'state', 'late'], rows)}`];
}
