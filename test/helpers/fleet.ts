import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { Agent, request } from 'undici';
import { type EventPlan, makeEvent } from '../../src/queue/events.ts';
import { type JournalEntry, parseEntry } from '../../src/queue/journal.ts';
import { keysOf, scripts } from '../../src/queue/scripts.ts';
import { type EventRef, Store } from '../../src/queue/store.ts';
import { connect, type RedisClient, whenReady } from '../../src/redis/client.ts';
import { type Program, startProgram } from './processes.ts';
import { type RedisOptions, startRedis, type TestRedis } from './redis.ts';
import type { TestCluster } from './redis-cluster.ts';
import type { TestSentinels } from './redis-sentinel.ts';

/** A gateway process as visitors see it. */
export interface Gateway extends Program {
  readonly url: string;
  /** Host and port of its QueueService. */
  readonly grpc: string;
}

/** A Redis and several gateway processes on it, all real. */
export interface Fleet {
  readonly redis: TestRedis;
  readonly gateways: readonly Gateway[];
  readonly urls: readonly string[];
  readonly grpcs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly store: Store;
  readonly client: RedisClient;
  /** A plain connection for looking. */
  readonly look: Redis;
  /** Starts one more gateway, listening on `port` (default: a free one), of the build in `dist` (default: this checkout's). */
  addGateway(port?: number, env?: Readonly<Record<string, string>>, dist?: string): Promise<Gateway>;
  /** Makes an event of a name of its own. */
  event(plan?: Partial<EventPlan>): Promise<EventRef>;
  /** Its journal, oldest first. */
  journal(event: EventRef): Promise<JournalEntry[]>;
  stop(): Promise<void>;
}

export interface FleetOptions {
  readonly gateways?: number;
  readonly workers?: number;
  readonly redis?: RedisOptions;
  /** Stand on this instead; `redis` and `look` are then its first master. The caller stops it. */
  readonly cluster?: TestCluster;
  /** The same with a master under sentinels; `redis` and `look` are then the master of the start. */
  readonly sentinels?: TestSentinels;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the fleet; visitors on 127.0.0.1 may name their own address, as the simulator's do. */
export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const { cluster, sentinels } = options;
  const given = cluster?.masters[0] ?? sentinels?.servers[0];
  const redis = given ?? (await startRedis(options.redis));
  const env = {
    ...(cluster?.env ?? sentinels?.env ?? { REDIS_ADDRESS: `127.0.0.1:${redis.port}` }),
    SERVER_ENVIRONMENT: 'test',
    LOG_LEVEL: 'warn',
    TRUSTED_PROXIES: '127.0.0.0/8',
    SERVER_GRPC_PORT: '0',
    // Tests call from one address much more than a visitor does.
    RATE_LIMIT_EXEMPT: '127.0.0.0/8',
    // Nor is a machine that has other things to do what they look at.
    OVERLOAD_LAG_MS: '0',
    WAITING_TOKEN_KEYS: `k1:${randomBytes(32).toString('base64url')}`,
    RESERVATION_TOKEN_KEYS: `k1:${randomBytes(32).toString('base64url')}`,
    ...options.env,
  };
  const gateways: Gateway[] = [];
  const addGateway: Fleet['addGateway'] = async (port = 0, own = {}, dist = 'dist') => {
    const argv = [
      `${dist}/gateway/main.js`,
      '--port',
      String(port),
      '--workers',
      String(options.workers ?? 1),
    ];
    const ready = /^listening (http:\S+)$/m;
    const program = await startProgram({ argv, env: { ...env, ...own }, ready });
    const grpc = /^listening grpc:\/\/(\S+)$/m.exec(program.output().stdout)?.[1] ?? '';
    const gateway = Object.assign(program, { url: program.ready[1] ?? '', grpc });
    gateways.push(gateway);
    return gateway;
  };
  const seeds = cluster === undefined ? {} : { cluster: cluster.seeds };
  const address = sentinels?.address ?? { host: '127.0.0.1', port: redis.port, ...seeds };
  const client = connect(address, { name: 'test', scripts });
  await whenReady(client, 5_000);
  const store = new Store(client);
  const look = redis.client();
  await Promise.all(Array.from({ length: options.gateways ?? 2 }, () => addGateway()));
  return {
    redis,
    gateways,
    get urls() {
      return gateways.map(({ url }) => url);
    },
    get grpcs() {
      return gateways.map(({ grpc }) => grpc);
    },
    env,
    store,
    client,
    look,
    addGateway,
    async event(plan = {}) {
      const id = `evt_${randomBytes(5).toString('hex')}`;
      await makeEvent(client, store, { id, kid: 'k1', plan: { kind: 'operator', ...plan }, audit: '{}' });
      const keys = keysOf(id);
      return { id, keys, incarnation: (await client.hget(keys.meta, 'incarnation')) ?? '' };
    },
    async journal(event) {
      const entries = await look.xrange(event.keys.journal, '-', '+');
      return entries.map(([, fields]) => parseEntry(fields[1] ?? ''));
    },
    async stop() {
      await Promise.all(gateways.map((gateway) => gateway.stop()));
      client.disconnect();
      if (given === undefined) await redis.stop();
    },
  };
}

/** An answer of the visitor API. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Record<string, unknown>;
}

const agent = new Agent({ connections: 64, pipelining: 1 });

/** One call of the visitor API. */
export async function call(
  method: 'GET' | 'POST' | 'DELETE',
  url: string,
  options: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const answer = await request(url, {
    method,
    dispatcher: agent,
    headers: {
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const body = (await answer.body.json()) as Record<string, unknown>;
  return { status: answer.statusCode, headers: answer.headers, body };
}

/** Joins an event at a gateway. */
export const joinAt = (
  gateway: string,
  event: string,
  rest: { user_id?: string; headers?: Record<string, string> } = {},
) => {
  const { headers = {}, ...body } = rest;
  return call('POST', `${gateway}/api/v1/queue/join`, { body: { event_id: event, ...body }, headers });
};

/** Asks for a status. */
export const statusAt = (gateway: string, token: string) =>
  call('GET', `${gateway}/api/v1/queue/status?token=${encodeURIComponent(token)}`);

/** Enters as a load test's visitor of that name. */
export const enterAt = (gateway: string, token: string, user: string) =>
  call('POST', `${gateway}/api/v1/queue/enter`, {
    body: { waiting_token: token },
    headers: { authorization: 'Bearer load-test-bypass-token', 'x-load-test': 'true', 'x-user-id': user },
  });

/** Resolves after so many ms. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
