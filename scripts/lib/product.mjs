import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { bundled } from '../build.mjs';
import { root, runtimePackages, SetupError } from './project.mjs';

/** What only compilers and readers of sources want; licences stay. */
const spare = /\.(map|md|markdown|flow|tsbuildinfo|[cm]?ts)$/i;
const spareFolders = new Set(['dist-types', 'dist-es', '.github', 'test', 'tests', '__tests__']);
const licence = /^(licen[cs]e|notice|copying)/i;

/**
 * Copies what is needed to run tacos into a folder: launcher, dist without benches, and of node_modules what the lockfile
 * says the product reaches. The Node of the platform is left to the caller.
 *
 * @param {string} folder is made where it is not there
 */
export function placeProduct(folder) {
  if (!existsSync(join(root, 'dist/cli/main.js'))) {
    throw new SetupError({ what: 'dist is missing', why: 'it is what is packed', run: 'npm run build' });
  }
  mkdirSync(folder, { recursive: true });
  for (const name of ['bin', 'LICENSE', 'package.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true, filter: isOfDist });
  for (const path of productPackages()) {
    cpSync(join(root, path), join(folder, path), { recursive: true, filter: isOfPackage(join(root, path)) });
  }
}

/**
 * Folders of node_modules that the product needs, as the lockfile has them: what package.json's dependencies reach,
 * without what is bundled into dist, types, and the Nodes of all platforms.
 *
 * @returns {readonly string[]} in order of name
 */
export function productPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const { dependencies } = packages[''];
  const found = new Set();
  const left = Object.keys(dependencies)
    .filter((name) => !bundled.includes(name))
    .map((name) => ({ name, from: '' }));
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const path = resolve(next, packages);
    if (path === undefined || found.has(path)) continue;
    found.add(path);
    const { dependencies: must, optionalDependencies: may, peerDependencies: beside } = packages[path];
    for (const name of Object.keys({ ...must, ...may, ...beside })) left.push({ name, from: path });
  }
  return [...found].sort();
}

/** Where Node finds a package from another one; undefined = not there, as an optional one may be, or not for running. */
function resolve({ name, from }, packages) {
  if (name.startsWith('@types/') || Object.values(runtimePackages).includes(name)) return undefined;
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/node_modules/'), 0))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (packages[path] !== undefined)
      return packages[path].dev || !existsSync(join(root, path)) ? undefined : path;
    if (folder === '') return undefined;
  }
}

function isOfDist(source) {
  const path = relative(join(root, 'dist'), source).split(sep).join('/');
  return !/^bench(\/|$)|\.map$|^\.stamp$/.test(path);
}

/** Packages inside packages come by themselves, if they are needed at all. */
const isOfPackage = (folder) => (source) => {
  if (source === folder) return true;
  const name = basename(source);
  if (licence.test(name)) return true;
  if (name === 'node_modules') return false;
  return !spare.test(name) && !(spareFolders.has(name) && dirname(source) === folder);
};
