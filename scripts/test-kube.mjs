// `npm run test:kube [-- flags and file names of vitest]`: the tests against a real Kubernetes API, with the programs
// for it built first where they are missing. Without Go the tests say that they were skipped, or fail where CI is set.
import { join } from 'node:path';
import { ensureKubeTools } from './lib/kube-tools.mjs';
import { ensureKustomize } from './lib/kustomize.mjs';
import { root, runScript } from './lib/project.mjs';
import { runInForeground } from './lib/run.mjs';
import { setup } from './setup.mjs';

await runScript(async () => {
  const runtime = await setup();
  ensureKubeTools();
  ensureKustomize();
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--project', 'kube', ...process.argv.slice(2)];
  await runInForeground(runtime, args, { cwd: root });
});
