import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { testCacheFolder } from './python-tool.mjs';
import { works } from './run.mjs';

/** The newest that a Go of the last two years builds. */
const version = 'v5.7.1';
const folder = () => join(testCacheFolder(), `kustomize-${version}`);
const program = process.platform === 'win32' ? 'kustomize.exe' : 'kustomize';

/**
 * Path of kustomize, which renders deploy/kubernetes: the one on PATH, else the one that `ensureKustomize` built.
 *
 * @returns {string | undefined} undefined = there is none
 */
export function findKustomize() {
  if (works('kustomize', ['version'])) return 'kustomize';
  const built = join(folder(), program);
  return existsSync(built) ? built : undefined;
}

/** Builds it where it is missing and Go is there: some minutes of one core, once. */
export function ensureKustomize() {
  if (findKustomize() !== undefined || !works('go', ['version'])) return;
  console.log(`Building kustomize ${version} for the tests (go install, into ${folder()})...`);
  mkdirSync(testCacheFolder(), { recursive: true });
  const here = mkdtempSync(join(testCacheFolder(), 'kustomize-'));
  try {
    const build = [
      'go',
      'install',
      '-trimpath',
      '-ldflags=-s -w',
      `sigs.k8s.io/kustomize/kustomize/v5@${version}`,
    ];
    const [command, ...args] = process.platform === 'win32' ? build : ['nice', '-n', '19', ...build];
    const env = { ...process.env, GOBIN: here, GOMAXPROCS: '1', CGO_ENABLED: '0' };
    const { status } = spawnSync(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    if (status === 0 && !existsSync(folder())) renameSync(here, folder());
  } finally {
    rmSync(here, { recursive: true, force: true });
  }
}
