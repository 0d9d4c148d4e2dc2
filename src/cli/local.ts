/** The context of a running `tacos up`: files in its data dir, and a pointer to it. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { localPointers } from './paths.ts';
import type { Runtime } from './runtime.ts';

type Place = Pick<Runtime, 'env' | 'home' | 'platform'>;

const localSchema = z.object({
  server: z.string(),
  tokenFile: z.string(),
  gateway: z.string(),
  pid: z.number().int(),
  environment: z.string(),
});
/** What a running `tacos up` says about itself. */
export type LocalContext = z.infer<typeof localSchema>;

const pointerSchema = z.object({ dataDir: z.string(), pid: z.number().int(), startedAtMs: z.number() });
type Pointer = z.infer<typeof pointerSchema>;

/** Whether a local context runs, where it would be, and the data dirs of those that run, newest first. */
export type LocalState =
  | { readonly runs: true; readonly context: LocalContext }
  | { readonly runs: false; readonly dataDir?: string; readonly running: readonly string[] };

/** Finds the running `tacos up`: in TACOS_DATA_DIR where that is set, else the one started last of those that run. */
export function findLocal(place: Place): LocalState {
  const told = place.env.TACOS_DATA_DIR;
  const pointers = readPointers(place);
  const running = pointers.map(({ dataDir }) => dataDir).filter((dir) => livingIn(dir) !== undefined);
  const dataDir = told || (running[0] ?? pointers[0]?.dataDir);
  if (dataDir === undefined) return { runs: false, running };
  const context = livingIn(dataDir);
  return context === undefined ? { runs: false, dataDir, running } : { runs: true, context };
}

/** Where a data dir has its context. */
export const contextFile = (dataDir: string): string => join(dataDir, 'context.json');

/** Announces a running `tacos up`. Returns the data dirs of the others that run, newest first. */
export function writeLocal(place: Place, dataDir: string, context: LocalContext): readonly string[] {
  writeFileSync(contextFile(dataDir), `${JSON.stringify(context, null, 2)}\n`, { mode: 0o600 });
  mkdirSync(localPointers(place), { recursive: true, mode: 0o700 });
  const others = readPointers(place).filter((other) => other.dataDir !== dataDir);
  const startedAtMs = Math.max(Date.now(), ...others.map((other) => other.startedAtMs + 1));
  const pointer: Pointer = { dataDir, pid: context.pid, startedAtMs };
  writeFileSync(pointerFile(place, dataDir), `${JSON.stringify(pointer)}\n`, { mode: 0o600 });
  const [running, ended] = [true, false].map((runs) =>
    others.filter((other) => (livingIn(other.dataDir) !== undefined) === runs),
  );
  // One that was killed could not take its announcement back.
  for (const other of ended ?? []) rmSync(pointerFile(place, other.dataDir), { force: true });
  return (running ?? []).map((other) => other.dataDir);
}

/** Takes the announcement back, unless another process made it. */
export function removeLocal(place: Place, dataDir: string, pid: number): void {
  const file = pointerFile(place, dataDir);
  if (read(contextFile(dataDir), localSchema)?.pid === pid) rmSync(contextFile(dataDir), { force: true });
  if (read(file, pointerSchema)?.pid === pid) rmSync(file, { force: true });
}

/** A name that a data dir always has and no other one. */
const pointerFile = (place: Place, dataDir: string): string =>
  join(localPointers(place), `${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}.json`);

function readPointers(place: Place): Pointer[] {
  let names: string[];
  try {
    names = readdirSync(localPointers(place));
  } catch {
    return [];
  }
  return names
    .flatMap((name) => read(join(localPointers(place), name), pointerSchema) ?? [])
    .sort((a, b) => b.startedAtMs - a.startedAtMs);
}

function livingIn(dataDir: string): LocalContext | undefined {
  const context = read(contextFile(dataDir), localSchema);
  return context !== undefined && isAlive(context.pid) ? context : undefined;
}

/** Whether a process of that id runs, be it another user's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function read<T extends z.ZodType>(file: string, schema: T): z.output<T> | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
