// The image's HEALTHCHECK: asks /readyz of the gateway or admin API that runs in this container. Exit 0 = it serves.
// It needs no shell and no other program.
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

const limitMs = 2_500;

/** A setting as the programs read it: NAME or NAME_FILE. */
function setting(name, fallback) {
  const file = process.env[`${name}_FILE`];
  const text = file ? readFileSync(file, 'utf8').trim() : process.env[name];
  return text || fallback;
}

/** Where everything listens: asked over loopback. */
const reachable = (host) => ({ '0.0.0.0': '127.0.0.1', '::': '[::1]', '[::]': '[::1]' })[host] ?? host;

/** The address of each program, by the folder of dist that it is in. */
const addresses = {
  gateway: (args) => {
    const flag = args.findIndex((arg) => arg === '--port' || arg.startsWith('--port='));
    const given = flag < 0 ? undefined : (args[flag].split('=')[1] ?? args[flag + 1]);
    const host = reachable(setting('SERVER_HOST', '127.0.0.1'));
    return `http://${host}:${given ?? setting('SERVER_PORT', '8000')}`;
  },
  'admin-api': () => {
    const address = setting('ADMIN_ADDRESS', '127.0.0.1:8002');
    const colon = address.lastIndexOf(':');
    const scheme = setting('ADMIN_TLS_CERT_FILE') ? 'https' : 'http';
    return `${scheme}://${reachable(address.slice(0, colon))}${address.slice(colon)}`;
  },
};

/** Addresses of the programs that run; a gateway's workers have its command line. */
function running() {
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const args = commandLine(pid);
      const at = args.findIndex((arg) => /^\/app\/dist\/(gateway|admin-api)\/main\.js$/.test(arg));
      return at < 0 ? [] : [addresses[args[at].split('/')[3]](args.slice(at + 1))];
    });
  return [...new Set(found)];
}

/** Empty for a process that has ended meanwhile. */
function commandLine(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Whether it says 200. Its certificate names a service, not loopback. */
function isReady(address) {
  const { request } = address.startsWith('https:') ? https : http;
  return new Promise((resolve) => {
    const asking = request(
      `${address}/readyz`,
      { rejectUnauthorized: false, signal: AbortSignal.timeout(limitMs) },
      (reply) => resolve(reply.resume().statusCode === 200),
    );
    asking.on('error', () => resolve(false)).end();
  });
}

const found = running();
const ready = await Promise.all(found.map(isReady));
process.exit(found.length > 0 && ready.every(Boolean) ? 0 : 1);
