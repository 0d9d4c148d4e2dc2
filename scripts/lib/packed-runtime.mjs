import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root, runtimePackages, SetupError } from './project.mjs';

const cacheFolder = () => process.env.TACOS_PACK_CACHE || join(homedir(), '.cache', 'tacos-pack');

/**
 * Folder of a platform's Node, in the version and with the bytes that the lockfile says: node_modules has that of this
 * platform, npm brings the others, once.
 *
 * @param {string} platform such as linux-arm64
 * @throws {SetupError} where it cannot be had
 */
export function packedRuntime(platform) {
  const name = runtimePackages[platform];
  const installed = join(root, 'node_modules', name);
  if (existsSync(join(installed, 'bin'))) return installed;
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const { version, integrity } = packages[`node_modules/${name}`];
  const folder = join(cacheFolder(), `${name}-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder(), { recursive: true });
  const here = mkdtempSync(join(cacheFolder(), 'new-'));
  try {
    bring({ name, version, integrity, here });
    renameSync(join(here, 'package'), folder);
  } finally {
    rmSync(here, { recursive: true, force: true });
  }
  return folder;
}

function bring({ name, version, integrity, here }) {
  const refuse = (why) => {
    throw new SetupError({
      what: `${name} ${version} ${why}`,
      why: 'the tarball carries it',
      run: 'npm run pack, once that is mended',
    });
  };
  console.log(`Fetching ${name} ${version} (npm pack)...`);
  const { status, stdout } = spawnSync(
    'npm',
    ['pack', `${name}@${version}`, '--silent', '--prefer-offline'],
    {
      cwd: here,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      shell: process.platform === 'win32',
    },
  );
  if (status !== 0) refuse('cannot be had, npm says why above');
  const file = join(here, stdout.trim());
  const [method, digest] = integrity.split('-', 2);
  if (createHash(method).update(readFileSync(file)).digest('base64') !== digest) {
    refuse('is not what package-lock.json says');
  }
  if (spawnSync('tar', ['-xzf', file], { cwd: here, stdio: 'inherit' }).status !== 0)
    refuse('cannot be unpacked');
}
