import { expect, it } from 'vitest';
import type { RedisClient } from '../../redis/client.ts';
import { RedisFigureReader } from './redis-figures.ts';

/** Answers INFO as the Redis of that run. */
function fakeRedis() {
  let runId = 'first';
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
  const redis = { pipeline: () => pipeline } as unknown as RedisClient;
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
