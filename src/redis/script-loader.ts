/**
 * Reads the scripts of lua/: puts the includes in front, and holds each file's header against what the code says of
 * it, so that a header can never drift. ioredis does the rest (EVALSHA, and EVAL where Redis has forgotten it).
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Names of a script's keys and arguments, in the order of its header. */
export interface ScriptShape {
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

export type ScriptSet = Readonly<Record<string, ScriptShape>>;

/** A script as the loader read it. */
export interface LoadedScript extends ScriptShape {
  readonly lua: string;
}

const includeLine = /^-- include (.+)$/m;
const keyLine = /^-- KEYS\[(\d+)\] (\w+)/gm;
const argLine = /^-- ARGV\[(\d+)\] (\w+)/gm;

/** The folder lua/: next to dist/ in an installed copy, above src/ in a checkout. */
export function luaFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'lua', 'join.lua'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('the folder lua/ is missing from this copy of tacos');
    folder = parent;
  }
  return join(folder, 'lua');
}

/**
 * Loads one script with its includes.
 *
 * @throws Error when an include is missing or named twice, or the header's numbers are out of order
 */
export function loadScript(folder: string, name: string): LoadedScript {
  const source = readFileSync(join(folder, `${name}.lua`), 'utf8');
  const includes = includeLine.exec(source)?.[1]?.split(' ') ?? [];
  if (new Set(includes).size !== includes.length) throw new Error(`lua/${name}.lua includes something twice`);
  const pieces = includes.map((piece) => {
    const path = join(folder, 'includes', `${piece}.lua`);
    if (!existsSync(path)) throw new Error(`lua/${name}.lua includes ${piece}, which is not in lua/includes`);
    return readFileSync(path, 'utf8');
  });
  return {
    keys: inOrder(source, keyLine, name),
    args: inOrder(source, argLine, name),
    lua: [...pieces, source].join('\n'),
  };
}

function inOrder(source: string, pattern: RegExp, name: string): string[] {
  return [...source.matchAll(pattern)].map((match, index) => {
    if (Number(match[1]) !== index + 1)
      throw new Error(`lua/${name}.lua: header line "${match[0]}" is out of order`);
    return match[2] ?? '';
  });
}

/**
 * What ioredis wants to know of the scripts.
 *
 * @throws Error when a header and the set disagree: then one of them was changed without the other
 */
export function scriptOptions(scripts: ScriptSet): Record<string, { lua: string; numberOfKeys: number }> {
  const folder = luaFolder();
  const options: Record<string, { lua: string; numberOfKeys: number }> = {};
  for (const [name, shape] of Object.entries(scripts)) {
    const loaded = loadScript(folder, name);
    if (loaded.keys.join() !== shape.keys.join() || loaded.args.join() !== shape.args.join()) {
      throw new Error(`lua/${name}.lua and scripts.ts disagree about its keys or arguments`);
    }
    options[name] = { lua: loaded.lua, numberOfKeys: loaded.keys.length };
  }
  return options;
}
