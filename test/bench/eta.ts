/**
 * `npm run bench:eta [-- --json] [--seed N] [--only NAME]`: how near the shown ETA comes to what was really left, on
 * the six traces of docs/eta.md, beside the formula of the first system at the very same polls.
 * Exits 1 when one of the six traces is below the target or an ETA rose without a cause.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { LineModel } from './eta/line-model.ts';
import { type Score, score } from './eta/score.ts';
import { otherTraces, type Trace, traces } from './eta/traces.ts';

/** Share of visitors whose ETAs must be within. */
const target = 0.95;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
const seed = Number(values.seed);
const wanted = (trace: Trace): boolean => values.only === undefined || trace.name === values.only;
const startedMs = performance.now();
const required = traces.filter(wanted).map(run);
const others = otherTraces.filter(wanted).map(run);
const failed = required.filter((one) => one.visitors < target || one.risesWithoutCause > 0);
if (values.json)
  console.log(JSON.stringify({ seed, target, machine: machine(), required, others }, undefined, 2));
else printTables();
process.exitCode = failed.length > 0 ? 1 : 0;

function run(trace: Trace): Score {
  const line = new LineModel(trace, seed);
  line.run();
  return score(trace, line.visitors);
}

function machine(): string {
  const [cpu] = cpus();
  return `node ${process.version}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}`;
}

function printTables(): void {
  console.log(`ETA within max(10 %, 5 s) of what was really left; seed ${seed}; ${machine()}\n`);
  print(required);
  if (others.length > 0) console.log('\nother lines, not part of the target:');
  print(others);
  console.log(
    `\nvisitors = share of visitors with at least 90 % of their counted polls within; target ${target * 100} %`,
  );
  console.log(
    `${((performance.now() - startedMs) / 1000).toFixed(1)} s; ${failed.length === 0 ? 'all reached' : 'MISSED'}`,
  );
  for (const one of failed) {
    console.log(
      `  ${one.trace}: ${percent(one.visitors)} of visitors, ${one.risesWithoutCause} rises without a cause`,
    );
  }
}

function print(scores: readonly Score[]): void {
  if (scores.length === 0) return;
  const head = [
    'trace',
    'visitors',
    'polls',
    'first system: visitors',
    'polls',
    'error p50',
    'p95',
    'rises',
    'no cause',
    'noticed',
    'n',
  ];
  const rows = scores.map((one) => [
    one.trace,
    percent(one.visitors),
    percent(one.polls),
    percent(one.baseVisitors),
    percent(one.basePolls),
    percent(one.errorMedian),
    percent(one.errorP95),
    String(one.rises),
    String(one.risesWithoutCause),
    percent(one.noticed),
    `${one.countedVisitors} visitors, ${one.countedPolls} polls`,
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  for (const row of [head, ...rows]) {
    console.log(
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  '),
    );
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
