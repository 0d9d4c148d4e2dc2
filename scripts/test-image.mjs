// `npm run test:image [-- --keep]`: builds the Dockerfile, then runs the image as a cluster does, read-only and as nobody,
// and asks it what probes ask.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildImage, ensureImageTools } from './lib/image-builder.mjs';
import { checks } from './lib/image-checks.mjs';
import { runScript } from './lib/project.mjs';
import { ensureRedisServer } from './lib/redis-server.mjs';

await runScript(async () => {
  const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false } } });
  const why = ensureImageTools();
  if (why !== undefined) {
    console.log(`SKIPPED image: ${why}`);
    return;
  }
  ensureRedisServer();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  const folder = mkdtempSync(join(tmpdir(), 'tacos-image-'));
  chmodSync(folder, 0o755);
  process.once('exit', () => values.keep || rmSync(folder, { recursive: true, force: true }));
  const startedMs = performance.now();
  const image = buildImage(folder);
  console.log(`image: built in ${Math.round((performance.now() - startedMs) / 1_000)} s`);
  let failed = 0;
  for (const [name, check] of checks) {
    try {
      const note = await check(image);
      console.log(`image: ok      ${name}${note === undefined ? '' : ` (${note})`}`);
    } catch (error) {
      failed += 1;
      console.log(`image: FAILED  ${name}\n${error.stack}`);
    }
  }
  if (values.keep) console.log(`image: its files are in ${image.files}`);
  process.exitCode = failed === 0 ? 0 : 1;
});
