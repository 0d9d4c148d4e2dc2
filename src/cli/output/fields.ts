/** --fields: paths such as `event,bucket.tokens` out of an object. */

/** A copy with only the paths in it; a path that does not exist is left out. */
export function pick(item: object, paths: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const path of paths) copy(item as Record<string, unknown>, picked, path.split('.'));
  return picked;
}

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
