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
  await runInForeground(runtime, [vitest, 'run', ...process.argv.slice(2)], { cwd: root });
});
