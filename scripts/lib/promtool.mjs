import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { testCacheFolder } from './python-tool.mjs';
import { works } from './run.mjs';

const folder = () => join(testCacheFolder(), 'prometheus');
const inPackage = 'usr/bin/promtool';

/**
 * Path of promtool, which checks what is made for Prometheus: the one on PATH, else the one that `ensurePromtool`
 * brought.
 *
 * @returns {string | undefined} undefined = there is none
 */
export function findPromtool() {
  if (works('promtool', ['--version'])) return 'promtool';
  const brought = join(folder(), inPackage);
  return existsSync(brought) ? brought : undefined;
}

/**
 * Gets promtool where it is missing and apt is there. The package is only unpacked, outside the project: installed, it
 * would start a Prometheus, now and at every boot.
 */
export function ensurePromtool() {
  if (findPromtool() !== undefined || process.platform !== 'linux') return;
  if (!works('apt-get', ['--version']) || !works('dpkg', ['--version'])) return;
  console.log(`Unpacking promtool for the tests (apt-get download, into ${folder()})...`);
  mkdirSync(testCacheFolder(), { recursive: true });
  const here = mkdtempSync(join(testCacheFolder(), 'prometheus-'));
  try {
    if (!download(here) && process.getuid?.() === 0) {
      spawnSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'inherit', 'inherit'] });
      download(here);
    }
    const file = readdirSync(here).find((name) => name.endsWith('.deb'));
    if (file === undefined || !works('dpkg', ['-x', join(here, file), join(here, 'unpacked')])) return;
    rmSync(folder(), { recursive: true, force: true });
    renameSync(join(here, 'unpacked'), folder());
  } finally {
    rmSync(here, { recursive: true, force: true });
  }
}

function download(cwd) {
  return spawnSync('apt-get', ['download', '-qq', 'prometheus'], { cwd, stdio: 'ignore' }).status === 0;
}
