/** Results in the format that was asked for. The only place that decides between text and data. */
import { apiVersion } from '../../contract/admin-api.ts';
import { usageError } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import { pick } from './fields.ts';
import { type Column, renderTable } from './table.ts';

export const formats = ['table', 'wide', 'name', 'json', 'yaml', 'jsonl'] as const;
export type Format = (typeof formats)[number];

/** How results are to be shown. */
export interface OutputFlags {
  readonly output: Format;
  /** Paths to show instead of everything; empty = everything. */
  readonly fields: readonly string[];
  readonly headers: boolean;
}

/** A result, free of any format. */
export interface Result<T> {
  readonly kind: string;
  readonly context: string;
  readonly asOf: string;
  readonly items: readonly T[];
  /** True for a single thing: `item` instead of `items`. */
  readonly single?: boolean;
  readonly warnings: readonly string[];
  readonly columns: readonly Column<T>[];
  /** What -o name prints of one. */
  readonly name: (item: T) => string;
}

/** Whether a format is for programs: nothing but data on stdout, and errors as JSON. */
export const isForPrograms = (format: Format): boolean => format === 'json' || format === 'jsonl';

/** Checks -o against what a command can print. @throws CliError (usage) */
export function parseFormat(text: string): Format {
  const format = formats.find((each) => each === text);
  if (format === undefined) throw usageError(`--output "${text}" is not one of ${formats.join(', ')}`);
  return format;
}

/** Prints a result on stdout, its warnings on stderr where the format has no place for them. */
export async function printResult<T extends object>(
  { stdout, stderr }: Pick<Runtime, 'stdout' | 'stderr'>,
  result: Result<T>,
  flags: OutputFlags,
): Promise<void> {
  const { output, fields } = flags;
  const chosen = (item: T): unknown => (fields.length === 0 ? item : pick(item, fields));
  if (output !== 'json' && output !== 'yaml') {
    for (const warning of result.warnings) stderr.write(`warning: ${warning}\n`);
  }
  switch (output) {
    case 'name':
      stdout.write(result.items.map((item) => `${result.name(item)}\n`).join(''));
      return;
    case 'jsonl':
      stdout.write(result.items.map((item) => `${JSON.stringify(chosen(item))}\n`).join(''));
      return;
    case 'json':
      stdout.write(`${JSON.stringify(documentOf(result, chosen), null, 2)}\n`);
      return;
    case 'yaml': {
      const { stringify } = await import('yaml');
      stdout.write(stringify(documentOf(result, chosen)));
      return;
    }
    default: {
      const shown = result.columns.filter(({ wide }) => output === 'wide' || wide !== true);
      const columns = fields.length === 0 ? shown : fields.map((path) => fieldColumn<T>(path));
      const width = stdout.isTTY === true ? Math.max(80, stdout.columns ?? 80) : undefined;
      const options = { headers: flags.headers, ...(width === undefined ? {} : { width }) };
      stdout.write(renderTable(columns, result.items, options));
    }
  }
}

function documentOf<T>(result: Result<T>, chosen: (item: T) => unknown): object {
  const { kind, context, asOf, items, single, warnings } = result;
  const [first] = items;
  const content = single && first !== undefined ? { item: chosen(first) } : { items: items.map(chosen) };
  return { apiVersion, kind, context, asOf, ...content, warnings };
}

const fieldColumn = <T extends object>(path: string): Column<T> => ({
  head: path.toUpperCase(),
  value: (item) => {
    let value: unknown = item;
    for (const name of path.split('.')) value = (value as Record<string, unknown> | undefined | null)?.[name];
    if (value === undefined || value === null) return undefined;
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  },
});
