// `npm run test:k6 [-- flags and file names of vitest]`: the load tests, with a real k6 against real processes. Where k6
// is neither there nor can be built, it says so; only CI does not take that.
import { join } from 'node:path';
import { ensureK6 } from './lib/k6.mjs';
import { root, runScript, SetupError } from './lib/project.mjs';
import { runInForeground } from './lib/run.mjs';
import { setup } from './setup.mjs';

await runScript(async () => {
  const runtime = await setup();
  const k6 = await k6OrWhyNot();
  if (k6 === undefined) return;
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--project', 'k6', ...process.argv.slice(2)];
  await runInForeground(runtime, args, { cwd: root, env: { ...process.env, TACOS_K6: k6 } });
});

async function k6OrWhyNot() {
  try {
    return await ensureK6();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.log(`SKIPPED k6: ${error.message}`);
    if (process.env.CI === 'true') process.exitCode = 1;
    return undefined;
  }
}
