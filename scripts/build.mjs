import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findRuntime, root, runScript, SetupError } from './lib/project.mjs';
import { makeProtoTypes } from './protos.mjs';

const dist = join(root, 'dist');
const stampFile = join(dist, '.stamp');

/** Everything whose change makes dist stale. */
const inputs = [
  'src',
  'lua',
  'test/bench',
  'proto',
  'k6',
  'scripts/build.mjs',
  'scripts/protos.mjs',
  'scripts/reference',
  'package.json',
  'tsconfig.json',
];

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
 * Bundles each program to dist/<program>/main.js and each bench to dist/bench/, and copies lua/, proto/ and k6/. Code
 * that programs share, or load late, goes to dist/chunks, that of benches to dist/bench: every module of dist is one folder
 * deep, so `../lua` is right from all of them. Packages stay in node_modules, but for those of the live screen: hundreds of
 * small files, which load in half the time as one. The man pages go to dist/man, the types of the .proto files to generated/.
 */
export async function build() {
  const stamp = fingerprint();
  const { build: bundle } = await import('esbuild');
  const options = {
    absWorkingDir: root,
    outdir: dist,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: packagesLeft(),
    alias: { 'react-devtools-core': join(root, 'scripts/lib/no-devtools.mjs') },
    jsx: 'automatic',
    // Some of what is bundled is CommonJS and asks for modules of Node by require.
    banner: {
      js: "import { createRequire as tacosRequire } from 'node:module'; const require = tacosRequire(import.meta.url);",
    },
    sourcemap: true,
    metafile: true,
    logLevel: 'warning',
  };
  // Benches by themselves: what they share stays out of what is shipped.
  const parts = [
    { entryPoints: programEntries(), chunkNames: 'chunks/[name]-[hash]' },
    { entryPoints: benchEntries(), chunkNames: 'bench/[name]-[hash]' },
  ];
  const results = await Promise.all(parts.map((part) => bundle({ ...options, ...part }))).catch((cause) => {
    throw new SetupError({
      what: 'the build failed, its message is above',
      why: 'tacos starts from dist',
      run: 'npm run build, once that is mended',
      cause,
    });
  });
  const outputs = results.flatMap(({ metafile }) => Object.keys(metafile.outputs));
  const made = new Set(outputs.map((path) => join(root, path)));
  for (const file of files(dist)) if (!made.has(file)) rmSync(file);
  for (const folder of ['lua', 'proto', 'k6'])
    cpSync(join(root, folder), join(dist, folder), { recursive: true });
  await makeProtoTypes();
  // By the Node that tacos runs on: the one that builds may be too old to read TypeScript.
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const man = [join(root, 'scripts/reference.mjs'), '--man', join(dist, 'man'), version];
  execFileSync(findRuntime(), man, { stdio: 'inherit' });
  writeFileSync(stampFile, stamp);
}

/** Packages that are bundled with everything that they need. */
export const bundled = ['ink', 'react'];

/** All others, by what package.json says. */
function packagesLeft() {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !bundled.includes(name));
}

/** Output name to source file, for the programs that exist. */
function programEntries() {
  const mains = programs.map((name) => [`${name}/main`, `src/${name}/main.ts`]);
  const backends = ['simulator/backends', 'src/simulator/backends/main.ts'];
  return Object.fromEntries([...mains, backends].filter(([, source]) => existsSync(join(root, source))));
}

/** The same for the benches. */
function benchEntries() {
  const sources = files(join(root, 'test/bench')).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );
  return Object.fromEntries(sources.map((file) => [`bench/${basename(file, '.ts')}`, relative(root, file)]));
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
