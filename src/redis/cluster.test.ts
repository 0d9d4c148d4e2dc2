import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { connect, type RedisClient, whenReady } from './client.ts';
import { slotOf } from './nodes.ts';

/** Two servers; the one that `master` says has all slots, and the other one sends whoever asks to it. */
let master = 0;
let servers: readonly Server[] = [];
let client: RedisClient | undefined;
const sockets = new Set<Socket>();

function portOf(index: number): number {
  const address = servers[index]?.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;

function answerOf(index: number, [name = '', first = '']: readonly string[]): string {
  const port = portOf(master);
  switch (`${name} ${first}`.toLowerCase().split(' ')[0]) {
    case 'hello':
      return '%0\r\n';
    case 'info':
      return bulk('loading:0');
    case 'cluster':
      return /^info$/i.test(first)
        ? bulk('cluster_state:ok')
        : `*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n${bulk('127.0.0.1')}:${port}\r\n`;
    case 'get':
      return index === master
        ? bulk(`${first} of ${index}`)
        : `-MOVED ${slotOf(first)} 127.0.0.1:${port}\r\n`;
    default:
      return '+OK\r\n';
  }
}

beforeEach(async () => {
  master = 0;
  servers = [0, 1].map((index) =>
    createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
      socket.on('data', (bytes) => {
        // Each command is an array of texts, and begins a line with its length.
        const commands = bytes
          .toString('latin1')
          .split(/^\*(?=\d)/m)
          .slice(1);
        const texts = commands.map((command) =>
          command.split('\r\n').filter((_, at) => at > 0 && at % 2 === 0),
        );
        socket.write(texts.map((each) => answerOf(index, each)).join(''));
      });
    }),
  );
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  client?.disconnect();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of servers) server.close();
});

it('learns from a pipeline that several of its slots have moved', async () => {
  const seed = { host: '127.0.0.1', port: portOf(0) };
  const redis = connect({ ...seed, cluster: [seed] }, { name: 'test' });
  client = redis;
  expect(await whenReady(redis, 5_000)).toBe(true);
  const answers = () => redis.pipeline().get('a').get('b').exec();
  const answersOf = (index: number) => ['a', 'b'].map((key) => [null, `${key} of ${index}`]);
  expect(await answers()).toEqual(answersOf(0));
  master = 1;
  await vi.waitFor(async () => expect(await answers()).toEqual(answersOf(1)), {
    timeout: 5_000,
    interval: 20,
  });
});
