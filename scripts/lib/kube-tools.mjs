import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { root, SetupError } from './project.mjs';
import { testCacheFolder } from './python-tool.mjs';
import { works } from './run.mjs';

const source = join(root, 'test/tools/kube');
const isWindows = process.platform === 'win32';
/** One program, by three names: test/tools/kube/main.go. */
const names = ['etcd', 'kube-apiserver', 'kube-controller-manager'].map((name) =>
  isWindows ? `${name}.exe` : name,
);
/** First build on one core, with everything to download, ms. */
const buildLimitMs = 3_600_000;

const hasAll = (folder) => names.every((name) => existsSync(join(folder, name)));

/** Where the build of this very source is kept, outside the project. */
function cachedFolder() {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum', 'main.go']) hash.update(readFileSync(join(source, file)));
  return join(testCacheFolder(), `kube-${hash.digest('hex').slice(0, 10)}`);
}

/**
 * The folder with a real etcd, kube-apiserver and kube-controller-manager: KUBEBUILDER_ASSETS, as envtest has it, else
 * what `ensureKubeTools` built.
 *
 * @returns {string | undefined} undefined = there is none yet
 */
export function findKubeTools() {
  const given = process.env.KUBEBUILDER_ASSETS;
  if (given) return hasAll(given) ? given : undefined;
  const cached = cachedFolder();
  return hasAll(cached) ? cached : undefined;
}

/**
 * Finds them, or builds them once: some ten minutes of two cores. GOMAXPROCS says how many cores it may take.
 *
 * @returns {string | undefined} undefined = there is no Go to build them with
 * @throws {SetupError} where KUBEBUILDER_ASSETS lacks one of them, or the build fails
 */
export function ensureKubeTools() {
  const found = findKubeTools();
  if (found !== undefined) return found;
  const given = process.env.KUBEBUILDER_ASSETS;
  if (given)
    throw new SetupError({
      what: `KUBEBUILDER_ASSETS is ${given}, which lacks one of ${names.join(', ')}`,
      why: 'the tests of Kubernetes start them',
      run: 'unset KUBEBUILDER_ASSETS, and they are built',
    });
  if (!works('go', ['version'])) return undefined;
  const folder = cachedFolder();
  console.log(`Building etcd, kube-apiserver and kube-controller-manager once (go, into ${folder})...`);
  mkdirSync(testCacheFolder(), { recursive: true });
  const here = mkdtempSync(join(testCacheFolder(), 'kube-build-'));
  try {
    build(join(here, names[0]));
    for (const name of names.slice(1)) linkSync(join(here, names[0]), join(here, name));
    // Whoever was faster has the same.
    if (!hasAll(folder)) renameSync(here, folder);
  } finally {
    rmSync(here, { recursive: true, force: true });
  }
  return folder;
}

function build(file) {
  const args = ['build', '-trimpath', '-buildvcs=false', '-ldflags', '-s -w', '-o', file, '.'];
  const procs = process.env.GOMAXPROCS;
  if (procs) args.splice(1, 0, '-p', procs);
  // So that whatever else the machine does goes first.
  const niced = isWindows ? ['go', ...args] : ['nice', '-n', '19', 'go', ...args];
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' };
  const { status, signal } = spawnSync(niced[0], niced.slice(1), {
    cwd: source,
    env,
    stdio: ['ignore', 2, 2],
    timeout: buildLimitMs,
  });
  if (status === 0) return;
  throw new SetupError({
    what: `the build failed (${signal ?? status}), its message is above`,
    why: 'the tests of Kubernetes run the real programs',
    run: `cd ${source} && CGO_ENABLED=0 go build`,
  });
}
