/** Programs that believe another time of day, by libfaketime (Debian package faketime). Their timers run true. */
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folders = ['/usr/lib', '/usr/lib64', '/usr/local/lib'];
const file = 'faketime/libfaketimeMT.so.1';

/** Path of the library, the one for programs with threads; undefined where it is not installed. */
export function findFaketime(): string | undefined {
  const candidates = folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => [
      join(folder, file),
      ...readdirSync(folder).map((name) => join(folder, name, file)),
    ]);
  return candidates.find((path) => existsSync(path));
}

/** What a program whose clock is always so many seconds ahead (behind: negative) is started with; or runs so much faster: 1 = true. */
export function clockEnv(
  library: string,
  { aheadSec, speed = 1 }: { readonly aheadSec: number; readonly speed?: number },
): Record<string, string> {
  const sign = aheadSec < 0 ? '-' : '+';
  const rate = speed === 1 ? '' : ` x${speed}`;
  return { ...base(library), FAKETIME: `${sign}${Math.abs(aheadSec)}s${rate}` };
}

/** A clock that can be set while programs run by it; they notice within two seconds. */
export interface FakeClock {
  readonly env: Readonly<Record<string, string>>;
  /** Sets it so many seconds ahead of the true time; negative = behind. */
  set(aheadSec: number): void;
}

/** A clock that runs true as long as nothing is at `path`; a file there says how far it is off. */
export function fakeClock(library: string, path: string): FakeClock {
  return {
    env: { ...base(library), FAKETIME_TIMESTAMP_FILE: path, FAKETIME_CACHE_DURATION: '1' },
    set(aheadSec) {
      // Renamed into place: no program reads half a file.
      writeFileSync(`${path}.new`, `${aheadSec < 0 ? '-' : '+'}${Math.abs(aheadSec)}s\n`);
      renameSync(`${path}.new`, path);
    },
  };
}

/** A redis-server that is started with these variables, for `launcher` of startRedis. */
export const redisWith = (env: Readonly<Record<string, string>>): readonly string[] => [
  'env',
  ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
  'redis-server',
];

const base = (library: string): Record<string, string> => ({
  // With libc's malloc: jemalloc, on which redis-server stands, asks for the time before libfaketime can answer.
  LD_PRELOAD: `${library}:libc.so.6`,
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
  DONT_FAKE_MONOTONIC: '1',
});
