// `npm run demo [-- flags]`: makes a fresh clone ready, then `tacos up` with the same flags.
import { join } from 'node:path';
import { root, runScript } from './lib/project.mjs';
import { runInForeground } from './lib/run.mjs';
import { setup } from './setup.mjs';

await runScript(async () => {
  const runtime = await setup();
  await runInForeground(runtime, [join(root, 'dist/cli/main.js'), 'up', ...process.argv.slice(2)]);
});
