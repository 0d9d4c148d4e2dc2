import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MasterWatch, type ServerAddress } from './master-watch.ts';

/** What a sentinel says: who is master since which configuration, or that it does not let us in or know the name. */
type Word = { port: number; epoch: number } | string;

/** Of three sentinels, which listen all the time. */
let words: [Word, Word, Word];
let servers: readonly Server[] = [];
const sockets = new Set<Socket>();
let watch: MasterWatch | undefined;
const patience = { timeout: 8_000, interval: 5 };

const bulk = (text: string): string => `$${text.length}\r\n${text}\r\n`;
const list = (...texts: string[]): string => `*${texts.length}\r\n${texts.map(bulk).join('')}`;

function answerOf(word: Word, command: string): string {
  if (!/^sentinel\r$/im.test(command)) return typeof word === 'string' ? `-${word}\r\n` : '+OK\r\n';
  if (typeof word === 'string') return `-${word}\r\n`;
  if (/get-master-addr-by-name/i.test(command)) return list('10.0.0.1', String(word.port));
  return list('name', 'line', 'config-epoch', String(word.epoch), 'quorum', '2', 'num-other-sentinels', '2');
}

beforeEach(async () => {
  words = [6001, 6001, 6001].map((port) => ({ port, epoch: 1 })) as unknown as typeof words;
  servers = words.map((_, index) =>
    createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
      socket.on('data', (bytes) => {
        const commands = bytes.toString('latin1').split(/^\*(?=\d)/m);
        for (const command of commands.slice(1)) socket.write(answerOf(words[index] as Word, command));
      });
    }),
  );
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  watch?.close();
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

/** Starts one, and notes the ports of the masters that it tells of. */
function opened(password?: string): { watch: MasterWatch; moves: number[] } {
  const at = servers.map((server): ServerAddress => {
    const address = server.address();
    return { host: '127.0.0.1', port: typeof address === 'object' && address !== null ? address.port : 0 };
  });
  const settings = { servers: at, master: 'line', ...(password === undefined ? {} : { password }) };
  watch = new MasterWatch(settings, { name: 'test', retryMs: () => 20, tlsOf: () => ({}) });
  const moves: number[] = [];
  watch.follow(({ port }) => moves.push(port));
  return { watch, moves };
}

/** Resolves when every sentinel was asked twice more: what they say now was heard. */
async function untilHeard(watch: MasterWatch): Promise<void> {
  for (let turn = 0; turn < 7; turn += 1) await watch.nextNews();
}

describe('who is master', () => {
  it('is told once, however many say it', async () => {
    const { watch, moves } = opened();
    await vi.waitFor(() => expect(watch.facts().answering).toBe(3), patience);
    expect([moves, watch.master()?.port, watch.trouble()]).toEqual([[6001], 6001, undefined]);
    expect(watch.facts()).toEqual({ named: 3, answering: 3, quorum: 2, known: 3 });
  });

  it('goes by the newest configuration: who has not heard of a failover leads nobody back', async () => {
    const { watch, moves } = opened();
    await vi.waitFor(() => expect(moves).toEqual([6001]), patience);
    words[2] = { port: 6002, epoch: 2 };
    await vi.waitFor(() => expect(moves).toEqual([6001, 6002]), patience);
    words[2] = 'ERR gone';
    await untilHeard(watch);
    expect(moves).toEqual([6001, 6002]);
    words[0] = { port: 6003, epoch: 3 };
    await vi.waitFor(() => expect(moves).toEqual([6001, 6002, 6003]), patience);
  });

  it('stays the same where two sentinels give it two names', async () => {
    words[1] = { port: 7001, epoch: 1 };
    const { watch, moves } = opened();
    await vi.waitFor(() => expect(watch.facts().answering).toBe(3), patience);
    await untilHeard(watch);
    expect(moves.length).toBe(1);
  });

  it('goes by the other name once nobody says the first any more', { timeout: 15_000 }, async () => {
    words = [{ port: 6001, epoch: 1 }, 'ERR gone', 'ERR gone'];
    const { watch, moves } = opened();
    await vi.waitFor(() => expect(moves).toEqual([6001]), patience);
    words[1] = { port: 7001, epoch: 1 };
    await untilHeard(watch);
    expect(moves).toEqual([6001]);
    words[0] = 'ERR gone';
    await vi.waitFor(() => expect(watch.master()?.port).toBe(7001), patience);
    expect(moves).toEqual([6001, 7001]);
  });

  it('is unknown a moment after the last sentinel fell silent, with the reason', async () => {
    const { watch } = opened();
    await vi.waitFor(() => expect(watch.master()?.port).toBe(6001), patience);
    expect(watch.trouble()).toBeUndefined();
    words = ['ERR gone', 'ERR gone', 'ERR gone'];
    await vi.waitFor(() => expect(watch.trouble()).toMatch(/^no Redis Sentinel answers at 127/), patience);
    expect(watch.master()).toBeUndefined();
    words[1] = 'ERR No such master with that name';
    await vi.waitFor(() => expect(watch.trouble()).toContain('knows the master line'), patience);
  });

  it('is not told to a user whom they refuse', async () => {
    words = ['WRONGPASS no', 'WRONGPASS no', 'WRONGPASS no'];
    const { watch } = opened('pa55word');
    await vi.waitFor(
      () =>
        expect(watch.trouble()).toBe(
          'Redis Sentinel refuses the user default (WRONGPASS, REDIS_SENTINEL_PASSWORD)',
        ),
      patience,
    );
  });
});
