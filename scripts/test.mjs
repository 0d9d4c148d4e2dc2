// `npm test [-- flags and file names of vitest]`: makes a fresh clone ready, then runs the tests once.
import { join } from 'node:path';
import { root, runScript } from './lib/project.mjs';
import { runInForeground } from './lib/run.mjs';
import { ensureTestTools } from './lib/test-tools.mjs';
import { setup } from './setup.mjs';

await runScript(async () => {
  const runtime = await setup();
  ensureTestTools();
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const args = process.argv.slice(2);
  // The load tests need k6: `npm run test:k6` brings it.
  const projects = args.some((arg) => arg.startsWith('--project')) ? [] : ['--project', '!k6'];
  await runInForeground(runtime, [vitest, 'run', ...projects, ...args], { cwd: root });
});
