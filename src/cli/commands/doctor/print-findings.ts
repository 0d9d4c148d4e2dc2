/** Findings on standard output: lines for people, a list for programs. */
import type { Finding } from '../../../contract/doctor.ts';
import { isForPeople } from '../../change-report.ts';
import type { Cli } from '../../cli.ts';
import { printResult } from '../../output/document.ts';
import { findingsText } from './report-text.ts';

export interface ShownFindings {
  readonly context: string;
  readonly findings: readonly Finding[];
  readonly warnings: readonly string[];
  /** People read of those too that passed. */
  readonly all: boolean;
}

/** Prints them in the form that was asked for. */
export async function printFindings(
  { runtime, flags }: Cli,
  { context, findings, warnings, all }: ShownFindings,
): Promise<void> {
  if (isForPeople(flags.output) && flags.fields.length === 0) {
    for (const warning of warnings) runtime.stderr.write(`warning: ${warning}\n`);
    runtime.stdout.write(findingsText(findings, { all }));
    return;
  }
  const asOf = new Date(runtime.clock.now()).toISOString();
  const result = { kind: 'FindingList', context, asOf, items: findings, warnings, columns: [] };
  await printResult(runtime, { ...result, name: ({ check }: Finding) => check }, flags);
}
