/** What a Redis says of itself. */
import type { Redis } from 'ioredis';

/** Which run of the server it is. */
export async function runIdOf(redis: Redis): Promise<string | undefined> {
  return /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1];
}

/** Scripts that were run so far: every transition of a visitor is one. */
export async function scriptCalls(redis: Redis): Promise<number> {
  return Number(/^cmdstat_evalsha:calls=(\d+)/m.exec(await redis.info('commandstats'))?.[1] ?? 0);
}

/** Users with what they were refused (ACL LOG). */
export async function refusedTo(redis: Redis): Promise<string[]> {
  const log = (await redis.call('ACL', 'LOG')) as string[][];
  return log.map((entry) => `${entry[9]} ${entry[3]} ${entry[7]}`);
}
