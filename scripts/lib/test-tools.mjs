import { spawnSync } from 'node:child_process';
import { ensureKustomize } from './kustomize.mjs';
import { ensurePromtool } from './promtool.mjs';
import { works } from './run.mjs';

/** Programs that tests drive: the shells whose completion is tested, what makes their certificates, and what sets clocks. */
const tools = ['zsh', 'fish', 'openssl', 'faketime'];

/** Installs them, unpacks promtool and builds kustomize, as far as they are missing and `ensurePrograms` can. */
export function ensureTestTools() {
  ensurePromtool();
  ensureKustomize();
  ensurePrograms(tools);
}

/**
 * Installs what is missing of these programs (each a Debian package of that name) where that can be done without asking: by
 * apt as root. Elsewhere the tests that need them say so, and fail only where CI is set.
 *
 * @param {readonly string[]} names
 */
export function ensurePrograms(names) {
  const missing = names.filter((tool) => !works(tool, tool === 'openssl' ? ['version'] : ['--version']));
  if (missing.length === 0) return;
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !works('apt-get', ['--version'])) return;
  console.log(`Installing ${missing.join(', ')} for the tests (apt-get)...`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { stdio: ['ignore', 'inherit', 'inherit'], env };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], options);
}
