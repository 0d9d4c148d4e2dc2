import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './project.mjs';
import { testCacheFolder } from './python-tool.mjs';
import { works } from './run.mjs';

/** The version that is built where there is none. Any 1.4 or newer, 2.x too, runs the scenarios. */
const version = 'v1.4.0';
const oldest = { major: 1, minor: 4 };

const file = process.platform === 'win32' ? 'k6.exe' : 'k6';
const folder = () => join(testCacheFolder(), `k6-${version}`);

/**
 * Path of k6, which makes the load: TACOS_K6, else the one on PATH, else the one that `ensureK6` built.
 *
 * @returns {string | undefined} undefined = there is none
 */
export function findK6() {
  return [process.env.TACOS_K6, 'k6', join(folder(), file)].find((path) => path && isNewEnough(path));
}

/**
 * Builds k6 with Go where there is none, into the cache of test tools; two minutes on two cores, once.
 *
 * @returns {Promise<string>} path of the program
 * @throws {SetupError} where there is no Go to do it with, or it fails
 */
export async function ensureK6() {
  const found = findK6();
  if (found !== undefined) return found;
  if (!works('go', ['version'])) {
    throw new SetupError({
      what: 'there is neither k6 nor Go',
      why: 'the load tests run k6, which Go builds from source',
      run: 'brew install k6, or see https://grafana.com/docs/k6/latest/set-up/install-k6; TACOS_K6 names its path',
    });
  }
  console.error(`Building k6 ${version} for the tests (go install, into ${folder()})...`);
  mkdirSync(testCacheFolder(), { recursive: true });
  // Beside its place, then moved there: whoever else builds it at the same time, it is whole or not there.
  const here = mkdtempSync(join(testCacheFolder(), 'k6-'));
  try {
    await build(here);
    if (!existsSync(join(folder(), file))) {
      rmSync(folder(), { recursive: true, force: true });
      renameSync(here, folder());
    }
  } finally {
    rmSync(here, { recursive: true, force: true });
  }
  return join(folder(), file);
}

function build(here) {
  const env = { ...process.env, GOBIN: here, CGO_ENABLED: '0' };
  const args = ['install', '-trimpath', '-ldflags', '-s -w', `go.k6.io/k6@${version}`];
  const child = spawn('go', args, { cwd: here, env, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) return resolve();
      reject(
        new SetupError({
          what: `go could not build k6 ${version}, its message is above`,
          why: 'the load tests run k6',
          run: 'the same again with a network, or set TACOS_K6 to a k6 that is there',
        }),
      );
    });
  });
}

function isNewEnough(path) {
  const { stdout } = spawnSync(path, ['version'], { encoding: 'utf8' });
  const [, major, minor] = /\bv(\d+)\.(\d+)/.exec(stdout ?? '') ?? [];
  if (major === undefined) return false;
  return Number(major) > oldest.major || (Number(major) === oldest.major && Number(minor) >= oldest.minor);
}
