/** One thing in full, as lines of name and value; and as data in every other format. */

import { isForPeople } from '../change-report.ts';
import type { Cli } from '../cli.ts';
import { clean } from '../output/clean.ts';
import { printResult, type Result } from '../output/document.ts';

/** Name and value; an empty name goes on with the value above. */
export type KeyValue = readonly [name: string, value: string];

/** The lines, values below each other, each ended. */
export function keyValueText(pairs: readonly KeyValue[]): string {
  const width = Math.max(0, ...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${`${name.padEnd(width)}  ${clean(value)}`.trimEnd()}\n`).join('');
}

/** Prints an item: as lines for people, else as `printResult` does. */
export async function printStory<T extends object>(
  cli: Cli,
  result: Omit<Result<T>, 'items' | 'single' | 'columns'> & { item: T },
  pairs: (item: T) => readonly KeyValue[],
): Promise<void> {
  const { item, ...rest } = result;
  const { runtime, flags } = cli;
  if (!isForPeople(flags.output) || flags.fields.length > 0) {
    return printResult(runtime, { ...rest, items: [item], single: true, columns: [] }, flags);
  }
  for (const warning of result.warnings) runtime.stderr.write(`warning: ${clean(warning)}\n`);
  runtime.stdout.write(keyValueText(pairs(item)));
}
