// `npm run test:faults [-- flags]`: the line under faults (test/faults), after making a fresh clone ready. --help says more.
import { join } from 'node:path';
import { root, runScript } from './lib/project.mjs';
import { runInForeground } from './lib/run.mjs';
import { ensurePrograms } from './lib/test-tools.mjs';
import { setup } from './setup.mjs';

await runScript(async () => {
  const runtime = await setup();
  ensurePrograms(['faketime']);
  await runInForeground(runtime, [join(root, 'test/faults/main.ts'), ...process.argv.slice(2)], {
    cwd: root,
  });
});
