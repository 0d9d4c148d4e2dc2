/** What Redis says of itself. */
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
  const monitor = await redis.monitor();
  const counts = new Map<string, number>();
  monitor.on('monitor', (_time: string, [name = '']: string[], source: string) => {
    if (source !== 'lua') counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
  });
  const startedMs = performance.now();
  await act();
  const sec = (performance.now() - startedMs) / 1000;
  monitor.disconnect();
  return new Map([...counts].map(([name, count]) => [name, count / sec]));
}

/** Bytes that it has sent to all clients since it started. */
export async function netOutputBytes(redis: RedisClient): Promise<number> {
  return Number(/^total_net_output_bytes:(\d+)/m.exec(await redis.info('stats'))?.[1]);
}
