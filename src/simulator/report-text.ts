import type { CrowdReport, Distribution } from './report.ts';
import { type SalesReport, saleEnds } from './sales.ts';
import { outcomes } from './tally.ts';
import { calls } from './wire.ts';

const labelWidth = 22;

/** The report for a person: a dozen lines of at most about 80 columns. Parts of which nothing happened are left out. */
export function renderReport(report: CrowdReport): string {
  const { admissions, eta, refusalsAfterReady: refusals, duplicates, cpu } = report;
  const lines = [
    `${report.event}: ${report.arrived} visitors in ${seconds(report.elapsedSec)}, seed ${report.seed}`,
    row('outcome', counts(outcomes.map((name) => [name, report.outcomes[name]]))),
    row(
      'wait',
      `p50 ${seconds(report.waitSec.p50)}  p95 ${seconds(report.waitSec.p95)}  max ${seconds(report.waitSec.max)}`,
    ),
    row(
      'admitted',
      `${admissions.total}, ${admissions.ratePerSec.toFixed(1)}/s from ${admissions.fromSec} s to ${admissions.toSec} s`,
    ),
    ...salesRows(report.sales),
    ...calls.filter((call) => report.requests[call] > 0).map((call) => latency(call, report)),
    row('waited for a socket', milliseconds(report.connectionWaitMs)),
    row('errors', counts(Object.entries(report.errors))),
    row('connection errors', counts(Object.entries(report.connectionErrors))),
    row(
      'refused after ready',
      `${refusals.unexplained} unexplained  ${refusals.late} late  ${refusals.explained} explained`,
    ),
    ...Object.entries(refusals.byReason).map(([reason, count]) =>
      row(`  ${reason}`, counts(Object.entries(count))),
    ),
    row('duplicates', `${duplicates.places} places  ${duplicates.grants} grants`),
    row('positions rose', `${report.positionRises} times without a cause`),
    row('overtaken', `${report.order.overtaken} by more than ${report.order.windowPlaces} places`),
    row(
      'ETA',
      eta.share === null ? 'no poll to judge' : `${percent(eta.share)} of ${eta.polls} polls close enough`,
    ),
    row('CPU of this process', `${Math.round(cpu.perRequestUs)} µs a request`),
  ];
  return `${lines.join('\n')}\n`;
}

function salesRows({
  begun,
  reserved,
  paid,
  seats,
  ends,
  repeated,
  answeredOtherwise,
}: SalesReport): string[] {
  if (begun === 0) return [];
  return [
    row('bought', `${ends.confirmed} of ${begun}, ${seats} seats  ${reserved} reserved  ${paid} paid`),
    row('not bought', counts(saleEnds.filter((end) => end !== 'confirmed').map((end) => [end, ends[end]]))),
    ...(repeated > 0 ? [row('sent again', `${repeated}, ${answeredOtherwise} answered otherwise`)] : []),
  ];
}

function latency(call: (typeof calls)[number], report: CrowdReport): string {
  return row(call, `${report.requests[call]} requests  ${milliseconds(report.latencyMs[call])}`);
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(labelWidth)}${text}`;
}

function counts(entries: readonly (readonly [string, number])[]): string {
  const shown = entries.filter(([, count]) => count > 0).map(([name, count]) => `${count} ${plain(name)}`);
  return shown.length === 0 ? 'none' : shown.join('  ');
}

/** Codes come from the gateway under test: nothing of it may steer a terminal. */
function plain(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 40);
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}

function milliseconds({ p50, p99, max }: Distribution): string {
  return `p50 ${p50.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms  max ${max.toFixed(1)} ms`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
