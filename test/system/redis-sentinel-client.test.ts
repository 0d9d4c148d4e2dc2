/** The connection to a master under sentinels, real servers. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  connect,
  type RedisAddress,
  type RedisClient,
  refusalOf,
  whenReady,
} from '../../src/redis/client.ts';
import { runIdAt } from '../../src/redis/nodes.ts';
import { namedMasterOf, sentinelFactsOf } from '../../src/redis/sentinel.ts';
import { eventually } from '../helpers/eventually.ts';
import type { TestRedis } from '../helpers/redis.ts';
import { startSentinels, type TestSentinels } from '../helpers/redis-sentinel.ts';

const patience = { withinMs: 20_000, everyMs: 20 };
let fleet: TestSentinels;
const clients: RedisClient[] = [];
beforeAll(async () => {
  fleet = await startSentinels();
}, 60_000);
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});
afterAll(() => fleet?.stop());

function open(address: RedisAddress = fleet.address): RedisClient {
  const client = connect(address, { name: 'test' });
  clients.push(client);
  return client;
}

/** Run id of a server. */
const runIdOf = async (server: TestRedis): Promise<string | undefined> =>
  /^run_id:(\w+)/m.exec(await server.client().info('server'))?.[1];

describe('a connection behind sentinels', () => {
  it('leads to the master, and knows whom it leads to', async () => {
    const client = open();
    expect(await whenReady(client, 10_000)).toBe(true);
    const master = await fleet.master();
    expect(runIdAt(client, 0)).toBe(await runIdOf(master));
    expect(namedMasterOf(client)).toMatchObject({ host: '127.0.0.1', port: master.port });
    await eventually(() => sentinelFactsOf(client)?.answering === 3, patience);
    expect(sentinelFactsOf(client)).toEqual({ named: 3, answering: 3, quorum: 2, known: 3 });
  });

  it('follows a failover at once, without the one before having broken it', async () => {
    const client = open();
    await whenReady(client, 10_000);
    await client.set('x', '1');
    const startedMs = performance.now();
    const next = await fleet.failOver();
    console.log('failover', performance.now() - startedMs);
    await eventually(async () => runIdAt(client, 0) === (await runIdOf(next)), patience);
    console.log('follow', performance.now() - startedMs);
    await client.set('x', '2');
    expect(await next.client().get('x')).toBe('2');
  });
});
