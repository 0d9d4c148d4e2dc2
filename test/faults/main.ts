/** Entry of `npm run test:faults`; --help says what it does. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { bugs, runBug } from './bugs.ts';
import { readHistory } from './history.ts';
import { helpText, type Options, readOptions } from './options.ts';
import { type Job, runSome } from './pool.ts';
import { randomRun } from './random.ts';
import { type Outcome, outcomeOf, runScenario, type Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';
import { findingsText, notesText, tableHead, tableLine } from './table.ts';

// Programs that were started die by the handlers of 'exit'.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
process.exitCode = await main(readOptions(process.argv.slice(2)));

/** @returns the exit code */
async function main(options: Options): Promise<number> {
  if (options.isHelp) {
    console.log(helpText);
    return 0;
  }
  if (options.check !== undefined) return checkAgain(options.check);
  const outDir = options.out ?? mkdtempSync(join(tmpdir(), 'tacos-faults-'));
  mkdirSync(outDir, { recursive: true });
  console.log(tableHead());
  const failures = await runSome(jobsOf(options, outDir), options.parallel);
  if (failures === 0 && options.out === undefined) rmSync(outDir, { recursive: true });
  else console.log(`faults: histories are in ${outDir}`);
  console.log(`faults: ${failures === 0 ? 'passed' : `${failures} FAILED`}`);
  return failures === 0 ? 0 : 1;
}

/** What the flags ask for. */
function jobsOf(options: Options, outDir: string): Job[] {
  const { seed, isRandom, isBugs, isShort, only, runs } = options;
  if (isRandom)
    return Array.from({ length: runs }, (_, index) => () => runRandom(options, seed + index, outDir));
  const some = bugs.filter(({ short }) => short === true || !isShort);
  const ofBugs = some.map((bug) => () => runBug(bug, { seed, outDir }));
  if (isBugs) return ofBugs;
  const ofRows = chosen(options).flatMap((scenario) =>
    Array.from(
      { length: runs },
      (_, index) => () => runRow(scenario, options, { seed: seed + index, outDir }),
    ),
  );
  return isShort && only.length === 0 ? [...ofRows, ...ofBugs] : ofRows;
}

async function runRow(
  scenario: Scenario,
  { isShort, runs }: Options,
  { seed, outDir }: { seed: number; outDir: string },
): Promise<number> {
  const absent = scenario.absent?.();
  const reason = absent ?? scenario.missing?.();
  if (reason !== undefined) {
    console.log(`SKIPPED ${scenario.name}: ${reason}`);
    return absent === undefined && process.env.CI === 'true' ? 1 : 0;
  }
  const suffix = runs > 1 ? `-${seed}` : '';
  return show(await runScenario(scenario, { isShort, seed, outDir, suffix }));
}

/** One seeded run of random faults. */
async function runRandom({ seconds, arrivals }: Options, seed: number, outDir: string): Promise<number> {
  const { scenario, timetable } = randomRun(seed, seconds, arrivals);
  return show(await runScenario(scenario, { isShort: false, seed, outDir, timetable }));
}

/** Prints what came of a run; 1 where a promise was broken. */
function show(outcome: Outcome): number {
  console.log(tableLine(outcome));
  console.log(notesText(outcome));
  const text = findingsText(outcome);
  if (text !== '') console.log(text);
  return outcome.broken.length > 0 ? 1 : 0;
}

function chosen({ only, isShort }: Options): readonly Scenario[] {
  const unknown = only.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0)
    throw new Error(`no scenario ${unknown[0]}; there are ${scenarios.map(({ name }) => name).join(', ')}`);
  if (only.length > 0) return scenarios.filter(({ name }) => only.includes(name));
  return isShort ? scenarios.filter(({ short }) => short === true) : scenarios;
}

function checkAgain(path: string): number {
  const records = readHistory(path);
  const head = records.find((record) => record.kind === 'head');
  const fault = records.find((record) => record.kind === 'fault');
  const scenario = scenarios.find(({ name }) => name === head?.name) ?? {
    name: head?.name ?? basename(path),
  };
  const run = { seed: head?.seed ?? 0, path, faultMs: fault?.fromMs ?? 0, tookSec: 0 };
  console.log(tableHead());
  return show(outcomeOf(scenario, records, run));
}
