import { expect, it } from 'vitest';
import type { RedisClient } from '../../redis/client.ts';
import { slotOf } from '../../redis/nodes.ts';
import { keysOf } from '../scripts.ts';
import { constant, formatTimedValue } from '../timed-value.ts';
import { listEvents, OpenEvents } from './events-list.ts';

const ids = ['evt_a', 'evt_b', 'evt_c'];
const refill = formatTimedValue(constant(1e6));
const meta = { life: 'l', incarnation: 'i', kind: 'operator', phase: 'open', refill, waiting: '0' };
const masterOf = (id: string): number => slotOf(keysOf(id).meta) >> 13;

/** Two masters that share the slots by half; one of them may not answer. */
function fakeCluster() {
  const is = { dead: -1 };
  const pipelineOf = () => {
    const keys: string[] = [];
    const replies: unknown[] = [];
    const add =
      (reply: unknown) =>
      (key: string): unknown => {
        keys.push(key);
        replies.push(reply);
        return pipeline;
      };
    const pipeline = {
      get length() {
        return keys.length;
      },
      hgetall: add(meta),
      zcard: add(0),
      hmget: add(['0', '0']),
      async exec() {
        if (keys.some((key) => slotOf(key) >> 13 === is.dead)) throw new Error('no answer');
        return replies.map((reply) => [null, reply]);
      },
    };
    return pipeline;
  };
  const slots = Array.from({ length: 16_384 }, (_, slot) => [slot < 8_192 ? 'h:1' : 'h:2']);
  const redis = { isCluster: true, slots, smembers: async () => [...ids], pipeline: pipelineOf };
  return { redis: redis as unknown as RedisClient, is };
}

it('a master that does not answer takes its own events out of the lists, however often they are asked for', async () => {
  const { redis, is } = fakeCluster();
  expect(new Set(ids.map(masterOf)).size).toBe(2);
  is.dead = masterOf('evt_a');
  const others = ids.filter((id) => masterOf(id) !== is.dead);
  const open = new OpenEvents(redis, new Map());
  // From the second time on its events are all that is still to be read.
  for (const _ of [1, 2, 3]) expect(await open.ids(0)).toEqual(others);
  expect((await listEvents(redis, new Map(), 0)).map(({ event }) => event)).toEqual(others);
  is.dead = -1;
  expect(await open.ids(0)).toEqual(ids);
});
