import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { RedisClient } from '../redis/client.ts';
import { slotOf } from '../redis/nodes.ts';
import { JournalServers } from './journal-servers.ts';
import { RedisClock } from './redis-clock.ts';

/** One server that says who it is, and whose clock shows this. */
function fakeServer(port: number, epochSec: number) {
  const asked: string[] = [];
  return Object.assign(new EventEmitter(), {
    asked,
    options: { host: 'h', port },
    status: 'ready',
    async info() {
      asked.push('info');
      return `redis_version:7\r\nrun_id:abc${port}\r\n`;
    },
    async time() {
      asked.push('time');
      return [String(epochSec), '0'];
    },
  });
}

/** A cluster whose slots are shared by half. */
function fakeCluster() {
  const masters = [fakeServer(1, 1_000_000), fakeServer(2, 2_000_000)];
  let relearned = 0;
  const redis = {
    isCluster: true,
    status: 'ready',
    slots: Array.from({ length: 16_384 }, (_, slot) => [slot < 8_192 ? 'h:1' : 'h:2']),
    nodes: () => masters,
    refreshSlotsCache: () => {
      relearned += 1;
    },
  };
  return { redis: redis as unknown as RedisClient, masters, relearned: () => relearned };
}

const low = { slot: 0 };
const high = { slot: 16_383 };
/** Where what belongs to no event is. */
const home = slotOf('tacos:{tacos}:audit') < 8_192 ? low : high;
const away = home === low ? high : low;

describe('the servers of a cluster', () => {
  it('have what is to be read, each its own, and the one of the shared clock is always among them', () => {
    const servers = new JournalServers(fakeCluster().redis, new RedisClock());
    const groups = [...servers.grouped([low, high, low])].map(([server, events]) => [server, events]);
    expect(groups).toHaveLength(2);
    expect(new Map(groups as [object, object][]).get(servers.at(low.slot) as object)).toEqual([low, low]);
    expect([...servers.grouped([])].map(([server]) => server)).toEqual([servers.at(home.slot)]);
  });

  it('have a clock each; the shared one shows that of its own server', async () => {
    const shared = new RedisClock(() => performance.now());
    const servers = new JournalServers(fakeCluster().redis, shared);
    const clock = servers.clockOf(() => servers.at(away.slot));
    const turn = servers.grouped([low, high]);
    for (const [server] of turn) await server.prepare(performance.now());
    const secOf = (ms: number): number => Math.round(ms / 1000 / 1_000_000);
    const expected = home === low ? [1, 2] : [2, 1];
    expect([secOf(shared.nowMs()), secOf(clock.nowMs())]).toEqual(expected);
    expect(clock.known).toBe(true);
  });

  it('are asked who they are once for each connection, and what time it is once a second', async () => {
    const { redis, masters } = fakeCluster();
    const servers = new JournalServers(redis, new RedisClock());
    const server = servers.at(low.slot);
    const nowMs = performance.now();
    await server?.prepare(nowMs);
    await server?.prepare(nowMs + 500);
    expect([server?.runId, masters[0]?.asked]).toEqual(['abc1', ['info', 'time']]);
    await server?.prepare(nowMs + 1_500);
    expect(masters[0]?.asked).toEqual(['info', 'time', 'time']);
    masters[0] = fakeServer(1, 1_000_000);
    expect(servers.at(low.slot)).not.toBe(server);
    expect(servers.at(low.slot)?.runId).toBeUndefined();
  });

  it('are looked for again, at most once a second, while nobody answers for an event', () => {
    const { redis, masters, relearned } = fakeCluster();
    const servers = new JournalServers(redis, new RedisClock());
    masters.splice(away === high ? 1 : 0, 1);
    expect([...servers.grouped([away])].map(([, events]) => events)).toEqual([[]]);
    for (const _ of [1, 2, 3]) servers.grouped([away]);
    expect(relearned()).toBe(1);
  });
});

it('one server alone has all events, and its clock is the shared one', () => {
  const clock = new RedisClock();
  const servers = new JournalServers(fakeServer(1, 1) as unknown as RedisClient, clock);
  expect([...servers.grouped([low, high])].map(([, events]) => events)).toEqual([[low, high]]);
  expect(servers.clockOf(() => undefined)).toBe(clock);
  expect(servers.at(low.slot)).toBe(servers.at(high.slot));
});
