/** What Redis says of itself. */
import type { RedisClient } from '../../../src/redis/client.ts';

/** Calls by command so far, those made inside scripts included; INFO and CONFIG, the bench's own, left out. */
export async function commandCalls(redis: RedisClient): Promise<Map<string, number>> {
  const text = await redis.info('commandstats');
  const calls = new Map<string, number>();
  for (const [, name = '', count] of text.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) {
    if (!/^(info|config)/.test(name)) calls.set(name, Number(count));
  }
  return calls;
}

/** What was called between two looks. */
export function callsBetween(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Map<string, number> {
  return new Map([...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)]));
}

/** Bytes of all data, the journal included. */
export async function usedMemory(redis: RedisClient): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
}
