/** The connection to a master under sentinels, real servers. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../src/cli/commands/up/redis.ts';
import {
  connect,
  type RedisAddress,
  type RedisClient,
  refusalOf,
  whenReady,
} from '../../src/redis/client.ts';
import { runIdAt } from '../../src/redis/nodes.ts';
import { namedMasterOf, sentinelFactsOf } from '../../src/redis/sentinel.ts';
import { newCertificate } from '../helpers/certificates.ts';
import { eventually } from '../helpers/eventually.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { runIdOf } from '../helpers/redis-says.ts';
import { startSentinels, type TestSentinels } from '../helpers/redis-sentinel.ts';
import { addGuideUsers, userPasswords } from '../helpers/redis-users.ts';

const patience = { withinMs: 20_000, everyMs: 20 };
let fleet: TestSentinels;
const clients: RedisClient[] = [];
beforeAll(async () => {
  fleet = await startSentinels({ replicas: 1 });
}, 60_000);
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});
afterAll(() => fleet?.stop());

/** Opens one, with other words about the sentinels where wanted. */
function open(sentinel?: Partial<RedisAddress['sentinel']>): RedisClient {
  const { address } = fleet;
  const own = sentinel === undefined ? address.sentinel : { ...address.sentinel, ...sentinel };
  const client = connect({ ...address, sentinel: own }, { name: 'test' });
  clients.push(client);
  return client;
}

async function expectAtMaster(client: RedisClient): Promise<void> {
  const master = await fleet.master();
  await eventually(async () => expect(runIdAt(client, 0)).toBe(await runIdOf(master.client())), patience);
  await client.set('who', master.port);
  expect(await master.client().get('who')).toBe(String(master.port));
}

function signal(servers: readonly TestRedis[], name: NodeJS.Signals): void {
  for (const { pid } of servers) process.kill(pid, name);
}

describe('a connection behind sentinels', () => {
  it('leads to the master, and knows whom it leads to', async () => {
    const client = open();
    expect(await whenReady(client, 10_000)).toBe(true);
    await expectAtMaster(client);
    expect(namedMasterOf(fleet.address.sentinel)).toMatchObject({
      host: '127.0.0.1',
      port: (await fleet.master()).port,
    });
    await eventually(() => sentinelFactsOf(client)?.answering === 3, patience);
    expect(sentinelFactsOf(client)).toEqual({ named: 3, answering: 3, quorum: 2, known: 3 });
  });

  it('needs one sentinel that answers, whatever the others do', async () => {
    const frozen = fleet.sentinels.slice(0, 2);
    const dead = { host: '127.0.0.1', port: 1 };
    signal(frozen, 'SIGSTOP');
    try {
      const client = open({ servers: [dead, ...fleet.address.sentinel.servers] });
      expect(await whenReady(client, 10_000)).toBe(true);
      expect(sentinelFactsOf(client)).toMatchObject({ named: 4, answering: 1 });
    } finally {
      signal(frozen, 'SIGCONT');
    }
  });

  it('says in one sentence why there is no master, and goes on by itself', async () => {
    const stranger = open({ master: 'nobody' });
    await eventually(() => expect(refusalOf(stranger)).toContain('nobody (REDIS_SENTINEL_MASTER)'), patience);
    await expect(stranger.get('x')).rejects.toThrow();
    signal(fleet.sentinels, 'SIGSTOP');
    const client = open();
    try {
      const { port } = fleet.address;
      await eventually(
        () => expect(refusalOf(client)).toContain(`no Redis Sentinel answers at 127.0.0.1:${port}, `),
        patience,
      );
    } finally {
      signal(fleet.sentinels, 'SIGCONT');
    }
    expect(await whenReady(client, 20_000)).toBe(true);
    expect(refusalOf(client)).toBeUndefined();
    await expectAtMaster(client);
  });

  it('signs in at the sentinels, and says whom they refuse', async () => {
    await addGuideUsers(fleet.sentinels, 'watch-tacos');
    const client = open({ username: 'watch-tacos', password: userPasswords.sentinel });
    expect(await whenReady(client, 10_000)).toBe(true);
    for (const sentinel of fleet.sentinels) expect(await sentinel.client().call('ACL', 'LOG')).toEqual([]);
    const stranger = open({ username: 'watch-tacos', password: 'wrong' });
    await eventually(
      () =>
        expect(refusalOf(stranger)).toBe(
          'Redis Sentinel refuses the user watch-tacos (WRONGPASS, REDIS_SENTINEL_PASSWORD)',
        ),
      patience,
    );
  });

  it('follows a failover, and no write reaches the server that was left', async () => {
    const client = open();
    await whenReady(client, 10_000);
    await expectAtMaster(client);
    const left = await fleet.master();
    await fleet.failOver();
    await expectAtMaster(client);
    // It was not the server's doing: that one is told of its new role only seconds later.
    expect(await left.client().info('replication')).toContain('role:master');
    expect(String(await left.client().client('LIST'))).not.toContain('name=test');
  });

  it('leaves a server that says that it is a replica, and comes back to it once it is master', async () => {
    const client = open();
    await whenReady(client, 10_000);
    const master = await fleet.master();
    const other = fleet.servers.find((server) => server !== master);
    const broken: unknown[] = [];
    client.on('close', () => broken.push(client));
    // Its connections stay open, unlike where a sentinel does it.
    await master.client().call('REPLICAOF', '127.0.0.1', other?.port ?? 0);
    await expect(client.set('x', 'x')).rejects.toThrow(/^READONLY/);
    await eventually(() => broken.length > 0, patience);
    await eventually(
      () => expect(refusalOf(client)).toContain('is a replica, but Redis Sentinel calls it the master'),
      patience,
    );
    await expect(client.set('x', 'x')).rejects.toThrow();
    await master.client().call('REPLICAOF', 'NO', 'ONE');
    await expectAtMaster(client);
  });
});

describe('a connection behind sentinels that speak TLS', () => {
  it('speaks it to them and to the master, and takes no certificate that it cannot verify', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tacos-sentinel-tls-'));
    const { cert, key } = newCertificate(folder, 'redis', 24);
    const files = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert];
    const [masterPort, sentinelPort] = await Promise.all([freePort(), freePort()]);
    const tls = [...files, '--tls-auth-clients', 'no', '--tls-replication', 'yes'];
    const master = await startRedis({ args: ['--tls-port', String(masterPort), ...tls] });
    const config = [`sentinel monitor line 127.0.0.1 ${masterPort} 1`];
    const sentinel = await startRedis({
      args: ['--sentinel', '--tls-port', String(sentinelPort), ...tls],
      config,
    });
    try {
      const at = { host: '127.0.0.1', port: sentinelPort };
      const openWith = (ca: { ca?: string }): RedisClient => {
        const client = connect(
          { ...at, tls: ca, sentinel: { servers: [at], master: 'line', tls: ca } },
          { name: 'test' },
        );
        clients.push(client);
        return client;
      };
      const client = openWith({ ca: readFileSync(cert, 'utf8') });
      expect(await whenReady(client, 10_000)).toBe(true);
      await client.set('x', '1');
      expect(await master.client().get('x')).toBe('1');
      const wary = openWith({});
      await eventually(() => expect(refusalOf(wary)).toContain('no Redis Sentinel answers'), patience);
    } finally {
      await Promise.all([master.stop(), sentinel.stop()]);
      await rm(folder, { recursive: true, force: true });
    }
  });
});
