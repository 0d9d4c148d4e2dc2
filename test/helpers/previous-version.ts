/**
 * The version before this one, built from the repository's own history, for tests of two versions on one line. It is kept
 * outside of the checkout, in the user's cache, by its commit.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root } from './processes.ts';

/** What a roll-back goes back to. Name the last commit of a release here when the next one begins. */
const previousCommit = 'a59aaebf6191d430db0a87ac883ba8066bd964db';

/** What that version calls itself here, so that it is told from this one. */
export const previousVersion = '0.0.9';

/** How long it says "not ready" before it stops listening, ms. */
const previousNoticeMs = 5_000;

/** Why it cannot be built here, a sentence; undefined = it can. Where the history is not there, that is no fault. */
export function previousMissing(): string | undefined {
  try {
    git('cat-file', '-e', `${previousCommit}^{commit}`);
  } catch {
    return `the history of this checkout does not reach back to ${previousCommit.slice(0, 10)}: git fetch --unshallow`;
  }
  const before = JSON.parse(git('show', `${previousCommit}:package.json`)) as Package;
  const now = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Package;
  const isSame = JSON.stringify(before.dependencies) === JSON.stringify(now.dependencies);
  return isSame ? undefined : `${previousCommit.slice(0, 10)} needs other libraries than are installed here`;
}

/** Builds it where that was not done yet; the folder of its programs. @throws Error where it cannot be built */
export function previousDist(): string {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tacos-test');
  const folder = join(cache, `${previousCommit.slice(0, 10)}-${recipe}`);
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    const making = mkdtempSync(join(cache, 'making-'));
    try {
      make(making);
      renameSync(making, folder);
    } catch (error) {
      rmSync(making, { recursive: true, force: true });
      // Somebody else was faster.
      if (!existsSync(folder)) throw error;
    }
  }
  linkLibraries(folder);
  return join(folder, 'dist');
}

/** To those of this checkout: another one, which built it, may be gone. */
function linkLibraries(folder: string): void {
  const [link, other] = [join(folder, 'node_modules'), join(folder, `node_modules-${process.pid}`)];
  symlinkSync(join(root, 'node_modules'), other);
  renameSync(other, link);
}

interface Package {
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Another number for another way of building it. */
const recipe = 1;

function make(folder: string): void {
  const archive = execFileSync('git', ['archive', previousCommit], { cwd: root, maxBuffer: 1 << 28 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  linkLibraries(folder);
  change(join(folder, 'package.json'), /"version": ".*"/, `"version": "${previousVersion}"`);
  // As long as in production: in tests it stopped listening before any load balancer could know.
  change(join(folder, 'src/gateway/config.ts'), /test: 100,/, `test: ${previousNoticeMs},`);
  execFileSync(process.execPath, [join(folder, 'scripts/build.mjs')], { cwd: folder, stdio: 'pipe' });
}

function change(path: string, what: RegExp, to: string): void {
  const text = readFileSync(path, 'utf8');
  if (!what.test(text)) throw new Error(`${path} does not have ${what}`);
  writeFileSync(path, text.replace(what, to));
}

const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
