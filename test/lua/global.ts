/** What the tests of scripts of no single event stand on: a Redis of their own, empty before each test. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { globalScripts } from '../../src/queue/global-scripts.ts';
import { connect, type RedisClient, whenReady } from '../../src/redis/client.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

/** A Redis of its own for the tests of one `describe`, gone after them. */
export function useGlobal(names: readonly (keyof typeof globalScripts)[]): { readonly redis: RedisClient } {
  let server: TestRedis;
  let redis: RedisClient;
  beforeAll(async () => {
    server = await startRedis();
    const scripts = Object.fromEntries(names.map((name) => [name, globalScripts[name]]));
    redis = connect({ host: '127.0.0.1', port: server.port }, { name: 'test', scripts });
    await whenReady(redis, 5_000);
  });
  beforeEach(() => redis.flushall());
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  return {
    get redis() {
      return redis;
    },
  };
}
