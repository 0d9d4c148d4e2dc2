/** Entry of `npm run test:faults`; --help says what it does. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readHistory } from './history.ts';
import { helpText, type Options, readOptions } from './options.ts';
import { type Outcome, outcomeOf, runScenario, type Scenario } from './scenario.ts';
import { scenarios } from './scenarios/index.ts';
import { findingsText, notesText, tableHead, tableLine } from './table.ts';

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
  let failures = 0;
  console.log(tableHead());
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
  if (failures === 0 && options.out === undefined) rmSync(outDir, { recursive: true });
  else console.log(`faults: histories are in ${outDir}`);
  console.log(`faults: ${failures === 0 ? 'every promise held' : `${failures} FAILED`}`);
  return failures === 0 ? 0 : 1;
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
