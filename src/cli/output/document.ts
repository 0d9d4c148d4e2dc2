/** Results in the format that was asked for. The only place that decides between text and data. */
import { apiVersion } from '../../contract/admin-api.ts';
import { usageError } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import { checkPaths, pick, sortItems, valueAt } from './fields.ts';
import type { Format } from './formats.ts';
import { type Column, renderTable } from './table.ts';

export type { Format } from './formats.ts';

/** How results are to be shown. */
export interface OutputFlags {
  readonly output: Format;
  /** Paths to show instead of everything; empty = everything. */
  readonly fields: readonly string[];
  readonly headers: boolean;
  /** Path that a list is sorted by, `-path` = descending. */
  readonly sort?: string;
  /** Only ASCII can be shown. */
  readonly ascii?: boolean;
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

/**
 * Prints a result on stdout, its warnings on stderr where the format has no place for them.
 *
 * @throws CliError (usage) for a path of --fields or --sort that the result cannot have, before anything is printed
 */
export async function printResult<T extends object>(
  { stdout, stderr }: Pick<Runtime, 'stdout' | 'stderr'>,
  unsorted: Result<T>,
  flags: OutputFlags,
): Promise<void> {
  const { output, fields } = flags;
  await checkPaths('--fields', fields, unsorted);
  const result = await sorted(unsorted, flags.sort);
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
      const ascii = flags.ascii === true;
      const options = { headers: flags.headers, ascii, ...(width === undefined ? {} : { width }) };
      stdout.write(renderTable(columns, result.items, options));
    }
  }
}

async function sorted<T extends object>(result: Result<T>, sort: string | undefined): Promise<Result<T>> {
  if (sort === undefined) return result;
  if (result.single) throw usageError('--sort is for lists');
  await checkPaths('--sort', [sort.replace(/^-/, '')], result);
  return { ...result, items: sortItems(result.items, sort) };
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
    const value = valueAt(item, path) ?? undefined;
    return typeof value === 'object'
      ? JSON.stringify(value)
      : value === undefined
        ? undefined
        : String(value);
  },
});
