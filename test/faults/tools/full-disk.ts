/** A disk without room, for one redis-server: a bound of how long its files may get, which the system holds it to. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** `launcher` of a redis-server to which a write past the bound is an error, as on a full disk, and not its end. */
export const boundedLauncher: readonly string[] = [
  'sh',
  '-c',
  'trap \'\' XFSZ; exec redis-server "$@"',
  'sh',
];

/** Whether such a bound can be set here (prlimit of util-linux). */
export function canBoundFiles(): boolean {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Lets no file of a process grow past what the largest one below `dir` has, plus `roomBytes`. */
export function fillDisk(pid: number, dir: string, roomBytes: number): void {
  const sizes = readdirSync(dir, { recursive: true, encoding: 'utf8' }).map(
    (name) => statSync(join(dir, name)).size,
  );
  setBound(pid, String(Math.max(0, ...sizes) + roomBytes));
}

/** Takes the bound away. */
export function freeDisk(pid: number): void {
  setBound(pid, 'unlimited');
}

// The soft bound alone: raising it again needs no rights.
const setBound = (pid: number, bound: string): void => {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bound}:`]);
};
