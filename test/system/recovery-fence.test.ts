import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OtherRunError, Store } from '../../src/queue/store.ts';
import { runIdAt } from '../../src/redis/nodes.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Operator, openOperator } from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { joinAt } from '../lua/line.ts';

describe('the fence before a transition', () => {
  let server: TestRedis;
  let operator: Operator;
  beforeAll(async () => {
    server = await startRedis({ aof: true });
    operator = await openOperator(server.port);
  });
  afterAll(async () => {
    operator.close();
    await server.stop();
  });

  it('sends nothing to another run of Redis than the event was read from, and tells of it', async () => {
    const told: string[] = [];
    const store = new Store(operator.redis, (event) => told.push(event));
    const event = await operator.event();
    const run = (await operator.redis.hget(event.keys.meta, 'run')) ?? '';
    expect(run).toMatch(/^[0-9a-f]{40}$/);
    expect(runIdAt(operator.redis, 0)).toBe(run);
    const nowUs = Date.now() * 1000;
    expect(await joinAt(store, { ...event, run }, 1, nowUs)).toMatchObject({ firstSeq: 1 });
    await expect(joinAt(store, { ...event, run: 'another' }, 1, nowUs)).rejects.toThrow(OtherRunError);
    expect(told).toEqual([event.id]);
    expect(await operator.redis.hget(event.keys.meta, 'seq')).toBe('1');

    await server.kill();
    await eventually(() => runIdAt(operator.redis, 0) === undefined);
    await expect(joinAt(store, { ...event, run }, 1, nowUs)).rejects.toThrow();
    await server.restart();
    const next = await eventually(() => {
      const id = runIdAt(operator.redis, 0);
      return operator.redis.status === 'ready' && id !== run && id;
    });
    await expect(joinAt(store, { ...event, run }, 1, nowUs)).rejects.toThrow(OtherRunError);
    expect(await joinAt(store, { ...event, run: String(next) }, 1, nowUs)).toMatchObject({ firstSeq: 2 });
  });
});
