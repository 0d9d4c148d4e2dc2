import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connect, type RedisAddress, type RedisClient, whenReady } from './client.ts';
import { slotOf } from './nodes.ts';

/** Which of two servers has the lower half of the slots, and which the upper; it sends others there. */
let owners: readonly [number, number];
/** The password that both of them take; undefined = any. */
let taken: string | undefined;
let servers: readonly Server[] = [];
let client: RedisClient | undefined;
const sockets: Socket[][] = [[], []];
const patience = { timeout: 4_000, interval: 5 };

beforeEach(async () => {
  owners = [0, 0];
  taken = undefined;
  servers = sockets.map((own, index) =>
    createServer((socket) => {
      own.push(socket.on('error', () => {}));
      socket.on('data', (bytes) => {
        // Each command is an array of texts, and begins a line with its length.
        for (const command of bytes
          .toString('latin1')
          .split(/^\*(?=\d)/m)
          .slice(1))
          socket.write(
            answerOf(
              index,
              command.split('\r\n').filter((_, at) => at > 0 && at % 2 === 0),
            ),
          );
      });
    }),
  );
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  client?.disconnect();
  for (const index of sockets.keys()) breakAll(index);
  for (const server of servers) server.close();
});

function breakAll(index: number): void {
  for (const socket of sockets[index]?.splice(0) ?? []) socket.destroy();
}

function portOf(index: number): number {
  const address = servers[index]?.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const rangeOf = (first: number, last: number, owner: number): string =>
  `*3\r\n:${first}\r\n:${last}\r\n*2\r\n${bulk('127.0.0.1')}:${portOf(owner)}\r\n`;

function answerOf(index: number, [name = '', ...args]: readonly string[]): string {
  const [first = ''] = args;
  switch (name.toLowerCase()) {
    case 'hello':
    case 'auth':
      if (taken !== undefined && args.at(-1) !== taken) return '-WRONGPASS invalid password\r\n';
      return name.toLowerCase() === 'hello' ? '%0\r\n' : '+OK\r\n';
    case 'info':
      return bulk('loading:0');
    case 'cluster':
      if (first.toLowerCase() === 'info') return bulk('cluster_state:ok');
      return `*2\r\n${rangeOf(0, 8_191, owners[0])}${rangeOf(8_192, 16_383, owners[1])}`;
    case 'get': {
      const owner = owners[slotOf(first) < 8_192 ? 0 : 1];
      if (owner !== index) return `-MOVED ${slotOf(first)} 127.0.0.1:${portOf(owner)}\r\n`;
      return bulk(`${first} of ${index}`);
    }
    default:
      return '+OK\r\n';
  }
}

async function open(rest: Partial<RedisAddress> = {}): Promise<RedisClient> {
  const seed = { host: '127.0.0.1', port: portOf(0) };
  client = connect({ ...seed, cluster: [seed], ...rest }, { name: 'test' });
  expect(await whenReady(client, 4_000)).toBe(true);
  return client;
}

describe('a connection to a cluster', () => {
  it('learns from a pipeline that several of its slots have moved', async () => {
    const redis = await open();
    const answers = () => redis.pipeline().get('b').get('c').exec();
    const answersOf = (index: number) => ['b', 'c'].map((key) => [null, `${key} of ${index}`]);
    expect(await answers()).toEqual(answersOf(0));
    owners = [1, 1];
    await vi.waitFor(async () => expect(await answers()).toEqual(answersOf(1)), patience);
  });

  it('that one master refuses reads the password anew, and goes on at the other', async () => {
    owners = [0, 1];
    taken = 'old';
    const redis = await open({ password: 'old', readPassword: async () => 'new' });
    const [low, high] = ['b', 'a'];
    expect([slotOf(low) < 8_192, slotOf(high) < 8_192]).toEqual([true, false]);
    expect([await redis.get(low), await redis.get(high)]).toEqual(['b of 0', 'a of 1']);
    taken = 'new';
    breakAll(1);
    const failures: unknown[] = [];
    await vi.waitFor(async () => {
      await redis.get(low).catch((error: unknown) => failures.push(error));
      expect(await redis.get(high)).toBe('a of 1');
    }, patience);
    expect(failures).toEqual([]);
  });

  it('that all masters refuse reads the password anew, too', async () => {
    taken = 'old';
    const redis = await open({ password: 'old', readPassword: async () => 'new' });
    taken = 'new';
    breakAll(0);
    await vi.waitFor(async () => expect(await redis.get('b')).toBe('b of 0'), patience);
  });
});
