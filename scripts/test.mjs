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
  // What needs k6 or a Kubernetes API has scripts of its own, which bring them: they take minutes to build.
  const isAll = !args.some((arg) => arg.startsWith('--project'));
  const all = isAll ? ['--project', '!k6', '--project', '!kube'] : [];
  await runInForeground(runtime, [vitest, 'run', ...all, ...args], { cwd: root });
});
