import { spawnSync } from 'node:child_process';
import { ensureKustomize } from './kustomize.mjs';
import { ensurePromtool } from './promtool.mjs';
import { works } from './run.mjs';

/** Programs that tests drive: the shells whose completion is tested, what makes their certificates, and what sets clocks. */
const tools = ['zsh', 'fish', 'openssl', 'faketime'];

/**
 * Installs what is missing of them where that can be done without asking: by apt as root; unpacks promtool and builds kustomize. Elsewhere
 * the tests that need them say so, and fail only where CI is set.
 */
export function ensureTestTools() {
  ensurePromtool();
  ensureKustomize();
  const missing = tools.filter((tool) => !works(tool, tool === 'openssl' ? ['version'] : ['--version']));
  if (missing.length === 0) return;
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !works('apt-get', ['--version'])) return;
  console.log(`Installing ${missing.join(', ')} for the tests (apt-get)...`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { stdio: ['ignore', 'inherit', 'inherit'], env };
  spawnSync('apt-get', ['update', '-qq'], options);
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], options);
}
