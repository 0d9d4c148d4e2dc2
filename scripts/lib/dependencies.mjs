import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root, SetupError } from './project.mjs';

const lockFile = join(root, 'package-lock.json');
const stampFile = join(root, 'node_modules/.cache/tacos/dependencies');

/**
 * Makes node_modules equal to package-lock.json. Does nothing, and needs no network, when it is already.
 *
 * @param {{clean: boolean}} options clean: install anew whatever is there
 * @returns {string} what was done, for the report
 */
export function ensureDependencies({ clean }) {
  const stamp = wantedStamp();
  if (!clean && readText(stampFile) === stamp) return 'up to date';
  const installed = !clean && isInstalled();
  if (!installed) install();
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
  return installed ? 'up to date' : 'installed';
}

/** The lockfile pins the runtime's version too; the platform decides which of its packages counts. */
function wantedStamp() {
  const hash = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
  return `${hash} ${process.platform}-${process.arch}\n`;
}

/** Whether npm's own record of what it installed says the same as the lockfile, as after a plain `npm ci`. */
function isInstalled() {
  const record = readText(join(root, 'node_modules/.package-lock.json'));
  if (record === undefined) return false;
  const have = JSON.parse(record).packages;
  const { '': _project, ...want } = JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  const same = (path) => have[path]?.version === want[path]?.version;
  const needed = (path) => !want[path].optional || isForThisPlatform(want[path]);
  return Object.keys(have).every(same) && Object.keys(want).filter(needed).every(same);
}

/** Optional packages name the platforms that they are for; one without a name may be missing rightly. */
function isForThisPlatform({ os, cpu, libc }) {
  return Boolean(os?.includes(process.platform) && cpu?.includes(process.arch) && !libc);
}

function install() {
  console.log('Installing dependencies (npm ci)...');
  // What npm has in its cache is taken from there; only where that does not do is the registry asked.
  if (npmCi(['--prefer-offline'], 'ignore')) return;
  if (npmCi([], 'inherit')) return;
  rmSync(stampFile, { force: true });
  throw new SetupError({
    what: 'npm ci failed, its message is above',
    why: 'tacos needs its dependencies',
    run: 'npm run setup, once that is mended',
  });
}

function npmCi(flags, stdio) {
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', ...flags];
  const npm = process.env.npm_execpath;
  const isScript = npm !== undefined && /\bnpm-cli\.c?js$/.test(npm) && existsSync(npm);
  const [command, all] = isScript ? [process.execPath, [npm, ...args]] : ['npm', args];
  const options = {
    cwd: root,
    stdio: ['ignore', stdio, stdio],
    shell: !isScript && process.platform === 'win32',
  };
  return spawnSync(command, all, options).status === 0;
}

function readText(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}
