import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const notOurs = new Set(['node_modules', 'dist', 'generated', '.git', 'coverage', 'package-lock.json']);
const texts = /\.(tsx?|mjs|lua|json|ya?ml|md|sh|proto|css|html)$|^(\.npmrc|tacos|run|Dockerfile.*)$/;

/** A text file of the project; `path` is relative to its root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A module named by an import; relative ones are resolved to a path of the project. */
export interface ImportOf {
  readonly from: string;
  readonly to: string;
  /** Gone at run time: `import type`. */
  readonly isType: boolean;
  readonly isPackage: boolean;
}

/** All text files at or below a path of the project; none where it does not exist. */
export function filesIn(path: string): SourceFile[] {
  const start = join(root, path);
  if (!existsSync(start)) return [];
  return readdirSync(start, { withFileTypes: true }).flatMap((entry) => {
    const inside = relative(root, join(start, entry.name)).split(sep).join('/');
    if (notOurs.has(entry.name)) return [];
    if (entry.isDirectory()) return filesIn(inside);
    return entry.isFile() && texts.test(entry.name) ? [read(inside)] : [];
  });
}

/** One file of the project. */
export function read(path: string): SourceFile {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

/** Whether a file of that path exists in the project. */
export function exists(path: string): boolean {
  return existsSync(join(root, path));
}

const importForm =
  /(?:^|[;\n])\s*(?:import|export)\s+(type\s)?(?:[\w*${}\s,]*?\sfrom\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;

/** What a TypeScript file imports or re-exports, also late by `import()`. */
export function importsOf({ path, text }: SourceFile): ImportOf[] {
  return Array.from(text.matchAll(importForm), ([, type, early, late]) => {
    const name = early ?? late ?? '';
    const isPackage = !name.startsWith('.');
    const to = isPackage ? name : posix.normalize(posix.join(dirname(path), name));
    return { from: path, to, isType: type !== undefined, isPackage };
  });
}

/** Each circle of imports once, as the paths along it. */
export function findCycles(imports: readonly ImportOf[]): string[][] {
  const next = new Map<string, string[]>();
  for (const { from, to } of imports) next.set(from, [...(next.get(from) ?? []), to]);
  const cycles: string[][] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (path: string): void => {
    const since = trail.indexOf(path);
    if (since >= 0) cycles.push([...trail.slice(since), path]);
    if (since >= 0 || done.has(path)) return;
    trail.push(path);
    for (const to of next.get(path) ?? []) visit(to);
    trail.pop();
    done.add(path);
  };
  for (const path of next.keys()) visit(path);
  return cycles;
}
