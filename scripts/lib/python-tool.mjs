import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from './project.mjs';
import { works } from './run.mjs';

const lockCheckMs = 250;
const installLimitMs = 300_000;
const isWindows = process.platform === 'win32';

/** Where the tools that tests need are kept between runs, outside the project. */
export function testCacheFolder() {
  return process.env.TACOS_TEST_CACHE || join(homedir(), '.cache', 'tacos-test');
}

/**
 * Makes sure that a program written in Python is there, in a virtual environment of its own: made when it is first asked
 * for, and again when the packages asked for change. Of several processes one installs, the others wait.
 *
 * @param {{name: string, packages: readonly string[], bin: string}} tool packages: as pip takes them, with versions
 * @returns {Promise<string>} path of the program
 * @throws {SetupError} where there is no Python to do it with, or pip fails
 */
export async function ensurePythonTool({ name, packages, bin }) {
  const digest = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 10);
  const folder = join(testCacheFolder(), `${name}-${digest}`);
  const program = join(folder, isWindows ? 'Scripts' : 'bin', isWindows ? `${bin}.exe` : bin);
  const isReady = () => existsSync(join(folder, '.complete')) && existsSync(program);
  if (isReady()) return program;
  mkdirSync(testCacheFolder(), { recursive: true });
  await withLock(`${folder}.lock`, isReady, async () => {
    ensurePython(name);
    console.error(`Installing ${name} for the tests (pip, into ${folder})...`);
    rmSync(folder, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', folder], name);
    const quiet = ['--disable-pip-version-check', '--no-input', '--quiet'];
    await run(
      program.replace(/[^\\/]+$/, isWindows ? 'python.exe' : 'python'),
      ['-m', 'pip', 'install', ...quiet, ...packages],
      name,
    );
    writeFileSync(join(folder, '.complete'), `${packages.join('\n')}\n`);
  });
  if (isReady()) return program;
  throw new SetupError({
    what: `${name} was installed without a program named ${bin}`,
    why: 'tests start it',
    run: `rm -r ${folder}, and the tests again`,
  });
}

/** Does `work` while nobody else does, unless it is done by the time that one may. */
async function withLock(lock, isDone, work) {
  const startedMs = Date.now();
  while (!isDone()) {
    if (!takeLock(lock)) {
      if (Date.now() - startedMs > installLimitMs) throw new Error(`${lock} was held for too long`);
      await sleep(lockCheckMs);
      continue;
    }
    try {
      if (!isDone()) await work();
      return;
    } finally {
      rmSync(lock, { force: true });
    }
  }
}

/** A file that can be made by one process only, and says by whom: one who died leaves it behind. */
function takeLock(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!isHolderAlive(lock)) rmSync(lock, { force: true });
    return false;
  }
}

function isHolderAlive(lock) {
  try {
    const holder = Number(readFileSync(lock, 'utf8'));
    // Empty = it was made this very moment.
    if (holder > 0) process.kill(holder, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

/** Python with venv and pip; as root on Debian they are installed. */
function ensurePython(name) {
  if (works('python3', ['-c', 'import venv, ensurepip'])) return;
  if (process.platform === 'linux' && process.getuid?.() === 0 && works('apt-get', ['--version'])) {
    const options = { stdio: ['ignore', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    spawnSync('apt-get', ['update', '-qq'], options);
    spawnSync(
      'apt-get',
      ['install', '-y', '-qq', '--no-install-recommends', 'python3', 'python3-venv'],
      options,
    );
    if (works('python3', ['-c', 'import venv, ensurepip'])) return;
  }
  throw new SetupError({
    what: 'python3 with its venv module is needed on PATH',
    why: `${name}, which some tests start, is written in Python`,
    run: process.platform === 'darwin' ? 'brew install python' : 'sudo apt-get install -y python3-venv',
  });
}

/** Runs a command to its end. @throws {SetupError} with its last words */
function run(command, args, name) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: installLimitMs });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-2_000);
    });
    const fail = (why) =>
      reject(
        new SetupError({
          what: `${[command, ...args].join(' ')} failed (${why}): ${said.trim()}`,
          why: `${name}, which some tests start, is installed so`,
          run: 'the tests again, once that is mended',
        }),
      );
    child.once('error', (error) => fail(error.message));
    child.once('close', (code, signal) => (code === 0 ? resolve(undefined) : fail(code ?? signal)));
  });
}
