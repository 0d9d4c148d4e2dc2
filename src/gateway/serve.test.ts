import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { FakeLine, goodToken, waitingStatus } from '../../test/helpers/fake-line.ts';
import { sendRaw } from '../../test/helpers/visitor-server.ts';
import { seedKeys } from '../contract/config.ts';
import { ReservationKeys } from '../queue/reservation-token.ts';
import { loadConfig } from './config.ts';
import { createLonePeers } from './fleet/peers.ts';
import type { LineOptions } from './line-options.ts';
import { type Serving, serve } from './serve.ts';

let serving: Serving | undefined;
afterEach(() => serving?.app.server.closeAllConnections());

async function start(line: FakeLine, environment = {}) {
  const loaded = loadConfig(environment);
  if ('problems' in loaded) throw new Error(loaded.problems.join());
  const built: LineOptions[] = [];
  serving = await serve({
    config: loaded.config,
    port: 0,
    grpcPort: 0,
    gatewayId: 'g',
    workerId: 'g/w1',
    buildLine: async (options) => {
      built.push(options);
      return line;
    },
    peers: createLonePeers(),
    log: pino({ level: 'silent' }),
  });
  return { serving, built, url: `http://127.0.0.1:${serving.port}` };
}

const path = `/api/v1/queue/status?token=${goodToken}`;

it('gives the line what it needs', async () => {
  const { built } = await start(new FakeLine());
  expect(built[0]).toMatchObject({
    redis: { host: '127.0.0.1', port: 6379 },
    gatewayId: 'g',
    workerId: 'g/w1',
    eventsAutoCreate: true,
    environment: 'development',
  });
});

it('dev tokens open doors in development only', async () => {
  const headers = {
    authorization: 'Bearer dev-super-key-local-testing',
    'x-dev-mode': 'true',
    'content-type': 'application/json',
  };
  const body = JSON.stringify({ waiting_token: goodToken });
  const enter = (url: string) => fetch(`${url}/api/v1/queue/enter`, { method: 'POST', headers, body });
  expect((await enter((await start(new FakeLine())).url)).status).toBe(200);
  const key = 'k'.repeat(32);
  const production = {
    SERVER_ENVIRONMENT: 'production',
    WAITING_TOKEN_KEYS: `a:${key}`,
    RESERVATION_TOKEN_KEYS: `a:${key}`,
  };
  expect((await enter((await start(new FakeLine(), production)).url)).status).toBe(401);
});

it('a drain says not ready, finishes what is being answered, ends streams, and closes the line', async () => {
  const line = new FakeLine();
  const { serving, url } = await start(line);
  const stream = await fetch(`${url}/api/v1/queue/stream?token=${goodToken}`);
  let release = (): void => {};
  line.onStatus = () =>
    new Promise((resolve) => {
      release = () => resolve({ ok: true, reply: waitingStatus });
    });
  const inFlight = fetch(url + path);
  await expect.poll(() => line.statusCalls).toBe(1);
  const drained = serving.drain();
  const whileNoticed = await fetch(`${url}/readyz`);
  expect([whileNoticed.status, whileNoticed.headers.get('connection')]).toEqual([503, 'close']);
  await expect.poll(() => serving.app.server.listening).toBe(false);
  expect((await sendRaw(serving.port, 'GET /healthz HTTP/1.1\r\n\r\n')).status).toBe(0);
  expect(await stream.text()).toContain('event: status');
  expect(line.closed).toBe(false);
  release();
  const answered = await inFlight;
  expect(answered.status).toBe(200);
  expect(answered.headers.get('connection')).toBe('close');
  await drained;
  expect(line.closed).toBe(true);
});

it('a drain does not wait for idle connections, nor for those that never asked for anything', async () => {
  const { serving, url } = await start(new FakeLine());
  const unused = connect(serving.port, '127.0.0.1').on('error', () => {});
  const agent = new Agent({ keepAlive: true });
  await new Promise((resolve) =>
    get(`${url}/healthz`, { agent }, (reply) => reply.resume().on('end', resolve)),
  );
  const startedMs = performance.now();
  await serving.drain();
  expect(performance.now() - startedMs).toBeLessThan(2_000);
  agent.destroy();
  unused.destroy();
});

it('a drain does not lose a request that comes on an open connection meanwhile', async () => {
  const { serving, url } = await start(new FakeLine());
  let failures = 0;
  let isOver = false;
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const ask = (): Promise<void> =>
    new Promise((resolve) => {
      get(url + path, { agent }, (reply) => reply.resume().on('end', resolve)).on('error', () => {
        if (!isOver) failures += 1;
        resolve();
      });
    });
  const asking = (async () => {
    while (!isOver) await ask();
  })();
  await sleep(50);
  const drained = serving.drain();
  await sleep(50);
  isOver = true;
  await Promise.all([asking, drained]);
  expect(failures).toBe(0);
  expect((await sendRaw(serving.port, 'GET / HTTP/1.1\r\n\r\n')).status).toBe(0);
  agent.destroy();
});

it('passes end by the clock that dated them: that of Redis, as the line has it', async () => {
  const line = new FakeLine();
  let asked = 0;
  line.nowMs = () => {
    asked += 1;
    return Date.now();
  };
  const { url } = await start(line, { RESERVATION_TOKEN_KEYS: `a:${'k'.repeat(32)}` });
  const [key] = seedKeys.schema.parse(`a:${'k'.repeat(32)}`);
  if (key === undefined) throw new Error('one key was given');
  const grant = { event: 'evt_x', subject: 'dev:ann', passId: 'a'.repeat(26), grantedMs: Date.now() };
  const reservation_token = await new ReservationKeys([key]).sign(grant);
  const answer = await fetch(`${url}/api/v1/reservations`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer dev-super-key-local-testing',
      'x-dev-mode': 'true',
      'x-user-id': 'ann',
      'content-type': 'application/json',
      'idempotency-key': 'k1',
    },
    body: JSON.stringify({ event_id: 'evt_x', quantity: 1, reservation_token }),
  });
  // The pass is right; there is no Redis here to keep the request in.
  expect(answer.status).toBe(503);
  expect(asked).toBeGreaterThan(0);
});
