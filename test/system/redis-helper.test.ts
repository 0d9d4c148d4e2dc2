import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

describe('startRedis', () => {
  const running: TestRedis[] = [];

  async function start(options: Parameters<typeof startRedis>[0] = {}): Promise<TestRedis> {
    const redis = await startRedis(options);
    running.push(redis);
    return redis;
  }

  afterEach(async () => {
    await Promise.all(running.splice(0).map((redis) => redis.stop()));
  });

  it('keeps what it answered through a kill and a restart when it has an append-only file', async () => {
    const redis = await start({ aof: true });
    const { pid } = redis;
    await redis.client().set('place', '42');
    await redis.kill();
    await redis.restart();
    expect(redis.pid).not.toBe(pid);
    expect(await redis.client().get('place')).toBe('42');
  });

  it('forgets everything through a restart without one', async () => {
    const redis = await start();
    await redis.client().set('place', '42');
    await redis.restart();
    expect(await redis.client().get('place')).toBeNull();
  });

  it('gives each server a port and a folder of its own, and removes the folder on stop', async () => {
    const [one, other] = await Promise.all([start(), start()]);
    expect(one.port).not.toBe(other.port);
    expect(one.dir).not.toBe(other.dir);
    await one.stop();
    await one.stop();
    expect(existsSync(one.dir)).toBe(false);
    expect(await other.client().ping()).toBe('PONG');
  });

  it('says that a port is taken instead of sharing it', async () => {
    const { port } = await start();
    await expect(startRedis({ port })).rejects.toThrow(`port ${port} is taken`);
  });

  it('tells why a server did not start', async () => {
    await expect(startRedis({ args: ['--no-such-setting', '1'] })).rejects.toThrow('no-such-setting');
  });
});
