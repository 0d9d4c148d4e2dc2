import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chargeThrough, limitKey, limitScripts } from '../../src/gateway/rate-limit/shared-buckets.ts';
import { connect, type RedisClient, whenReady } from '../../src/redis/client.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

describe('charge_limit', () => {
  let server: TestRedis;
  let redis: RedisClient;
  beforeAll(async () => {
    server = await startRedis();
    redis = connect({ host: '127.0.0.1', port: server.port }, { name: 'test', scripts: limitScripts });
    await whenReady(redis, 5_000);
  });
  beforeEach(() => redis.flushall());
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  const startUs = 1_800_000_000_000_000;
  /** 10 a second, 20 at once, 40 owed at most. */
  async function charge(used: number, atSec: number, ageSec = 0): Promise<number> {
    const script = redis as unknown as { charge_limit(...values: (string | number)[]): Promise<string[]> };
    const nowUs = startUs + atSec * 1e6;
    const [word, tokens] = await script.charge_limit('l', used, ageSec * 1e6, 10e6, 20e6, 40e6, nowUs);
    expect(word).toBe('charged');
    return Number(tokens) / 1e6;
  }

  it('begins full, refills with time and never holds more than the burst', async () => {
    expect(await charge(5, 0)).toBe(15);
    expect(await charge(0, 0.25)).toBe(17.5);
    expect(await charge(1, 100)).toBe(19);
    expect(await charge(0, 0)).toBe(19);
  });

  it('goes into debt down to its floor, and pays it back before anything else', async () => {
    expect(await charge(50, 0)).toBe(-30);
    expect(await charge(500, 1)).toBe(-40);
    expect(await charge(0, 7)).toBe(20);
  });

  it('does not lose the refill that requests used before they were charged', async () => {
    // Ten a second for four seconds, over four processes that charge at the end.
    for (let one = 0; one < 4; one += 1) await charge(10, 4, 4);
    expect(await charge(0, 4)).toBe(20);
    // What was not used is gone by the next request.
    expect(await charge(1, 5, 0.5)).toBe(24);
    expect(await charge(1, 6)).toBe(19);
  });

  it('goes on refilling when the clock of Redis was set back', async () => {
    expect(await charge(20, 3_600)).toBe(0);
    expect(await charge(0, 0)).toBe(0);
    expect(await charge(0, 1)).toBe(10);
    expect(await charge(0, 2, 0.5)).toBe(20);
  });

  it('adds up racing charges of many connections', async () => {
    const limit = { scope: 'ip', perSec: 0.001, burst: 1_000 } as const;
    const shared = chargeThrough(redis);
    await Promise.all(Array.from({ length: 50 }, () => shared(limit, '192.0.2.1', { count: 10, ageMs: 0 })));
    expect(await shared(limit, '192.0.2.1', { count: 0, ageMs: 0 })).toBeCloseTo(500, 1);
  });

  it('is forgotten once it is full again, and tells nothing of the client', async () => {
    const limit = { scope: 'subject', perSec: 10, burst: 20 } as const;
    await chargeThrough(redis)(limit, 'ann', { count: 10, ageMs: 0 });
    const ttl = await redis.pttl(limitKey('subject', 'ann'));
    expect(ttl).toBeGreaterThan(500);
    expect(ttl).toBeLessThanOrEqual(1_000);
    expect((await redis.keys('*')).join()).not.toContain('ann');
  });
});
