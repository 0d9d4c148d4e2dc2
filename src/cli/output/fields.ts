/** Paths into objects, such as `event,bucket.tokens`: --fields picks them, --sort compares them. */
import { usageError } from '../errors.ts';

/** A copy with only the paths in it; a path that does not exist is left out. */
export function pick(item: object, paths: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const path of paths) copy(item as Record<string, unknown>, picked, path.split('.'));
  return picked;
}

/** The value at a path; undefined where there is none. */
export function valueAt(item: unknown, path: string): unknown {
  let value = item;
  for (const name of path.split('.')) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** Every path of an object, those of inner objects after their own; lists count as values. */
export function pathsOf(item: unknown, prefix = ''): string[] {
  if (item === null || typeof item !== 'object' || Array.isArray(item)) return [];
  return Object.entries(item).flatMap(([name, inner]) => [
    `${prefix}${name}`,
    ...pathsOf(inner, `${prefix}${name}.`),
  ]);
}

/**
 * Checks that every path exists in some item, or in the kind's schema: an optional field may be absent everywhere.
 * Nothing to check where there are no items and the kind has no schema.
 *
 * @throws CliError (usage) naming the known paths
 */
export async function checkPaths(
  flag: string,
  paths: readonly string[],
  { kind, items }: { kind: string; items: readonly object[] },
): Promise<void> {
  const unknown = paths.filter((path) => items.every((item) => valueAt(item, path) === undefined));
  if (unknown.length === 0) return;
  // Loaded only here: the schemas of all kinds are much to load.
  const { schemaPaths } = await import('../schema-kinds.ts');
  const known = new Set([...items.flatMap((item) => pathsOf(item)), ...schemaPaths(kind)]);
  if (known.size === 0) return;
  const wrong = unknown.find((path) => !known.has(path));
  if (wrong === undefined) return;
  throw usageError(`${flag} does not know the field "${wrong}": it knows ${[...known].sort().join(', ')}`);
}

/** A sorted copy by a path, `-path` = descending; equal ones keep their order, absent values come last. */
export function sortItems<T extends object>(items: readonly T[], key: string): T[] {
  const isDescending = key.startsWith('-');
  const path = isDescending ? key.slice(1) : key;
  const sign = isDescending ? -1 : 1;
  return items.toSorted((left, right) => {
    const [a, b] = [valueAt(left, path) ?? null, valueAt(right, path) ?? null];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
    const [textA, textB] = [textOf(a), textOf(b)];
    return textA === textB ? 0 : sign * (textA < textB ? -1 : 1);
  });
}

const textOf = (value: unknown): string =>
  typeof value === 'object' ? JSON.stringify(value) : String(value);

function copy(
  from: Record<string, unknown>,
  to: Record<string, unknown>,
  [name, ...rest]: readonly string[],
): void {
  if (name === undefined || !Object.hasOwn(from, name)) return;
  const value = from[name];
  if (rest.length === 0) {
    to[name] = value;
    return;
  }
  if (value === null || typeof value !== 'object') return;
  const inner = (to[name] ?? {}) as Record<string, unknown>;
  copy(value as Record<string, unknown>, inner, rest);
  to[name] = inner;
}
