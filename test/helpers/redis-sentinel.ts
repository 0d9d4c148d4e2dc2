/** A Redis master with replicas under sentinels, real servers on 127.0.0.1. */
import type { Redis } from 'ioredis';
import type { RedisAddress } from '../../src/redis/client.ts';
import type { SentinelSettings } from '../../src/redis/master-watch.ts';
import { eventually } from './eventually.ts';
import { type RedisOptions, startRedis, type TestRedis } from './redis.ts';

export interface SentinelOptions {
  /** Default 2. */
  readonly replicas?: number;
  /** Default 3; all but half of them must agree. */
  readonly sentinels?: number;
  /** Silence after which a sentinel takes the master for gone, ms. Default 1000. */
  readonly downAfterMs?: number;
  /** More arguments of every server that holds data. */
  readonly args?: readonly string[];
}

export interface TestSentinels {
  /** The master of the start first, then its replicas. */
  readonly servers: readonly TestRedis[];
  readonly sentinels: readonly TestRedis[];
  /** For a connection of one's own. */
  readonly address: RedisAddress & { readonly sentinel: SentinelSettings };
  /** For the settings of gateways and admin API. */
  readonly env: { readonly REDIS_SENTINELS: string; readonly REDIS_SENTINEL_MASTER: string };
  /** Which server a sentinel calls the master now. */
  master(): Promise<TestRedis>;
  /** Asks for a failover; resolves when another server is master for every sentinel. */
  failOver(): Promise<TestRedis>;
  /** Resolves when another server than this one is master for every sentinel. */
  untilOther(than: TestRedis): Promise<TestRedis>;
  stop(): Promise<void>;
}

/** The name of the master. */
const masterName = 'line';
const patience = { withinMs: 30_000, everyMs: 20 };

/** Starts it, and waits until every sentinel knows the replicas and the other sentinels. */
export async function startSentinels(options: SentinelOptions = {}): Promise<TestSentinels> {
  const { replicas = 2, sentinels: count = 3, downAfterMs = 1_000, args = [] } = options;
  const started: TestRedis[] = [];
  const start = async (own: RedisOptions): Promise<TestRedis> => {
    const server = await startRedis(own);
    started.push(server);
    return server;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.stop()));
  };
  try {
    const own = ['--repl-diskless-sync-delay', '0', ...args];
    const first = await start({ args: own });
    const following = { args: [...own, '--replicaof', `127.0.0.1 ${first.port}`] };
    const servers = [first, ...(await times(replicas, () => start(following)))];
    const config = [
      `sentinel monitor ${masterName} 127.0.0.1 ${first.port} ${Math.floor(count / 2) + 1}`,
      `sentinel down-after-milliseconds ${masterName} ${downAfterMs}`,
      `sentinel failover-timeout ${masterName} 2500`,
      `sentinel parallel-syncs ${masterName} ${replicas}`,
    ];
    const sentinels = await times(count, () => start({ args: ['--sentinel'], config }));
    await eventually(async () => {
      for (const sentinel of sentinels) {
        const about = await aboutMaster(sentinel);
        if (Number(about.get('num-slaves')) !== replicas) throw new Error('replicas are missing');
        if (Number(about.get('num-other-sentinels')) !== count - 1) throw new Error('sentinels are missing');
      }
      return (await look(first).info('replication')).match(/state=online/g)?.length === replicas;
    }, patience);
    return together(servers, sentinels, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

const times = <T>(count: number, start: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, start));

const looks = new WeakMap<TestRedis, Redis>();

/** One connection a server. */
function look(server: TestRedis): Redis {
  const known = looks.get(server) ?? server.client();
  looks.set(server, known);
  return known;
}

/** What a sentinel says of the master. */
async function aboutMaster(sentinel: TestRedis): Promise<Map<string, string>> {
  const reply = await look(sentinel).call('SENTINEL', 'MASTER', masterName);
  const fields = (Array.isArray(reply) ? reply : Object.entries(reply as object).flat()) as string[];
  return new Map(fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1] ?? '']] : [])));
}

function together(
  servers: readonly TestRedis[],
  sentinels: readonly TestRedis[],
  stop: () => Promise<void>,
): TestSentinels {
  const masterOf = async (sentinel: TestRedis): Promise<TestRedis> => {
    const [, port] = (await look(sentinel).call(
      'SENTINEL',
      'GET-MASTER-ADDR-BY-NAME',
      masterName,
    )) as string[];
    return servers.find((server) => server.port === Number(port)) as TestRedis;
  };
  const untilOther = (than: TestRedis): Promise<TestRedis> =>
    eventually(async () => {
      const named = await Promise.all(sentinels.map(masterOf));
      const [master] = named;
      if (master === undefined || master === than || named.some((each) => each !== master))
        throw new Error('no other master yet');
      return master;
    }, patience);
  const seeds = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  const master = (): Promise<TestRedis> => masterOf(sentinels[0] as TestRedis);
  return {
    servers,
    sentinels,
    address: { ...(seeds[0] ?? { host: '', port: 0 }), sentinel: { servers: seeds, master: masterName } },
    env: {
      REDIS_SENTINELS: sentinels.map(({ port }) => `127.0.0.1:${port}`).join(','),
      REDIS_SENTINEL_MASTER: masterName,
    },
    master,
    untilOther,
    async failOver() {
      const before = await master();
      // Refused while the one before is still being wound up.
      await eventually(
        () => look(sentinels[0] as TestRedis).call('SENTINEL', 'FAILOVER', masterName),
        patience,
      );
      return untilOther(before);
    },
    stop,
  };
}
