/** The connection to a Redis Cluster, on three real masters. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  connect,
  type RedisAddress,
  type RedisClient,
  refusalOf,
  whenReady,
} from '../../src/redis/client.ts';
import { sendBound } from '../../src/redis/cluster.ts';
import { CommandCounts } from '../../src/redis/command-counts.ts';
import { askEach, mastersOf, runIdAt, slotOf, timeOf } from '../../src/redis/nodes.ts';
import { eventually } from '../helpers/eventually.ts';
import { startRedisCluster, type TestCluster } from '../helpers/redis-cluster.ts';
import { runIdOf } from '../helpers/redis-says.ts';

let cluster: TestCluster;
const clients: RedisClient[] = [];
beforeAll(async () => {
  cluster = await startRedisCluster({ replicas: 0 });
}, 60_000);
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});
afterAll(() => cluster?.stop());

function open(rest: Partial<RedisAddress> = {}): RedisClient {
  const [seed] = cluster.seeds;
  const client = connect(
    { host: '127.0.0.1', port: seed?.port ?? 0, cluster: seed ? [seed] : [], ...rest },
    { name: 'test' },
  );
  clients.push(client);
  return client;
}

/** A key on each master. */
const keysOfAll = (text: string): string[] => [0, 1, 2].map((master) => cluster.idOn(master, text));

describe('a connection to a cluster', () => {
  it('reaches all masters by one of them, and counts each command once', async () => {
    const client = open();
    expect(await whenReady(client, 10_000)).toBe(true);
    const counts = new CommandCounts();
    counts.watch(client);
    const keys = keysOfAll('count');
    for (const key of keys) await client.set(key, key);
    const replies = await askEach(client, [...keys, ...keys], {
      keyOf: (key) => key,
      ask: (pipeline, key) => pipeline.get(key).exists(key),
    });
    expect(replies).toEqual(
      [...keys, ...keys].map((key) => [
        [null, key],
        [null, 1],
      ]),
    );
    expect(counts.snapshot()).toEqual({ set: 3, get: 6, exists: 6 });
    expect(mastersOf(client).size).toBe(3);
    expect(Math.abs((await timeOf(client, keys[1] ?? '')) / 1000 - Date.now())).toBeLessThan(10_000);
  });

  it('fails at a master that does not answer, is not sent again, and goes on at the others', async () => {
    const client = open();
    await whenReady(client, 10_000);
    const [key = '', other = ''] = keysOfAll('once');
    await client.set(key, '0');
    await client.set(other, '0');
    const pid = cluster.masters[0]?.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    try {
      const startedMs = performance.now();
      await expect(client.incr(key)).rejects.toThrow(/timed out|closed/);
      expect(performance.now() - startedMs).toBeLessThan(6_000);
      expect(await client.incr(other)).toBe(1);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    // Whether it happened the caller cannot know; twice it never did.
    const value = await eventually(() => client.get(key), { withinMs: 20_000 });
    expect(Number(value)).toBeLessThanOrEqual(1);
  });

  it('does not follow a slot to another master with what is bound to the one that it was meant for', async () => {
    const client = open();
    await whenReady(client, 10_000);
    const [key = '', other = ''] = keysOfAll('bound');
    await client.set(other, 'x');
    await client.set(key, 'x');
    const slot = slotOf(key);
    const [from, to, third] = cluster.masters;
    const runs = await Promise.all([from, to].map((server) => server && runIdOf(server.client())));
    expect(runIdAt(client, slot)).toBe(runs[0]);
    await from?.client().del(key);
    const id = String(await to?.client().call('CLUSTER', 'MYID'));
    // All of them, or one that has not heard of it would send everybody back.
    for (const server of [to, from, third])
      await server?.client().call('CLUSTER', 'SETSLOT', slot, 'NODE', id);
    await expect(sendBound(client, () => client.set(key, 'bound'))).rejects.toThrow(/^MOVED/);
    expect(await to?.client().get(key)).toBeNull();
    await eventually(() => runIdAt(client, slot) === runs[1]);
    expect(await sendBound(client, () => client.set(key, 'bound'))).toBe('OK');
    await client.set(key, 'free');
    expect(await to?.client().get(key)).toBe('free');
  });

  it('signs in with a rotated password, and names a user that no master takes', async () => {
    const setUser = (...rules: string[]) =>
      Promise.all(cluster.masters.map((server) => server.client().call('ACL', 'SETUSER', 'tacos', ...rules)));
    await setUser('on', '>first', '~*', '&*', '+@all');
    let password = 'first';
    const client = open({ username: 'tacos', password, readPassword: async () => password });
    const [key = ''] = keysOfAll('rotated');
    await eventually(() => client.set(key, 'x'), { withinMs: 10_000 });
    password = 'second';
    await setUser('resetpass', '>second');
    for (const server of cluster.masters) await server.client().call('CLIENT', 'KILL', 'USER', 'tacos');
    await eventually(async () => expect(await client.get(key)).toBe('x'), { withinMs: 20_000 });
    const stranger = open({ username: 'nobody', password: 'none' });
    await eventually(() => expect(refusalOf(stranger)).toBe('Redis refuses the user nobody (WRONGPASS)'), {
      withinMs: 10_000,
    });
    await expect(stranger.get(key)).rejects.toThrow('Connection is closed.');
  });
});
