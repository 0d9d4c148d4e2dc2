import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { SetupError } from './project.mjs';
import { works } from './run.mjs';

const oldestMajor = 7;
const policyFile = '/usr/sbin/policy-rc.d';

/**
 * Makes sure that a redis-server new enough is on PATH, and installs it where that can be done without
 * asking: by apt as root, by Homebrew. No Redis service is left running that was not there before.
 *
 * @returns {string} its version, for the report
 * @throws {SetupError} where it is missing or too old and cannot be installed
 */
export function ensureRedisServer() {
  if (!isNewEnough(redisVersion())) install();
  const version = redisVersion();
  if (isNewEnough(version)) return version;
  throw new SetupError({
    what: `redis-server ${oldestMajor} or newer is needed on PATH, found ${version ?? 'none'}`,
    why: 'tacos keeps its lines in Redis',
    run: `${process.platform === 'darwin' ? 'brew install redis' : 'sudo apt-get install -y redis-server'} && npm run setup`,
  });
}

function redisVersion() {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' });
  return stdout?.match(/\bv=(\d+\.\d+\.\d+)/)?.[1];
}

function isNewEnough(version) {
  return version !== undefined && Number.parseInt(version, 10) >= oldestMajor;
}

function install() {
  if (process.platform === 'linux' && process.getuid?.() === 0 && works('apt-get', ['--version'])) {
    installByApt();
  } else if (process.platform === 'darwin' && works('brew', ['--version'])) {
    console.log('Installing redis-server (brew)...');
    run('brew', ['install', 'redis']);
  }
}

/**
 * Debian's package starts a service on port 6379 and at every boot. tacos starts its own, so the
 * service is kept from starting (policy-rc.d, see invoke-rc.d(8)) and switched off afterwards.
 */
function installByApt() {
  console.log('Installing redis-server (apt-get)...');
  const hadService = existsSync('/lib/systemd/system/redis-server.service');
  const ownPolicy = !existsSync(policyFile);
  if (ownPolicy) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    run('apt-get', ['update', '-qq']);
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'redis-server']);
  } finally {
    if (ownPolicy) rmSync(policyFile, { force: true });
  }
  if (!hadService && existsSync('/run/systemd/system')) {
    spawnSync('systemctl', ['disable', '--now', 'redis-server'], { stdio: 'ignore' });
  }
}

function run(command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env }).status === 0;
}
