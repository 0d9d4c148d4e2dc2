import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { FakeLine, goodToken } from '../../test/helpers/fake-line.ts';
import { QueueClient } from '../../test/helpers/queue-client.ts';
import { requestText, startVisitorServer } from '../../test/helpers/visitor-server.ts';
import { loadConfig } from './config.ts';
import { drain, openSockets } from './drain.ts';
import { createLonePeers } from './fleet/peers.ts';
import { type Serving, serve } from './serve.ts';

const running: Serving[] = [];
afterEach(() => {
  for (const { app } of running.splice(0)) app.server.closeAllConnections();
});

async function start(noticeMs: number) {
  const loaded = loadConfig({ SERVER_DRAIN_NOTICE_MS: String(noticeMs), RATE_LIMIT_ENABLED: 'false' });
  if ('problems' in loaded) throw new Error(loaded.problems.join());
  const line = new FakeLine();
  const serving = await serve({
    config: loaded.config,
    port: 0,
    grpcPort: 0,
    gatewayId: 'g',
    workerId: 'g/w1',
    buildLine: async () => line,
    peers: createLonePeers(),
    log: pino({ level: 'silent' }),
  });
  running.push(serving);
  return { serving, line };
}

const ask = requestText('GET', `/api/v1/queue/status?token=${goodToken}`, {
  headers: { connection: 'keep-alive' },
});

/** A client that keeps its connection, however long it pauses, until an answer or an end tells it to go. */
class Faithful {
  failures = 0;
  answers = 0;
  /** Answers that told it to go. */
  told = 0;
  private readonly pauseMs: () => number;
  private isOver = false;
  private readonly done: Promise<void>;

  constructor(ports: readonly number[], pauseMs: () => number) {
    this.pauseMs = pauseMs;
    this.done = this.run(ports);
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.done;
  }

  private async run(ports: readonly number[]): Promise<void> {
    for (const port of ports) {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await new Promise((resolve) => socket.once('connect', resolve));
      let isOpen = true;
      socket
        .on('error', () => {})
        .once('close', () => {
          isOpen = false;
        });
      socket.once('end', () => {
        isOpen = false;
      });
      while (isOpen && !this.isOver) {
        await sleep(this.pauseMs());
        if (!isOpen || this.isOver) break;
        const answer = await answerOn(socket);
        if (!answer.startsWith('HTTP/1.1 200')) this.failures += 1;
        else this.answers += 1;
        if (!/connection: close/i.test(answer)) continue;
        this.told += 1;
        break;
      }
      socket.destroy();
    }
  }
}

/** Sends one request and reads its answer; '' = the connection went before there was a whole one. */
function answerOn(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const finish = (): void => {
      socket.off('data', read).off('close', finish);
      resolve(isWhole(text) ? text : '');
    };
    const read = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (isWhole(text)) finish();
    };
    socket.on('data', read).once('close', finish);
    socket.write(ask);
  });
}

function isWhole(text: string): boolean {
  const bodyAt = text.indexOf('\r\n\r\n') + 4;
  const length = /content-length: (\d+)/i.exec(text)?.[1];
  return bodyAt > 3 && length !== undefined && text.length >= bodyAt + Number(length);
}

it('tells all who ask on a connection of theirs during the drain to go, and loses no request', async () => {
  const noticeMs = 400;
  const [stopping, other] = [await start(noticeMs), await start(noticeMs)];
  const ports = [stopping.serving.port, other.serving.port];
  // Some ask all the time; most pause for longer than the notice, but not than the drain.
  const asking = Array.from(
    { length: 200 },
    (_, index) => new Faithful(ports, () => Math.random() * (index % 3 === 0 ? 30 : 700)),
  );
  const silent = Array.from({ length: 100 }, () => connect(stopping.serving.port, '127.0.0.1'));
  const farewells = silent.map((socket) => farewellOf(socket));
  for (const answer of await Promise.all(silent.map((socket) => answerOn(socket))))
    expect(answer).toMatch(/^HTTP\/1.1 200/);
  await expect
    .poll(() => asking.every(({ answers }) => answers > 0) && stopping.line.statusCalls, { timeout: 20_000 })
    .toBeGreaterThan(1_000);
  await stopping.serving.drain();
  expect(asking.map(({ told }) => told)).toEqual(asking.map(() => 1));
  // Those who said nothing during the drain are let go without a reset.
  expect(new Set(await Promise.all(farewells))).toEqual(new Set(['ended']));
  const soFar = other.line.statusCalls;
  await expect.poll(() => other.line.statusCalls, { timeout: 20_000 }).toBeGreaterThan(soFar + 500);
  await Promise.all(asking.map((client) => client.stop()));
  expect(asking.reduce((sum, { failures }) => sum + failures, 0)).toBe(0);
  expect(asking.reduce((sum, { answers }) => sum + answers, 0)).toBeGreaterThan(2_000);
}, 30_000);

/** How a connection ends. */
function farewellOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('end', () => resolve('ended')).once('error', ({ message }) => resolve(message));
  });
}

it('goes on answering new connections until its idle ones have been told to go', async () => {
  const { serving } = await start(1_000);
  const idle = connect(serving.port, '127.0.0.1');
  expect(await answerOn(idle)).not.toMatch(/connection: close/i);
  const drained = serving.drain();
  await sleep(1_200);
  const late = connect(serving.port, '127.0.0.1');
  expect(await answerOn(late)).toMatch(/^HTTP\/1.1 200[\s\S]*connection: close/i);
  expect(await answerOn(idle)).toMatch(/^HTTP\/1.1 200[\s\S]*connection: close/i);
  await drained;
});

it('hands streams over bit by bit: each is told to come back soon, and its visitor stays present', async () => {
  const { serving, line } = await start(400);
  const path = `http://127.0.0.1:${serving.port}/api/v1/queue/stream?token=${goodToken}`;
  const endedMs: number[] = [];
  const texts = Array.from({ length: 60 }, async () => {
    const text = await (await fetch(path)).text();
    endedMs.push(performance.now());
    return text;
  });
  await expect.poll(() => line.subscribers.size, { timeout: 20_000 }).toBe(60);
  const startedMs = performance.now();
  const drained = serving.drain();
  for (const text of await Promise.all(texts)) {
    const retries = [...text.matchAll(/^retry: (\d+)$/gm)].map(([, ms]) => Number(ms));
    expect(retries).toHaveLength(2);
    expect(retries[1]).toBeLessThanOrEqual(1_200);
    expect(text.endsWith(`retry: ${retries[1]}\n\n`)).toBe(true);
  }
  expect(Math.min(...endedMs) - startedMs).toBeGreaterThan(390);
  expect(Math.max(...endedMs) - Math.min(...endedMs)).toBeGreaterThan(150);
  await drained;
  expect(line.handedOver).toBe(60);
});

it('does not call those handed over who went away themselves', async () => {
  const { serving, line } = await start(50);
  const abort = new AbortController();
  const path = `http://127.0.0.1:${serving.port}/api/v1/queue/stream?token=${goodToken}`;
  await fetch(path, { signal: abort.signal });
  abort.abort();
  await expect.poll(() => line.subscribers.size, { timeout: 20_000 }).toBe(0);
  await serving.drain();
  expect(line.handedOver).toBe(0);
});

it('loses no call of gRPC: clients go to another gateway', async () => {
  const [stopping, other] = [await start(200), await start(200)];
  const client = new QueueClient(
    `ipv4:127.0.0.1:${stopping.serving.grpcPort},127.0.0.1:${other.serving.grpcPort}`,
  );
  const codes = new Map<status, number>();
  let isOver = false;
  const callers = Array.from({ length: 40 }, async () => {
    while (!isOver) {
      const { code } = await client.status(goodToken);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  });
  await expect.poll(() => stopping.line.statusCalls, { timeout: 20_000 }).toBeGreaterThan(500);
  await stopping.serving.drain();
  const soFar = other.line.statusCalls;
  await expect.poll(() => other.line.statusCalls, { timeout: 20_000 }).toBeGreaterThan(soFar + 500);
  isOver = true;
  await Promise.all(callers);
  client.close();
  await other.serving.drain();
  expect([...codes.keys()]).toEqual([status.OK]);
}, 30_000);

it('cuts what is still not answered when its time is nearly up, and says goodbye all the same', async () => {
  const server = await startVisitorServer();
  const sockets = openSockets(server.server);
  server.line.onStatus = () => new Promise(() => {});
  const hanging = connect(server.port, '127.0.0.1');
  const answer = answerOn(hanging);
  await expect.poll(() => server.line.statusCalls, { timeout: 20_000 }).toBe(1);
  const startedMs = performance.now();
  await drain({
    app: server,
    grpc: { port: 0, drain: async () => {} },
    line: server.line,
    tracer: undefined,
    sockets,
    lifecycle: server.lifecycle,
    log: pino({ level: 'silent' }),
    noticeMs: 50,
    withinMs: 3_600,
  });
  expect(performance.now() - startedMs).toBeLessThan(3_600);
  expect(await answer).toBe('');
  expect(server.line.closed).toBe(true);
});
