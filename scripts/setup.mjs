import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureBuild } from './build.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { findRuntime, runScript } from './lib/project.mjs';
import { ensureRedisServer } from './lib/redis-server.mjs';

/**
 * Gets a fresh clone ready: dependencies with their runtime, redis-server, build. What is ready is left
 * alone, so a second call takes well under a second and needs no network. Runs on Node 20.
 *
 * @param {{clean?: boolean, report?: boolean}} [options] clean: install all dependencies anew;
 *   report: say what was found and done
 * @returns {Promise<string>} path of the Node to run tacos with
 */
export async function setup({ clean = false, report = false } = {}) {
  const dependencies = ensureDependencies({ clean });
  const runtime = findRuntime();
  const redis = ensureRedisServer();
  const build = await ensureBuild();
  if (report) {
    const node = spawnSync(runtime, ['--version'], { encoding: 'utf8' }).stdout.trim();
    console.log(`dependencies  ${dependencies}`);
    console.log(`node          ${node}`);
    console.log(`redis-server  v${redis}`);
    console.log(`build         ${build}`);
  }
  return runtime;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runScript(() => setup({ clean: process.argv.includes('--clean'), report: true }));
}
