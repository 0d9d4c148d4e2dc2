import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Line } from '../../src/queue/line-types.ts';
import { parseSettings } from '../../src/queue/settings.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Operator, openLine, openOperator } from '../helpers/lines.ts';
import { LossLoad } from '../helpers/loss-load.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { openTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';
import { summaries } from '../lua/loss.ts';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const rate = { capacity: 20, refillPerSec: 20 };

describe('failover to a replica that lacks the last 2 s of writes', () => {
  let servers: TestRedis[];
  let proxies: TcpProxy[];
  let target: { port: number };
  let operator: Operator;
  let lines: Line[];

  /** Starts a replica of the server at `port`, which it reaches through a proxy: cut, nothing more comes. */
  async function addReplica(port: number): Promise<{ replica: TestRedis; link: TcpProxy }> {
    const link = await openTcpProxy({ port });
    const args = ['--replicaof', `127.0.0.1 ${link.port}`, '--repl-diskless-sync-delay', '0'];
    const replica = await startRedis({ args });
    proxies.push(link);
    servers.push(replica);
    const client = replica.client();
    await eventually(async () => (await client.info('replication')).includes('master_link_status:up'), {
      withinMs: 20_000,
    });
    return { replica, link };
  }

  /** Kills the one that serves and leads everybody to another one, which serves from now on. */
  async function failOver(from: TestRedis, to: TestRedis): Promise<void> {
    process.kill(to.pid, 'SIGCONT');
    await from.kill();
    await to.client().call('REPLICAOF', 'NO', 'ONE');
    target.port = to.port;
    proxies[0]?.mend();
  }

  beforeEach(async () => {
    const master = await startRedis();
    servers = [master];
    target = { port: master.port };
    const front = await openTcpProxy(target);
    proxies = [front];
    operator = await openOperator(front.port);
    lines = await Promise.all([1, 2, 3].map(() => openLine(front.port)));
  });
  afterEach(async () => {
    await Promise.all(lines.map((line) => line.close()));
    operator.close();
    for (const proxy of proxies) await proxy.close();
    await Promise.all(servers.map((server) => server.stop()));
  });

  it('gives no seq twice, loses nobody, lets nobody in twice and keeps the rate', async () => {
    const event = await operator.event(rate);
    const { replica, link } = await addReplica(target.port);
    const load = new LossLoad(lines, event);
    load.start(60);
    await pause(2_000);
    process.kill(replica.pid, 'SIGSTOP');
    link.cut();
    await pause(2_000);
    const told = { joins: load.visitors.length, grants: load.grants.length };
    await failOver(servers[0] as TestRedis, replica);
    await eventually(() => load.visitors.length > told.joins + 100 && load.grants.length > told.grants + 20, {
      withinMs: 20_000,
    });
    await load.stop();
    const [recovery] = parseSettings(await replica.client().hgetall(event.keys.meta)).recoveries;
    expect(recovery?.from).toBeLessThan(told.joins - 30);
    await load.expectNothingLost(rate);
    const trail = await summaries(replica.client(), event);
    expect(
      trail.some((text) => /^recovered: [1-9]\d* places given back, [1-9]\d* ends applied$/.test(text)),
    ).toBe(true);
  });

  it('holds where a second failover follows, to a replica that lacks the first recovery too', async () => {
    const event = await operator.event(rate);
    const first = await addReplica(target.port);
    const second = await addReplica(target.port);
    const load = new LossLoad(lines, event);
    load.start(60);
    await pause(1_500);
    for (const { replica, link } of [first, second]) {
      process.kill(replica.pid, 'SIGSTOP');
      link.cut();
    }
    await pause(1_500);
    await failOver(servers[0] as TestRedis, first.replica);
    const before = load.visitors.length;
    await eventually(() => load.visitors.length > before + 60, { withinMs: 20_000 });
    await failOver(first.replica, second.replica);
    const told = load.visitors.length;
    await eventually(() => load.visitors.length > told + 100, { withinMs: 20_000 });
    await load.expectNothingLost(rate);
  });
});
