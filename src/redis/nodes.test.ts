import { describe, expect, it } from 'vitest';
import type { RedisClient } from './client.ts';
import { askEach, isCluster, isReachable, mastersOf, serverOf, slotOf } from './nodes.ts';

/** Two masters that share the slots by half; each pipeline is noted with what it asked. */
function fakeCluster(dead = -1) {
  const masters = [6001, 6002].map((port) => ({ options: { host: 'h', port }, status: 'ready' }));
  const asked: string[][] = [];
  const newPipeline = () => {
    const keys: string[] = [];
    const pipeline = {
      get length() {
        return keys.length;
      },
      get(key: string) {
        keys.push(key);
        return pipeline;
      },
      async exec() {
        asked.push(keys);
        if (keys.some((key) => slotOf(key) >> 13 === dead)) throw new Error('no answer');
        return keys.map((key) => [null, `value of ${key}`]);
      },
    };
    return pipeline;
  };
  const slots = Array.from({ length: 16_384 }, (_, slot) => [slot < 8_192 ? 'h:6001' : 'h:6002']);
  const redis = { isCluster: true, status: 'ready', slots, nodes: () => masters, pipeline: newPipeline };
  return { redis: redis as unknown as RedisClient, asked, masters };
}

const how = {
  keyOf: (id: string) => `tacos:{${id}}:meta`,
  ask: (pipeline: { get(key: string): unknown }, id: string) => {
    pipeline.get(`tacos:{${id}}:meta`);
    pipeline.get(`tacos:{${id}}:due`);
  },
};
const ids = ['a', 'b', 'c', 'd', 'e'];
const masterOf = (id: string) => slotOf(id) >> 13;
const answerOf = (id: string) => ['meta', 'due'].map((name) => [null, `value of tacos:{${id}}:${name}`]);

describe('slotOf', () => {
  it('is the slot that the specification of Redis Cluster gives as its example', () => {
    expect(slotOf('123456789')).toBe(0x31c3);
    expect(slotOf('tacos:{evt_a}:meta')).toBe(slotOf('evt_a'));
  });
});

describe('askEach', () => {
  it('asks each master in one pipeline, and puts the replies back in order', async () => {
    const { redis, asked } = fakeCluster();
    expect(new Set(ids.map(masterOf)).size).toBe(2);
    expect(await askEach(redis, ids, how)).toEqual(ids.map(answerOf));
    expect(asked.length).toBe(2);
  });

  it('gives what the others answered where one master does not', async () => {
    const dead = masterOf('a');
    const replies = await askEach(fakeCluster(dead).redis, ids, how);
    for (const [index, id] of ids.entries()) {
      if (masterOf(id) === dead)
        expect(replies[index]?.map(([error]) => error?.message)).toEqual(['no answer', 'no answer']);
      else expect(replies[index]).toEqual(answerOf(id));
    }
  });

  it('asks nobody about nothing', async () => {
    const { redis, asked } = fakeCluster();
    expect([await askEach(redis, [], how), asked]).toEqual([[], []]);
  });
});

describe('the server of a slot', () => {
  it('is the connection to its master, and none once that is lost', () => {
    const { redis, masters } = fakeCluster();
    expect([serverOf(redis, 0), serverOf(redis, 16_383)]).toEqual(masters);
    expect([...mastersOf(redis).keys()]).toEqual(['h:6001', 'h:6002']);
    masters.pop();
    expect(serverOf(redis, 16_383)).toBeUndefined();
    expect([slotOf('a') >> 13, isReachable(redis, 'a')]).toEqual([1, false]);
  });

  it('is the one there is without a cluster', () => {
    const redis = { status: 'ready' } as unknown as RedisClient;
    expect([isCluster(redis), serverOf(redis, 1), isReachable(redis, 'a')]).toEqual([false, redis, true]);
  });
});
