import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.mjs';
import { root } from './project.mjs';

const readyLimitMs = 30_000;
const stopLimitMs = 10_000;
/** Whatever happens to this process, none of them outlives it. */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts a program; all that it writes goes to a file, and its lines to `onText` too.
 *
 * @param {{name: string, folder: string, command: string, args: readonly string[], env?: Record<string, string>,
 *   input?: string, onText?: (text: string) => void}} options folder: for NAME.log; input: what it reads, then end
 */
export function startLogged({ name, folder, command, args, env = {}, input, onText }) {
  const { PATH = '', HOME = '', TACOS_TEST_CACHE } = process.env;
  const child = spawn(command, args, {
    cwd: root,
    // Nothing of the caller's settings: each secret in use here is one that is searched for afterwards.
    env: { PATH, HOME, ...(TACOS_TEST_CACHE === undefined ? {} : { TACOS_TEST_CACHE }), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  const file = createWriteStream(join(folder, `${name}.log`));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      file.write(text);
      onText?.(text);
    });
  }
  child.stdin.on('error', () => {}).end(input ?? '');
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return new Promise((resolve) => file.end(() => resolve(code)));
  });
  return {
    child,
    ended,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Secrets of one world, none of which may stand in a log. */
function newSecrets() {
  const key = () => randomBytes(32).toString('base64url');
  return {
    redisPassword: key(),
    waitingKey: key(),
    reservationKey: key(),
    jwtSecret: key(),
    viewerToken: key(),
    adminToken: key(),
    devToken: 'dev-super-key-local-testing',
  };
}

/**
 * A Redis, the simulated services, a gateway and an admin API of their own, on free ports of 127.0.0.1, with one event
 * where everybody who joins may enter at once, and EVENT_sale, to which a sale is applied.
 *
 * @param {{name: string, folder: string, runtime: string, event: string}} options name: begins the names of the logs
 */
export async function startWorld({ name, folder, runtime, event }) {
  const secrets = newSecrets();
  const started = [];
  const start = (part, command, args, { env, input, ready }) =>
    new Promise((resolve, reject) => {
      let text = '';
      let isReady = false;
      const timer = setTimeout(() => reject(new Error(`${part} was not ready: ${text}`)), readyLimitMs);
      const onText = (more) => {
        if (isReady) return;
        text += more;
        const match = ready.exec(text);
        if (match === null) return;
        isReady = true;
        clearTimeout(timer);
        resolve(match);
      };
      const program = startLogged({ name: `${name}-${part}`, folder, command, args, env, input, onText });
      started.push(program);
      void program.ended.then((code) => {
        clearTimeout(timer);
        reject(new Error(`${part} ended (${code}): ${text}`));
      });
    });
  const stop = async () => {
    for (const program of started.reverse()) await program.stop();
  };
  try {
    const port = await freePort();
    const redis = [`port ${port}`, 'bind 127.0.0.1', 'save ""', `dir ${folder}`];
    await start('redis', 'redis-server', ['-'], {
      input: [...redis, `requirepass ${secrets.redisPassword}`, ''].join('\n'),
      ready: /Ready to accept connections/,
    });
    const ports = ['reservation', 'inventory', 'payment'].flatMap((each) => [`--${each}-port`, '0']);
    const [, reservation, inventory, payment] = await start(
      'backends',
      runtime,
      ['dist/simulator/backends.js', ...ports, '--seats', '5000', '--hold', '600s'],
      { ready: /^ready reservation=(\S+) inventory=(\S+) payment=(\S+)/m },
    );
    const shared = {
      REDIS_ADDRESS: `127.0.0.1:${port}`,
      REDIS_PASSWORD: secrets.redisPassword,
      SERVER_ENVIRONMENT: 'test',
      LOG_LEVEL: 'debug',
      WAITING_TOKEN_KEYS: `k1:${secrets.waitingKey}`,
    };
    const [, gateway] = await start(
      'gateway',
      runtime,
      ['dist/gateway/main.js', '--port', '0', '--workers', '1'],
      {
        env: {
          ...shared,
          SERVER_GRPC_PORT: '0',
          RATE_LIMIT_ENABLED: 'false',
          RESERVATION_TOKEN_KEYS: `k1:${secrets.reservationKey}`,
          JWT_SECRET: secrets.jwtSecret,
          BACKEND_RESERVATION_API_GRPC_ADDRESS: reservation,
          BACKEND_INVENTORY_API_GRPC_ADDRESS: inventory,
          BACKEND_PAYMENT_API_GRPC_ADDRESS: payment,
        },
        ready: /^listening (http:\S+)$/m,
      },
    );
    const { viewerToken, adminToken } = secrets;
    const [, admin] = await start('admin', runtime, ['dist/admin-api/main.js'], {
      env: {
        ...shared,
        ADMIN_ADDRESS: '127.0.0.1:0',
        ADMIN_TOKENS: `viewer:vera:${viewerToken},admin:ada:${adminToken}`,
      },
      ready: /^listening (http:\S+)$/m,
    });
    await Promise.all([gateway, admin].map(untilReady));
    const actOn = (id, action) => post(`${admin}/admin/v1/actions`, adminToken, { events: [id], action });
    const act = (action) => actOn(event, action);
    await act({ type: 'event.create', capacity: 100_000, refillPerSec: 5_000, test: true });
    await act({ type: 'settings.set', tiers: [{ first: 1, last: 0, waitSec: 0 }] });
    const inHours = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString();
    const ofSale = { opensAt: inHours(1), endsAt: inHours(2), visitors: 1_000, steps: [] };
    await actOn(`${event}_sale`, { type: 'event.create', opensAt: ofSale.opensAt, test: true });
    await actOn(`${event}_sale`, { type: 'sale.apply', ...ofSale });
    return { gateway, admin, secrets, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilReady(url) {
  for (let leftMs = readyLimitMs; leftMs > 0; leftMs -= 100) {
    if ((await fetch(`${url}/readyz`)).ok) return;
    await sleep(100);
  }
  throw new Error(`${url}/readyz stayed not ready`);
}

async function post(url, token, body) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok || /"error"/.test(text)) throw new Error(`${answer.status} ${text}`);
}
