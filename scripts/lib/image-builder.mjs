import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { findRuntime, root } from './project.mjs';
import { testCacheFolder } from './python-tool.mjs';
import { works } from './run.mjs';

/** Builds and runs images without a daemon, and makes a Debian where no registry of images is in reach. */
const tools = ['buildah', 'bwrap', 'debootstrap'];
const packages = { buildah: 'buildah', bwrap: 'bubblewrap', debootstrap: 'debootstrap' };
const release = 'bookworm';
const isRoot = process.getuid?.() === 0;

/**
 * Gets what builds and runs images, by apt as root.
 *
 * @returns {string | undefined} why images cannot be built here
 */
export function ensureImageTools() {
  if (process.platform !== 'linux') return 'it needs Linux: buildah builds the image and bubblewrap runs it';
  if (!isRoot) return 'it needs root: buildah unpacks the image with its owners';
  const missing = () => tools.filter((tool) => !works(tool, ['--version']));
  if (missing().length > 0 && works('apt-get', ['--version'])) {
    const names = missing().map((tool) => packages[tool]);
    console.log(`Installing ${names.join(', ')} for the image (apt-get)...`);
    const options = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    spawnSync('apt-get', ['update', '-qq'], options);
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], options);
  }
  // Whoever reaches a registry of images does without the Debian.
  const needed = missing().filter((tool) => tool !== 'debootstrap');
  return needed.length === 0
    ? undefined
    : `${needed.join(' and ')} is missing on PATH and cannot be installed`;
}

/**
 * Builds the Dockerfile with buildah, in a storage of its own, and unpacks the image.
 *
 * @param {string} folder an empty one, for all that is made; it is large: remove it afterwards
 * @returns {{files: string, config: object}} path of the image's files; its config as in its manifest
 * @throws Error when a step fails, its output above
 */
export function buildImage(folder) {
  const buildah = (args, options = {}) => {
    const storage = [
      '--root',
      join(folder, 'storage'),
      '--runroot',
      join(folder, 'run'),
      '--storage-driver',
      'vfs',
    ];
    return output('buildah', [...storage, ...args], options);
  };
  const name = 'localhost/tacos-test';
  const build = ['build', '--isolation', 'chroot', '--format', 'docker', '--network', 'host'];
  const base = baseFor(buildah, build);
  buildah([...build, ...base, '--tag', name, root]);
  const container = buildah(['from', name]).trim();
  const mounted = buildah(['mount', container]).trim();
  const files = join(folder, 'files');
  // Where others than root may look too; owners and modes stay.
  output('cp', ['-a', mounted, files]);
  // Every engine makes them to mount there.
  for (const name of ['proc', 'dev']) mkdirSync(join(files, name), { recursive: true });
  const { Docker } = JSON.parse(buildah(['inspect', '--type', 'image', name]));
  return { files, config: Docker.config };
}

/** Flags that name the image to build in: the Dockerfile's own where it can be had, else one made of Debian's packages. */
function baseFor(buildah, build) {
  const wanted = /^ARG BUILD_IMAGE=(\S+)/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8'))?.[1];
  try {
    buildah(['pull', '--quiet', wanted]);
    return [];
  } catch {
    const context = ensureBase();
    const name = 'localhost/tacos-build';
    buildah([...build, '--tag', name, '--file', join(context, 'Dockerfile'), context]);
    return ['--pull=never', '--build-arg', `BUILD_IMAGE=${name}`];
  }
}

/** Debian with Node and npm, as the Dockerfile expects it; made once. */
function ensureBase() {
  const folder = join(testCacheFolder(), `image-base-${release}`);
  if (existsSync(join(folder, 'Dockerfile'))) return folder;
  const work = `${folder}-${process.pid}`;
  const files = join(work, 'files');
  mkdirSync(files, { recursive: true });
  console.log('Making a Debian to build in, as no registry of images is in reach (debootstrap)...');
  try {
    output('debootstrap', [
      '--variant=minbase',
      '--include=ca-certificates,libatomic1,binutils',
      release,
      files,
    ]);
    const bin = join(files, 'usr/local/bin');
    copyFileSync(findRuntime(), join(bin, 'node'));
    const npm = join(realpathSync(output('sh', ['-c', 'command -v npm']).trim()), '../..');
    cpSync(npm, join(files, 'usr/local/lib/node_modules/npm'), { recursive: true });
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(bin, 'npm'));
    const lines = [
      'FROM scratch',
      'COPY files /',
      'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ];
    const { NODE_EXTRA_CA_CERTS: ours } = process.env;
    // An authority of this site: the build asks npm's registry through it.
    if (ours !== undefined && existsSync(ours)) {
      copyFileSync(ours, join(files, 'usr/local/share/site-ca.crt'));
      lines.push('ENV NODE_EXTRA_CA_CERTS=/usr/local/share/site-ca.crt');
    }
    writeFileSync(join(work, 'Dockerfile'), `${lines.join('\n')}\n`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(work, folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

/** What a command wrote to standard output. @throws Error when it fails */
function output(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
  });
  if (status === 0) return stdout;
  const said = `${stdout ?? ''}${stderr ?? ''}`.slice(-4_000);
  throw new Error(`${command} ${args.join(' ')} failed (${error?.message ?? status}):\n${said}`);
}
