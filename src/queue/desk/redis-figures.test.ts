import { expect, it } from 'vitest';
import type { RedisClient } from '../../redis/client.ts';
import { RedisFigureReader } from './redis-figures.ts';

/** Answers INFO as the Redis of that run. */
function fakeRedis(runId = 'first', port = 6379) {
  const pipeline = {
    info: () => pipeline,
    slowlog: () => pipeline,
    exec: async () => [
      [null, `run_id:${runId}\r\nused_memory:1000\r\n`],
      [null, ''],
      [null, ''],
      [null, []],
    ],
  };
  const redis = { pipeline: () => pipeline, options: { host: 'h', port } } as unknown as RedisClient;
  const takeOver = (by: string): void => {
    runId = by;
  };
  return { redis, takeOver };
}

it('every change of the Redis that answers is counted, and the last one dated', async () => {
  const { redis, takeOver } = fakeRedis();
  let nowMs = 1_000;
  const reader = new RedisFigureReader(redis, () => nowMs);
  const seen = async () => {
    const { failovers, health } = await reader.read();
    return [failovers, health.failoverAtMs];
  };
  expect([await seen(), await seen()]).toEqual([
    [0, null],
    [0, null],
  ]);
  nowMs = 2_000;
  takeOver('second');
  expect([await seen(), await seen()]).toEqual([
    [1, 2_000],
    [1, 2_000],
  ]);
  nowMs = 3_000;
  takeOver('third');
  expect(await seen()).toEqual([2, 3_000]);
});

it('a master under another name took one over, unless there are more than ever', async () => {
  const [a, b, c, d] = [1, 2, 3, 4].map((port) => fakeRedis(`run ${port}`, port));
  let masters = [a, b];
  const nodes = () => masters.map((master) => master?.redis);
  const reader = new RedisFigureReader({ isCluster: true, nodes } as unknown as RedisClient, () => 1_000);
  const seen = async () => (await reader.read()).failovers;
  expect(await seen()).toBe(0);
  masters = [a, b, c];
  expect(await seen()).toBe(0);
  masters = [a, b];
  expect(await seen()).toBe(0);
  masters = [a, b, d];
  expect([await seen(), await seen()]).toEqual([1, 1]);
  masters = [a, b];
  expect(await seen()).toBe(1);
  // The same one, started anew.
  d?.takeOver('run 5');
  masters = [a, b, d];
  expect([await seen(), await seen()]).toEqual([2, 2]);
});

it('a master that does not answer hides no other', async () => {
  const well = fakeRedis('well', 1);
  const silent = {
    options: { host: 'h', port: 2 },
    pipeline: () => {
      throw new Error('gone');
    },
  };
  const redis = { isCluster: true, nodes: () => [well.redis, silent] } as unknown as RedisClient;
  const { figures } = await new RedisFigureReader(redis, () => 1_000).read();
  expect(figures).toMatchObject({ usedMemoryBytes: 1_000, masters: 2 });
});
