import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connect, type RedisClient, whenReady } from './client.ts';
import { Connections } from './connections.ts';

/** What it answers to every command that signs in; undefined = it takes whoever comes. */
let refusal: string | undefined;
let server: Server;
let port: number;
const sockets = new Set<Socket>();
const clients: RedisClient[] = [];
const patience = { timeout: 15_000, interval: 20 };

beforeEach(async () => {
  refusal = undefined;
  server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.on('data', (bytes) => {
      // Each command is an array, and begins a line with its length.
      for (const command of bytes
        .toString('latin1')
        .split(/^\*(?=\d)/m)
        .slice(1)) {
        if (refusal !== undefined) socket.write(`-${refusal}\r\n`);
        else if (/^info\r$/im.test(command)) socket.write('$9\r\nloading:0\r\n');
        else if (!/^get\r$/im.test(command)) socket.write(/^hello\r$/im.test(command) ? '%0\r\n' : '+OK\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  port = typeof address === 'object' && address !== null ? address.port : 0;
});
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
  breakAll();
  server.close();
});

function breakAll(): void {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
}

/** Two connections and what they write to the log. */
function opened(user: { username?: string; password?: string }) {
  const told: string[] = [];
  const names = ['one', 'two'];
  clients.push(...names.map((name) => connect({ host: '127.0.0.1', port, ...user }, { name })));
  const log = { warn: (_: object, message: string) => told.push(message) };
  return { connections: new Connections(clients, log), told };
}

const user = { username: 'tacos-gateway', password: 'pa55word' };
const wrong = 'WRONGPASS invalid username-password pair or user is disabled.';

describe('a user whom Redis refuses', () => {
  it('is named once for all connections, with why, and without the password', async () => {
    refusal = wrong;
    const { connections, told } = opened(user);
    await connections.start();
    expect(connections.refusal).toBe('Redis refuses the user tacos-gateway (WRONGPASS)');
    expect(told).toEqual([connections.refusal]);
    expect(connections.reasonOf(new Error('Connection is closed.'))).toBe(connections.refusal);
  });

  it('is Redis own "default" where none is set', async () => {
    refusal = 'NOAUTH Authentication required.';
    const { connections, told } = opened({});
    await connections.start();
    expect(told).toEqual(['Redis refuses the user default (NOAUTH)']);
  });

  it('is told when it comes at run time, forgotten once it is taken again, and told the next time', async () => {
    const { connections, told } = opened(user);
    await connections.start();
    expect([connections.refusal, told]).toEqual([undefined, []]);
    for (const times of [1, 2]) {
      refusal = wrong;
      breakAll();
      await vi.waitFor(() => expect(told).toHaveLength(times), patience);
      refusal = undefined;
      for (const client of clients) await whenReady(client, patience.timeout);
      expect(connections.refusal).toBeUndefined();
    }
  });
});

describe('a Redis that is not there', () => {
  it('is told at the start', async () => {
    server.close();
    breakAll();
    const { connections, told } = opened(user);
    await connections.start();
    expect([connections.refusal, told]).toEqual([undefined, ['Redis does not answer yet']]);
  });

  it('is what failed a command that was under way, in words of ours', async () => {
    const { connections } = opened(user);
    await connections.start();
    const asked = clients[0]?.get('x').catch((error: unknown) => connections.reasonOf(error));
    setTimeout(breakAll, 20);
    expect(await asked).toBe('the connection to Redis broke');
  });
});
