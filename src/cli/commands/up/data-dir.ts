/** The folder of a `tacos up`: one owner at a time, keys and token made once, logs of the last two runs. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { CliError } from '../../errors.ts';
import { exitCodes } from '../../exit-codes.ts';
import { isAlive } from '../../local.ts';

const processSchema = z.object({ name: z.string(), pid: z.number().int(), stamp: z.string() });
/** A process as found again later: the stamp tells it from another one that got its number. */
export type KnownProcess = z.infer<typeof processSchema>;

export interface DataDir {
  readonly path: string;
  readonly redis: string;
  readonly waitingKeys: string;
  readonly reservationKeys: string;
  /** What the CLI signs in with. */
  readonly tokenFile: string;
  /** What the admin API is given: role:name:token. */
  readonly tokenList: string;
  /** Log of a process, emptied; that of the run before is kept beside it. */
  log(name: string): string;
  /** Notes what runs, so that the next `up` can end it should this one be killed. */
  noteProcesses(processes: readonly KnownProcess[]): void;
  release(): void;
}

/** Takes a data dir. @throws CliError (6) when another `up` has it */
export function openDataDir(folder: string, userName: string): DataDir {
  const path = resolve(folder);
  const inside = (name: string): string => join(path, name);
  for (const name of ['.', 'redis', 'keys', 'logs'])
    mkdirSync(inside(name), { recursive: true, mode: 0o700 });
  lock(path);
  endLeftOver(inside('processes.json'));
  const once = (name: string, make: () => string): string => {
    if (!existsSync(inside(name))) writeFileSync(inside(name), make(), { mode: 0o600 });
    return inside(name);
  };
  const key = (): string => `up1:${randomBytes(32).toString('base64url')}\n`;
  const tokenFile = once('operator.token', () => `${randomBytes(24).toString('base64url')}\n`);
  const name = userName.replace(/[^\w.@+-]/g, '_').slice(0, 64) || 'operator';
  writeFileSync(inside('admin.tokens'), `admin:${name}:${readFileSync(tokenFile, 'utf8').trim()}\n`, {
    mode: 0o600,
  });
  return {
    path,
    redis: inside('redis'),
    waitingKeys: once('keys/waiting-token', key),
    reservationKeys: once('keys/reservation-token', key),
    tokenFile,
    tokenList: inside('admin.tokens'),
    log: (program) => {
      const file = inside(`logs/${program}.log`);
      if (existsSync(file)) renameSync(file, inside(`logs/${program}.1.log`));
      writeFileSync(file, '', { mode: 0o600 });
      return file;
    },
    noteProcesses: (processes) =>
      writeFileSync(inside('processes.json'), JSON.stringify(processes), { mode: 0o600 }),
    release: () => {
      rmSync(inside('processes.json'), { force: true });
      rmSync(inside('up.lock'), { force: true });
    },
  };
}

/** The process of a number, as it can be known again; '' where the system does not tell when it began. */
export function processStamp(pid: number): string {
  try {
    // Field 22 is the start in clock ticks since boot; the name in field 2 may hold spaces and brackets.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function lock(path: string): void {
  const file = join(path, 'up.lock');
  const me: KnownProcess = { name: 'up', pid: process.pid, stamp: processStamp(process.pid) };
  for (;;) {
    try {
      writeFileSync(file, JSON.stringify(me), { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const [owner] = readProcesses(file);
    if (owner !== undefined && isStill(owner) && owner.pid !== process.pid) throw taken(path, owner.pid);
    rmSync(file, { force: true });
  }
}

/** Processes of a run that was killed would hold its ports and, worse, write the same Redis files. */
function endLeftOver(file: string): void {
  for (const known of readProcesses(file)) {
    if (known.stamp !== '' && isStill(known)) killGroup(known.pid, 'SIGKILL');
  }
  rmSync(file, { force: true });
}

/** Signals a process with all that it started. */
export function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // Gone already.
  }
}

const isStill = ({ pid, stamp }: KnownProcess): boolean => isAlive(pid) && processStamp(pid) === stamp;

function readProcesses(file: string): KnownProcess[] {
  try {
    return z.array(processSchema).parse([JSON.parse(readFileSync(file, 'utf8'))].flat());
  } catch {
    return [];
  }
}

const taken = (path: string, pid: number): CliError =>
  new CliError(`a tacos up runs in ${path} already (process ${pid})`, {
    code: 'DATA_DIR_TAKEN',
    exitCode: exitCodes.refused,
    why: 'two would write the same Redis files; nothing was started',
    hint: `tacos up --data-dir ${path}-2 --gateway-port 0 --admin-port 0 --grpc-port 0`,
  });
