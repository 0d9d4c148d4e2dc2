/** Clients that hold on to what they were given: connections, answers unread, requests unfinished or too many at once. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../test/helpers/eventually.ts';
import { goodToken, waitingStatus } from '../../test/helpers/fake-line.ts';
import { requestText, sendRaw, startVisitorServer } from '../../test/helpers/visitor-server.ts';
import { pipelinedMax, streamUnsentBytesMax } from '../contract/limits.ts';
import { anyNumber, ConnectionGuard } from './http/connection-guard.ts';
import { Meters } from './metrics/meters.ts';

const closing: (() => Promise<unknown> | undefined)[] = [];
vi.setConfig({ testTimeout: 30_000 });
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

type Overrides = Parameters<typeof startVisitorServer>[0];

async function start(overrides: Overrides = {}) {
  const server = await startVisitorServer({ requestMs: 500, ...overrides });
  closing.push(() => server.close());
  return server;
}

interface Client {
  readonly socket: Socket;
  readonly text: () => string;
  readonly isClosed: () => boolean;
}

async function client(port: number, localAddress = '127.0.0.1'): Promise<Client> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  let text = '';
  let isClosed = false;
  socket.on('error', () => {});
  socket.on('close', () => {
    isClosed = true;
  });
  closing.push(() => {
    socket.destroy();
    return undefined;
  });
  await once(socket, 'connect');
  return {
    socket: socket.on('data', (chunk) => {
      text += chunk.toString();
    }),
    text: () => text,
    isClosed: () => isClosed,
  };
}

const keepAlive = { connection: 'keep-alive' };
const status = `/api/v1/queue/status?token=${goodToken}`;
const poll = requestText('GET', status, { headers: keepAlive });
const join = requestText('POST', '/api/v1/queue/join', { headers: keepAlive, body: '{"event_id":"e"}' });
const answersOf = (text: string): number => text.split('HTTP/1.1 ').length - 1;

describe('a connection', () => {
  it('that never says anything is cut', async () => {
    const { port } = await start();
    const silent = await client(port);
    await eventually(() => silent.isClosed(), { withinMs: 15_000 });
    expect(silent.text()).toContain('408');
  });

  it('on which more wait than may is cut, and no more of it is worked on', async () => {
    const { port, line } = await start();
    line.onJoin = () => new Promise(() => {});
    const flood = await client(port);
    flood.socket.write(join.repeat(2_000));
    await eventually(() => flood.isClosed(), { withinMs: 15_000 });
    expect(line.joins.length).toBeLessThanOrEqual(pipelinedMax + 1);
    expect((await sendRaw(port, requestText('GET', status))).status).toBe(200);
  });

  it('may send a few requests at once, again and again', async () => {
    const { port } = await start();
    const few = await client(port);
    for (let round = 1; round <= 20; round += 1) {
      few.socket.write(poll.repeat(pipelinedMax));
      await eventually(() => answersOf(few.text()) === round * pipelinedMax, { withinMs: 15_000 });
    }
    expect(few.isClosed()).toBe(false);
  });

  it('whose answers nobody reads is cut', async () => {
    const meters = new Meters();
    const server = await start({ meters });
    const socket = connect(server.port, '127.0.0.1');
    closing.push(() => {
      socket.destroy();
      return undefined;
    });
    socket.on('error', () => {});
    socket.pause();
    let [asked, finished, isCut] = [0, 0, false];
    // One request after the other, until an answer does not fit into the kernel's buffers.
    const ask = (): void => {
      asked += 1;
      socket.write(requestText('GET', '/swagger/json', { headers: keepAlive }));
    };
    server.server.once('connection', (accepted: Socket) => {
      accepted.once('close', () => {
        isCut = true;
      });
    });
    server.server.on('request', (_, response: ServerResponse) => {
      response.once('finish', () => {
        finished += 1;
        ask();
      });
    });
    ask();
    await eventually(() => isCut, { withinMs: 20_000 });
    expect(asked - finished).toBe(1);
    expect(meters.limited.connection).toBe(0);
  });

  it('that is read slowly is not cut, though something is unsent all the time', async () => {
    const chunk = Buffer.alloc(65_536);
    const server = createServer((_, response) => {
      const endless = new Readable({ read: () => void endless.push(chunk) });
      endless.pipe(response);
    });
    new ConnectionGuard(anyNumber, new Meters()).watch(server, 1_000);
    closing.push(async () => {
      server.closeAllConnections();
      server.close();
    });
    let accepted: Socket | undefined;
    server.once('connection', (socket: Socket) => {
      accepted = socket;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { socket } = await client((server.address() as AddressInfo).port);
    let [got, unsentLooks] = [0, 0];
    socket.on('data', ({ length }) => {
      got += length;
      socket.pause();
      setTimeout(() => socket.resume(), 5);
    });
    socket.write(requestText('GET', '/'));
    await eventually(() => (accepted?.writableLength ?? 0) > 0, { withinMs: 10_000 });
    for (let look = 0; look < 20; look += 1) {
      await sleep(100);
      if ((accepted?.writableLength ?? 0) > 0) unsentLooks += 1;
    }
    expect(got).toBeGreaterThan(1_000_000);
    expect(unsentLooks).toBeGreaterThan(15);
    expect(accepted?.destroyed).toBe(false);
  });

  it('with more than a hundred headers is refused, however short they are', async () => {
    const { port } = await start();
    const many = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at): [string, string] => [`x${at}`, 'a']));
    expect((await sendRaw(port, requestText('GET', status, { headers: many(90) }))).status).toBe(200);
    for (const count of [99, 101, 900, 1_200]) {
      const refused = await sendRaw(port, requestText('GET', status, { headers: many(count) }));
      expect([refused.status, refused.headers.connection]).toEqual([431, 'close']);
      expect(refused.body).toMatch(/more than 100/i);
    }
    expect((await sendRaw(port, requestText('GET', status, { headers: many(3_000) }))).status).toBe(431);
  });

  it('that the answer and the drain both close is told so once', async () => {
    const { port, lifecycle } = await start();
    lifecycle.isDraining = true;
    const many = Object.fromEntries(Array.from({ length: 99 }, (_, at) => [`x${at}`, 'a']));
    const stream = `/api/v1/queue/stream?token=${goodToken}`;
    for (const [asked, code] of [
      [requestText('GET', status, { headers: many }), 431],
      [requestText('POST', '/api/v1/queue/join', { body: 'x'.repeat(20_000) }), 413],
      [requestText('GET', stream), 200],
    ] as const) {
      const one = await client(port);
      one.socket.write(asked);
      await eventually(() => one.text().includes('\r\n\r\n'), { withinMs: 10_000 });
      expect(one.text()).toMatch(new RegExp(`^HTTP/1.1 ${code} `));
      expect(one.text().match(/^connection: .*$/gim)).toEqual(['connection: close']);
    }
  });
});

describe('a stream', () => {
  it('that is read no further is cut, though little is unsent', async () => {
    const server = await start({ commentMs: 300, requestMs: 2_000 });
    let stream: ServerResponse | undefined;
    server.server.on('request', (_, response: ServerResponse) => {
      stream = response;
    });
    const socket = connect(server.port, '127.0.0.1');
    closing.push(() => {
      socket.destroy();
      return undefined;
    });
    socket.on('error', () => {});
    socket.pause();
    socket.write(requestText('GET', `/api/v1/queue/stream?token=${goodToken}`));
    await eventually(() => server.line.subscribers.size === 1, { withinMs: 10_000 });
    const message = 'm'.repeat(8_000);
    // Until the kernel's buffers are full, and not so much that it is cut for that.
    for (let at = 0; at < 5_000 && stream?.writableLength === 0; at += 1) {
      server.line.push({ ...waitingStatus, message });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(stream?.writableLength).toBeGreaterThan(0);
    expect(stream?.writableLength).toBeLessThan(streamUnsentBytesMax);
    await eventually(() => stream?.destroyed === true, { withinMs: 10_000 });
    await eventually(() => server.line.subscribers.size === 0, { withinMs: 10_000 });
  });

  it('that is quiet is not taken for a stuck one', async () => {
    const server = await start({ requestMs: 100, commentMs: 60_000 });
    const quiet = await client(server.port);
    quiet.socket.write(requestText('GET', `/api/v1/queue/stream?token=${goodToken}`));
    const slow = await client(server.port);
    // A connection that was quiet for as long has been cut by now.
    await eventually(() => slow.isClosed(), { withinMs: 15_000 });
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(quiet.isClosed()).toBe(false);
    expect(server.line.subscribers.size).toBe(1);
  });
});

describe('connections', () => {
  const guarded = async (max: number, perAddress: number, unlimited: readonly string[] = []) => {
    const meters = new Meters();
    const guard = new ConnectionGuard({ max, perAddress, unlimited }, meters);
    return { guard, meters, server: await start({ meters, connections: guard, requestMs: 10_000 }) };
  };

  it('of one address are so many at most, until some are closed', async () => {
    const { guard, meters, server } = await guarded(100, 3);
    const mine = [await client(server.port), await client(server.port), await client(server.port)];
    const fourth = await client(server.port);
    await eventually(() => fourth.isClosed(), { withinMs: 10_000 });
    expect(meters.limited).toMatchObject({ connection_ip: 1, connection: 0 });
    const other = await client(server.port, '127.0.0.2');
    other.socket.write(poll);
    await eventually(() => answersOf(other.text()) === 1, { withinMs: 10_000 });
    mine[0]?.socket.destroy();
    await eventually(() => guard.count === 3, { withinMs: 10_000 });
    const again = await client(server.port);
    again.socket.write(poll);
    await eventually(() => answersOf(again.text()) === 1, { withinMs: 10_000 });
  });

  it('of IPv4 are counted by their own address where it comes as an IPv6 one', () => {
    const limits = { max: 100, perAddress: 1, unlimited: ['10.0.0.0/8'] };
    const guard = new ConnectionGuard(limits, new Meters());
    const takes = (remoteAddress: string): boolean =>
      guard.takes(Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress }));
    expect(['::ffff:192.0.2.1', '::ffff:192.0.2.2'].map(takes)).toEqual([true, true]);
    expect(['::ffff:192.0.2.1', '192.0.2.2'].map(takes)).toEqual([false, false]);
    expect(['::ffff:10.0.0.1', '::ffff:10.0.0.1'].map(takes)).toEqual([true, true]);
  });

  it('of a proxy are limited by the whole only, and when that is nearly full answered ones do not stay', async () => {
    const { guard, meters, server } = await guarded(100, 3, ['127.0.0.1']);
    const ask = async (count: number): Promise<Client[]> => {
      const all = await Promise.all(Array.from({ length: count }, () => client(server.port)));
      for (const { socket } of all) socket.write(poll);
      await eventually(() => all.every(({ text }) => answersOf(text()) === 1), { withinMs: 10_000 });
      return all;
    };
    const kept = await ask(80);
    for (let round = 0; round < 3; round += 1) {
      const brief = await ask(20);
      await eventually(() => guard.count <= 90, { withinMs: 10_000 });
      for (const { socket } of brief) socket.destroy();
      await eventually(() => guard.count === 80, { withinMs: 10_000 });
    }
    expect(kept.some(({ isClosed }) => isClosed())).toBe(false);
    expect(server.server.keepAliveTimeout).toBeGreaterThan(10_000);
    expect(meters.limited).toMatchObject({ connection_ip: 0, connection: 0 });
    // Those that do not ask hold on until their time is over.
    const silent = await Promise.all(Array.from({ length: 25 }, () => client(server.port)));
    await eventually(() => silent.filter(({ isClosed }) => isClosed()).length === 5, { withinMs: 10_000 });
    expect(guard.count).toBe(100);
    expect(meters.limited.connection).toBe(5);
  });
});
