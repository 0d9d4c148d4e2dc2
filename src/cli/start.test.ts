import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';

const folder = import.meta.dirname;
/** Each of them takes longer to load than -V, -h and TAB may take altogether, or a good part of it. */
const late = ['zod', 'yaml', 'undici', 'cli-table3', 'ink', 'react', 'fastify', 'eventsource-parser'];

/** Packages that a file loads before its first line runs, each with the file that imports it. */
function loadedBy(start: string): Map<string, string> {
  const packages = new Map<string, string>();
  const done = new Set<string>();
  const visit = (path: string): void => {
    if (done.has(path) || !existsSync(path)) return;
    done.add(path);
    const form = /^(?:import|export) (?!type\b)(?:[^'";]*? from )?'([^']+)'/gms;
    for (const [whole, name = ''] of readFileSync(path, 'utf8').matchAll(form)) {
      // `import { type A, type B }` is nothing at run time only for the bundler; it is what runs.
      const names = /\{([^}]*)\}/
        .exec(whole)?.[1]
        ?.split(',')
        .filter((each) => each.trim() !== '') ?? [''];
      if (names.every((each) => each.trim().startsWith('type '))) continue;
      if (name.startsWith('.')) visit(join(dirname(path), name));
      else packages.set(name, relative(folder, path));
    }
  };
  visit(join(folder, start));
  return packages;
}

it.each(['main.ts', 'cli.ts', 'commands/help/help.ts', 'commands/completion/complete.ts'])(
  'loading %s takes none of the slow packages along',
  (start) => {
    const loaded = loadedBy(start);
    if (start === 'main.ts') expect([...loaded.keys()]).toContain('commander');
    expect([...loaded].filter(([name]) => late.includes(name))).toEqual([]);
  },
);
