/** A Redis Cluster of real servers on 127.0.0.1, put together by commands. */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { slotOf } from '../../src/redis/nodes.ts';
import { eventually } from './eventually.ts';
import { startRedis, type TestRedis } from './redis.ts';

export interface ClusterOptions {
  /** Default 3. */
  readonly masters?: number;
  /** Of each master; default 1. */
  readonly replicas?: number;
  /** More arguments of every redis-server. */
  readonly args?: readonly string[];
}

export interface TestCluster {
  readonly masters: readonly TestRedis[];
  readonly replicas: readonly TestRedis[];
  /** Every server, as seeds. */
  readonly seeds: readonly { readonly host: string; readonly port: number }[];
  /** For the settings of gateways and admin API; the seeds are two of the servers. */
  readonly env: { readonly REDIS_ADDRESS: string; readonly REDIS_CLUSTER_MODE: 'true' };
  /** A plain connection to the master of a key, as it was given out at the start. */
  lookAt(key: string): Redis;
  /** Which master was given the slot of a key, 0 to masters - 1. */
  masterOf(key: string): number;
  /** An event id, made of the text, whose slot that master was given. */
  idOn(master: number, text: string): string;
  stop(): Promise<void>;
}

const slots = 16_384;
const patience = { withinMs: 30_000, everyMs: 50 };

/** Starts it, and waits until every server knows that all slots are served and its replicas follow. */
export async function startRedisCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const { masters: count = 3, replicas: perMaster = 1, args = [] } = options;
  const shared = ['--cluster-require-full-coverage', 'no', '--cluster-node-timeout', '2000'];
  const own = ['--cluster-enabled', 'yes', ...shared, ...args];
  const starting = Array.from({ length: count * (1 + perMaster) }, () => startRedis({ args: own }));
  const settled = await Promise.allSettled(starting);
  const servers = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  const looks = servers.map((server) => server.client());
  try {
    const failed = settled.find((each) => each.status === 'rejected');
    if (failed) throw failed.reason;
    await join(servers, looks, count);
  } catch (error) {
    await stop();
    throw error;
  }
  const masterOf = (key: string): number => Math.floor((slotOf(key) * count) / slots);
  return {
    masters: servers.slice(0, count),
    replicas: servers.slice(count),
    seeds: servers.map(({ port }) => ({ host: '127.0.0.1', port })),
    env: {
      REDIS_ADDRESS: servers
        .slice(0, 2)
        .map(({ port }) => `127.0.0.1:${port}`)
        .join(','),
      REDIS_CLUSTER_MODE: 'true',
    },
    lookAt: (key) => looks[masterOf(key)] as Redis,
    masterOf,
    idOn(master, text) {
      for (let tries = 0; ; tries += 1) {
        const id = `evt_${createHash('sha256').update(`${text} ${tries}`).digest('hex').slice(0, 10)}`;
        if (masterOf(id) === master) return id;
      }
    },
    stop,
  };
}

/** The first `count` servers get a share of the slots each, the others follow them in turn. */
async function join(servers: readonly TestRedis[], looks: readonly Redis[], count: number): Promise<void> {
  const first = looks[0] as Redis;
  const ids = (await Promise.all(looks.map((look) => look.cluster('MYID')))) as string[];
  for (const [index, look] of looks.slice(0, count).entries()) {
    // As masterOf counts: the lowest slot of a share is the first that is no longer the one's before.
    const from = Math.ceil((index * slots) / count);
    const to = Math.ceil(((index + 1) * slots) / count) - 1;
    await look.call('CLUSTER', 'ADDSLOTSRANGE', from, to);
    // Epochs of their own at once, else two masters may claim the same one for seconds.
    await look.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1);
  }
  for (const { port } of servers.slice(1)) await first.call('CLUSTER', 'MEET', '127.0.0.1', port);
  const knowAll = async (): Promise<boolean> => {
    const known = (await Promise.all(looks.map((look) => look.call('CLUSTER', 'NODES')))) as string[];
    return known.every((text) => ids.every((id) => text.includes(id)) && !text.includes('handshake'));
  };
  await eventually(knowAll, patience);
  for (const [index, look] of looks.slice(count).entries())
    await look.call('CLUSTER', 'REPLICATE', ids[index % count] as string);
  const isWhole = async (): Promise<boolean> => {
    const states = (await Promise.all(looks.map((look) => look.call('CLUSTER', 'INFO')))) as string[];
    const links = await Promise.all(looks.slice(count).map((look) => look.info('replication')));
    return (
      states.every((text) => text.includes('cluster_state:ok') && text.includes(`cluster_size:${count}`)) &&
      links.every((text) => text.includes('master_link_status:up'))
    );
  };
  await eventually(isWhole, patience);
}
