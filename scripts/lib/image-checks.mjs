import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.mjs';
import { runInImage, startImage, untilStatus } from './image-run.mjs';
import { root } from './project.mjs';

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const token = 'a-token-that-only-this-test-knows';
const keys = 'k1:0123456789abcdef0123456789abcdef';
/** More than the CLI and the gateway need together; what it is larger by came in by mistake. */
const limitMb = 200;

/** What must hold of the image: name and check, which may return a note and throws when it does not hold. */
export const checks = [
  ['names a user without rights, a healthcheck and no shell', declares],
  [`is at most ${limitMb} MB`, isSmall],
  ['has nothing of developers in it, no shell and no package manager', isBare],
  ['runs the CLI', runsCli],
  ['a gateway serves: read-only, as nobody, as process 1, and drains on SIGTERM', gatewayServes],
  ['an admin API serves, and the CLI beside it', adminServes],
  ['the healthcheck fails where nothing runs', (image) => assert.equal(healthOf(image).status, 1)],
];

function declares({ config }) {
  assert.match(config.User, /^[1-9]\d*:[1-9]\d*$/);
  assert.equal(config.Healthcheck.Test[0], 'CMD');
  assert.deepEqual([config.Entrypoint, config.Cmd], [['/usr/local/bin/tacos'], ['gateway']]);
  assert.equal(config.StopSignal, 'SIGTERM');
}

function isSmall({ files }) {
  const megabytes = all(files).reduce((sum, { size }) => sum + size, 0) / 1_000_000;
  assert.ok(megabytes < limitMb, `${megabytes} MB`);
  return `${megabytes.toFixed(0)} MB`;
}

function isBare({ files }) {
  const programs = all(files).filter(
    ({ mode, isFile }) => isFile && (mode & 0o111) !== 0 && (mode & 0o6000) >= 0,
  );
  const names = programs.map(({ path }) => path.slice(files.length));
  const odd = names.filter((name) =>
    /\/(ba|da|z)?sh$|\/(npm|npx|apt|apt-get|dpkg|busybox|strip)$/.test(name),
  );
  assert.deepEqual(odd, []);
  assert.deepEqual(
    all(files).filter(({ mode }) => (mode & 0o6000) !== 0),
    [],
  );
  for (const name of ['app/src', 'app/test', 'app/.npmrc', 'app/node_modules/vitest', 'root', 'bin/sh']) {
    assert.ok(!existsSync(join(files, name)), name);
  }
}

function runsCli(image) {
  const { status, stdout, stderr } = runInImage(image, [...image.config.Entrypoint, '--version']);
  assert.equal(status, 0, stderr);
  assert.ok(stdout.includes(version), stdout);
}

function gatewayServes(image) {
  return withRedis(async (redis) => {
    const [http, grpc] = [await freePort(), await freePort()];
    const env = {
      SERVER_ENVIRONMENT: 'production',
      SERVER_PORT: String(http),
      SERVER_GRPC_PORT: String(grpc),
      REDIS_ADDRESS: redis,
      WAITING_TOKEN_KEYS: keys,
      RESERVATION_TOKEN_KEYS: keys,
    };
    const gateway = startImage(image, ['gateway', '--workers', '2'], env);
    const url = `http://127.0.0.1:${http}`;
    await untilStatus({ url: `${url}/readyz`, status: 200, output: gateway.output });
    assert.equal(healthOf(image, env).status, 0);
    const { Uid, CapEff, NoNewPrivs, NSpid } = statusOf(gateway.pid());
    assert.deepEqual([Uid, CapEff, NoNewPrivs], ['65532', '0000000000000000', '1']);
    // The launcher became the gateway: no second Node stays beside it.
    assert.equal(NSpid, '1');
    assert.match(readFileSync(`/proc/${gateway.pid()}/cmdline`, 'utf8'), /\/app\/dist\/gateway\/main\.js/);
    const written = runInImage(image, [
      '/usr/local/bin/node',
      '-e',
      "require('fs').writeFileSync('/app/x', '')",
    ]);
    assert.match(written.stderr, /EROFS/);
    const stopped = gateway.stop();
    await untilStatus({ url: `${url}/readyz`, status: 503, output: gateway.output });
    assert.equal(healthOf(image, env).status, 1);
    const startedMs = performance.now();
    assert.equal(await stopped, 0, gateway.output());
    return `drained in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`;
  });
}

function adminServes(image) {
  return withRedis(async (redis) => {
    const env = {
      ADMIN_ADDRESS: `127.0.0.1:${await freePort()}`,
      ADMIN_TOKENS: `viewer:image:${token}`,
      REDIS_ADDRESS: redis,
      WAITING_TOKEN_KEYS: keys,
    };
    const admin = startImage(image, ['admin'], env);
    await untilStatus({ url: `http://${env.ADMIN_ADDRESS}/readyz`, status: 200, output: admin.output });
    assert.equal(healthOf(image, env).status, 0);
    // As `kubectl exec` runs it: no home to write to.
    const { stdout, stderr } = runInImage(image, ['tacos', 'event', 'list', '-o', 'json'], {
      TACOS_SERVER: `http://${env.ADMIN_ADDRESS}`,
      TACOS_TOKEN: token,
    });
    assert.equal(stderr, '');
    assert.deepEqual(JSON.parse(stdout).items ?? JSON.parse(stdout), []);
    assert.equal(await admin.stop(), 0, admin.output());
  });
}

/** As an engine runs it: beside the program, with its environment. */
function healthOf(image, env = {}) {
  return runInImage(image, image.config.Healthcheck.Test.slice(1), env);
}

/** A Redis that keeps nothing. */
async function withRedis(work) {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'tacos-image-redis-'));
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    dir,
  ];
  const server = spawn('redis-server', args, { stdio: 'ignore' });
  const kill = () => server.kill('SIGKILL');
  process.once('exit', kill);
  try {
    return await work(`127.0.0.1:${port}`);
  } finally {
    process.off('exit', kill);
    kill();
    await once(server, 'close');
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Lines of /proc/PID/status; of lists the first for Uid, the last, which is the innermost, for NSpid. */
function statusOf(pid) {
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').trim().split('\n');
  const all = Object.fromEntries(lines.map((line) => line.split(':\t')));
  return { ...all, Uid: all.Uid.split('\t')[0], NSpid: all.NSpid.split('\t').at(-1) };
}

function all(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) return [];
    const { size, mode } = statSync(path);
    return [{ path, mode, size: entry.isFile() ? size : 0, isFile: entry.isFile() }];
  });
}
