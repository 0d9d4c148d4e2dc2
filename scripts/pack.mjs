// `npm run pack [-- --platform P … --all --out FOLDER]`: one tarball a platform with everything that `tacos` needs, its
// Node included, to be unpacked anywhere and run without a network. Default: this platform, into out/.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureBuild } from './build.mjs';
import { packedRuntime } from './lib/packed-runtime.mjs';
import { placeProduct } from './lib/product.mjs';
import { findRuntime, root, runScript, runtimePackages, SetupError } from './lib/project.mjs';

/** The launcher is a shell script: there is no tarball for Windows, but WSL runs that of Linux. */
const platforms = Object.keys(runtimePackages).filter((name) => !name.startsWith('win32'));
const here = `${process.platform}-${process.arch}`;

if (process.argv[1] === fileURLToPath(import.meta.url)) await runScript(main);

async function main() {
  const { values } = parseArgs({
    options: {
      platform: { type: 'string', multiple: true, default: [here] },
      all: { type: 'boolean', default: false },
      out: { type: 'string', default: join(root, 'out') },
    },
  });
  await ensureBuild();
  for (const platform of values.all ? platforms : values.platform) {
    const file = pack({ platform, out: resolve(values.out) });
    console.log(`${file}  ${(statSync(file).size / 1_000_000).toFixed(1)} MB`);
  }
}

/**
 * Makes the tarball of one platform; it unpacks to one folder, tacos-VERSION-PLATFORM.
 *
 * @param {{platform: string, out: string}} options platform: such as linux-x64
 * @returns {string} its path
 * @throws {SetupError} for a platform without a Node, or when tar fails
 */
function pack({ platform, out }) {
  if (!platforms.includes(platform)) {
    throw new SetupError({
      what: `there is no tarball for ${platform}`,
      why: 'it carries a Node, which npm has for some platforms only',
      run: `npm run pack -- --platform ${platforms.join('|')}`,
    });
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const name = `tacos-${version}-${platform}`;
  const work = mkdtempSync(join(tmpdir(), 'tacos-pack-'));
  try {
    const folder = join(work, name);
    placeProduct(folder);
    placeRuntime(folder, platform);
    mkdirSync(out, { recursive: true });
    const file = join(out, `${name}.tar.gz`);
    tar(['-czf', file, ...sameEverywhere(), name], work);
    return file;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Node where the launcher looks for it, and what it loads that small Linux systems lack. */
function placeRuntime(folder, platform) {
  const runtime = packedRuntime(platform);
  for (const name of ['bin/node', 'LICENSE', 'package.json']) {
    cpSync(join(runtime, name), join(folder, 'node_modules', runtimePackages[platform], name), {
      recursive: true,
    });
  }
  if (!platform.startsWith('linux')) return;
  const library = platform === here ? libraryOf('libatomic.so.1') : undefined;
  if (library === undefined)
    console.log(`${platform}: without libatomic.so.1; hosts need their package of it`);
  else cpSync(realpathSync(library), join(folder, 'lib/libatomic.so.1'));
}

/** The file that this system's Node takes for a shared library. */
function libraryOf(name) {
  const { stdout } = spawnSync('ldd', [findRuntime()], { encoding: 'utf8' });
  const path = stdout?.match(new RegExp(`${name.replaceAll('.', '\\.')} => (\\S+)`))?.[1];
  return path !== undefined && existsSync(path) ? path : undefined;
}

/** GNU tar writes the same bytes for the same files; others do not know these flags. */
function sameEverywhere() {
  const isGnu = spawnSync('tar', ['--version'], { encoding: 'utf8' }).stdout?.includes('GNU tar');
  return isGnu ? ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'] : [];
}

function tar(args, cwd) {
  const { status, error } = spawnSync('tar', args, { cwd, stdio: 'inherit' });
  if (status === 0) return;
  throw new SetupError({
    what: `tar failed (${error?.message ?? status})`,
    why: 'it makes the tarball',
    run: 'npm run pack, once that is mended',
  });
}
