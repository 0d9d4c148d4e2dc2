// `node scripts/image-root.mjs FOLDER`, called by the Dockerfile: lays out the image's files, in three parts by how often
// they change: system/ (Node and the libraries that it loads), packages/ and tacos/.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { placeProduct } from './lib/product.mjs';
import { findRuntime, root, runScript } from './lib/project.mjs';

/** Nobody in particular, as images without users of their own call it. */
const user = { name: 'tacos', id: 65_532 };

const launcher = '#!/usr/local/bin/node --max-semi-space-size=4\n';

await runScript(async () => {
  const folder = process.argv[2] ?? 'image';
  const [system, packages, tacos] = ['system', 'packages', 'tacos'].map((part) => join(folder, part));
  placeSystem(system);
  placeProduct(join(tacos, 'app'));
  mkdirSync(join(packages, 'app'), { recursive: true });
  renameSync(join(tacos, 'app/node_modules'), join(packages, 'app/node_modules'));
  cpSync(join(root, 'deploy/docker/healthcheck.mjs'), join(tacos, 'app/healthcheck.mjs'));
  // bin/tacos wants a shell.
  write(join(tacos, 'usr/local/bin/tacos'), `${launcher}import('/app/dist/cli/main.js');\n`, 0o755);
});

/** Node, what the loader gives it, whom to trust, and a name for the user. */
function placeSystem(folder) {
  const runtime = findRuntime();
  copy(runtime, join(folder, 'usr/local/bin/node'));
  execFileSync('strip', [join(folder, 'usr/local/bin/node')]);
  const loaded = execFileSync('ldd', [runtime], { encoding: 'utf8' });
  for (const [path] of loaded.matchAll(/\/\S+/g)) copy(realpathSync(path), join(folder, path));
  copy('/etc/ssl/certs/ca-certificates.crt', join(folder, 'etc/ssl/certs/ca-certificates.crt'));
  const { name, id } = user;
  write(join(folder, 'etc/passwd'), `root:x:0:0::/:/none\n${name}:x:${id}:${id}::/tmp:/none\n`);
  write(join(folder, 'etc/group'), `root:x:0:\n${name}:x:${id}:\n`);
  write(join(folder, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  chmodSync(join(folder, 'tmp'), 0o1777);
}

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

function write(path, text, mode = 0o644) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
}
