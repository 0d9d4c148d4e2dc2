import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root, runScript, SetupError } from './lib/project.mjs';

const dist = join(root, 'dist');
const stampFile = join(dist, '.stamp');

/** Everything whose change makes dist stale. */
const inputs = ['src', 'lua', 'test/bench', 'proto', 'scripts/build.mjs', 'package.json', 'tsconfig.json'];

const programs = ['cli', 'gateway', 'admin-api', 'simulator'];

/**
 * Builds when an input's content differs from that of the last build.
 *
 * @returns {Promise<string>} what was done, for the report
 */
export async function ensureBuild() {
  const isFresh = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === fingerprint();
  if (isFresh) return 'up to date';
  await build();
  return 'built';
}

/**
 * Bundles each program to dist/<program>/main.js and each bench to dist/bench/, and copies lua/. Code
 * that programs share, or load late, goes to dist/chunks: every module of dist is one folder deep, so
 * `../lua` is right from all of them. Packages stay in node_modules.
 */
export async function build() {
  const stamp = fingerprint();
  const { build: bundle } = await import('esbuild');
  const options = {
    absWorkingDir: root,
    entryPoints: entries(),
    outdir: dist,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    packages: 'external',
    jsx: 'automatic',
    sourcemap: true,
    metafile: true,
    logLevel: 'warning',
  };
  const { metafile } = await bundle(options).catch((cause) => {
    throw new SetupError({
      what: 'the build failed, its message is above',
      why: 'tacos starts from dist',
      run: 'npm run build, once that is mended',
      cause,
    });
  });
  const made = new Set(Object.keys(metafile.outputs).map((path) => join(root, path)));
  for (const file of files(dist)) if (!made.has(file)) rmSync(file);
  if (existsSync(join(root, 'lua'))) cpSync(join(root, 'lua'), join(dist, 'lua'), { recursive: true });
  writeFileSync(stampFile, stamp);
}

/** Output name to source file, for the programs and benches that exist. */
function entries() {
  const mains = programs.map((name) => [`${name}/main`, `src/${name}/main.ts`]);
  const benches = files(join(root, 'test/bench'))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => [`bench/${basename(file, '.ts')}`, relative(root, file)]);
  return Object.fromEntries([...mains, ...benches].filter(([, source]) => existsSync(join(root, source))));
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap((input) => files(join(root, input)))) {
    hash
      .update(`${relative(root, file).split(sep).join('/')}\n`)
      .update(readFileSync(file))
      .update('\n');
  }
  return `${hash.digest('hex')}\n`;
}

/** All files at or below a path, in a fixed order; none where it does not exist. */
function files(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => files(join(path, name)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runScript(build);
