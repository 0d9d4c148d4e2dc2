// `npm run bench`, `bench:short`, `bench:eta`: makes a fresh clone ready, then runs one file of dist/bench.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, runScript } from './lib/project.mjs';
import { runInForeground } from './lib/run.mjs';
import { setup } from './setup.mjs';

await runScript(async () => {
  const [name, ...flags] = process.argv.slice(2);
  const runtime = await setup();
  const file = join(root, `dist/bench/${name}.js`);
  if (!existsSync(file)) {
    console.error(`tacos bench: there is no test/bench/${name}.ts`);
    process.exit(1);
  }
  await runInForeground(runtime, [file, ...flags]);
});
