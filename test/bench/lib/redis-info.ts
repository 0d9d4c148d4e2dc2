/** What Redis says of itself. */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import type { RedisClient } from '../../../src/redis/client.ts';

/** The script calls among what `wireCommands` counts. */
export const scriptCall = 'evalsha';

/** Bytes of all data, the journal included. */
export async function usedMemory(redis: RedisClient): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
}

/**
 * Commands a second that come over connections while `act` runs, by name, as MONITOR shows them. INFO would count those
 * that scripts call inside as well. Watching costs Redis time: no figure of CPU is taken meanwhile.
 */
export async function wireCommands(
  redis: RedisClient,
  act: () => Promise<unknown>,
): Promise<Map<string, number>> {
  const { host = '127.0.0.1', port = 6379 } = redis.options;
  const counts = new Map<string, number>();
  // Not the client's own `monitor()`: on a busy server it takes the first lines for replies to commands it never sent.
  const socket = createConnection({ host, port });
  const lines = createInterface({ input: socket });
  const isOn = once(lines, 'line');
  socket.write('MONITOR\r\n');
  await isOn;
  lines.on('line', (line: string) => {
    const [, source = 'lua', name = ''] = /^\+[\d.]+ \[\d+ ([^\]]+)\] "([^"]*)"/.exec(line) ?? [];
    if (source !== 'lua') counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
  });
  const startedMs = performance.now();
  await act();
  const sec = (performance.now() - startedMs) / 1000;
  lines.close();
  socket.destroy();
  return new Map([...counts].map(([name, count]) => [name, count / sec]));
}

/** Bytes that it has sent to all clients since it started. */
export async function netOutputBytes(redis: RedisClient): Promise<number> {
  return Number(/^total_net_output_bytes:(\d+)/m.exec(await redis.info('stats'))?.[1]);
}
