/** Entry of `npm run test:faults`; --help says what it does. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { runBugs } from './bugs.ts';
import { readHistory } from './history.ts';
import { helpText, type Options, readOptions } from './options.ts';
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
  const failures = await runChosen(options, outDir);
  if (failures === 0 && options.out === undefined) rmSync(outDir, { recursive: true });
  else console.log(`faults: histories are in ${outDir}`);
  console.log(`faults: ${failures === 0 ? 'passed' : `${failures} FAILED`}`);
  return failures === 0 ? 0 : 1;
}

/** What the flags ask for. @returns how many runs failed */
async function runChosen(options: Options, outDir: string): Promise<number> {
  if (options.isRandom) return runRandom(options, outDir);
  if (options.isBugs) return runBugs({ seed: options.seed, outDir });
  const failures = await runAll(options, outDir);
  return options.isShort && options.only.length === 0
    ? failures + (await runBugs({ seed: options.seed, outDir }))
    : failures;
}

/** Each scenario that was asked for. @returns how many failed */
async function runAll(options: Options, outDir: string): Promise<number> {
  let failures = 0;
  for (const scenario of chosen(options)) {
    const absent = scenario.absent?.();
    if (absent !== undefined) {
      console.log(`SKIPPED ${scenario.name}: ${absent}`);
      continue;
    }
    const reason = await scenario.missing?.();
    if (reason !== undefined) {
      console.log(`SKIPPED ${scenario.name}: ${reason}`);
      if (process.env.CI === 'true') failures += 1;
      continue;
    }
    for (let run = 0; run < options.runs; run += 1) {
      const suffix = options.runs > 1 ? `-${options.seed + run}` : '';
      const { isShort, seed } = options;
      const outcome = await runScenario(scenario, { isShort, seed: seed + run, outDir, suffix });
      failures += show(outcome);
    }
  }
  return failures;
}

/** Seeded runs of random faults, some at a time. @returns how many failed */
async function runRandom(
  { runs, seed, seconds, parallel, arrivals }: Options,
  outDir: string,
): Promise<number> {
  let failures = 0;
  const seeds = Array.from({ length: runs }, (_, index) => seed + index).values();
  const worker = async (): Promise<void> => {
    for (const each of seeds) {
      const { scenario, timetable } = randomRun(each, seconds, arrivals);
      failures += show(await runScenario(scenario, { isShort: false, seed: each, outDir, timetable }));
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, runs) }, worker));
  return failures;
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
