// `node scripts/build-test-tools.mjs`: builds what tests need Go for, k6, kustomize and the programs of Kubernetes, where
// they are missing. It steps back for whatever else the machine does, so that `.ci/run` builds them beside the first tests.
import { setPriority } from 'node:os';
import { ensureK6 } from './lib/k6.mjs';
import { ensureKubeTools } from './lib/kube-tools.mjs';
import { ensureKustomize } from './lib/kustomize.mjs';
import { runScript } from './lib/project.mjs';

await runScript(async () => {
  setPriority(19);
  ensureKustomize();
  await ensureK6();
  ensureKubeTools();
});
