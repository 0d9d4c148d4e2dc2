/** The context of a running `tacos up`: files in its data dir, and a pointer to the one started last. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { localPointer } from './paths.ts';
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

const pointerSchema = z.object({ dataDir: z.string(), pid: z.number().int() });

/** Whether a local context runs, and where it would be. */
export type LocalState =
  | { readonly runs: true; readonly context: LocalContext }
  | { readonly runs: false; readonly dataDir?: string };

/** Finds the running `tacos up`: in TACOS_DATA_DIR where that is set, else by the pointer. */
export function findLocal(place: Place): LocalState {
  const dataDir = place.env.TACOS_DATA_DIR || read(localPointer(place), pointerSchema)?.dataDir;
  if (dataDir === undefined) return { runs: false };
  const context = read(contextFile(dataDir), localSchema);
  return context !== undefined && isAlive(context.pid) ? { runs: true, context } : { runs: false, dataDir };
}

/** Where a data dir has its context. */
export const contextFile = (dataDir: string): string => join(dataDir, 'context.json');

/** Announces a running `tacos up`. */
export function writeLocal(place: Place, dataDir: string, context: LocalContext): void {
  writeFileSync(contextFile(dataDir), `${JSON.stringify(context, null, 2)}\n`, { mode: 0o600 });
  const pointer = localPointer(place);
  mkdirSync(dirname(pointer), { recursive: true, mode: 0o700 });
  writeFileSync(pointer, `${JSON.stringify({ dataDir, pid: context.pid })}\n`, { mode: 0o600 });
}

/** Takes the announcement back; the pointer only if it is still ours. */
export function removeLocal(place: Place, dataDir: string, pid: number): void {
  rmSync(contextFile(dataDir), { force: true });
  if (read(localPointer(place), pointerSchema)?.pid === pid) rmSync(localPointer(place), { force: true });
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
