/** What a case runs on: a Redis of its own (append-only file on), a gateway process and the load process. */
import { randomBytes } from 'node:crypto';
import { type EventPlan, makeEvent } from '../../../src/queue/events.ts';
import { keysOf, scripts } from '../../../src/queue/scripts.ts';
import { Store } from '../../../src/queue/store.ts';
import { connect, type RedisClient, whenReady } from '../../../src/redis/client.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';
import { Child } from './child.ts';
import { type GatewayProcess, jwtSecret, passKey, startGateway, waitingKey } from './gateway-process.ts';
import type { AttackName, GrpcJob, Identity, LoadJob, LoadResult } from './load-jobs.ts';
import { cpuMs } from './proc-usage.ts';

/** Connections while throughput is measured: enough for the gateway never to wait. */
export const manyConnections = 256;

/** gRPC has many calls under way on each. */
const grpcConnections = 16;

const daySec = 86_400;

/** CPU of each side in µs for one request, and the pace. */
export interface Cost {
  readonly gatewayUs: number;
  readonly redisUs: number;
  readonly loadUs: number;
  readonly perSec: number;
  readonly result: LoadResult;
}

export class Redis {
  readonly server: TestRedis;
  readonly client: RedisClient;
  private readonly store: Store;

  private constructor(server: TestRedis) {
    this.server = server;
    this.client = connect({ host: '127.0.0.1', port: server.port }, { name: 'bench', scripts });
    this.store = new Store(this.client);
  }

  static async start(): Promise<Redis> {
    const redis = new Redis(await startRedis({ aof: true }));
    await whenReady(redis.client, 5_000);
    return redis;
  }

  /** A new event in which nobody is stepped around for a day, so that every position can be foretold; `more` of it. */
  async makeEvent(more: Omit<EventPlan, 'kind'> = {}): Promise<string> {
    const id = `bench-${randomBytes(4).toString('hex')}`;
    const patience = { presenceSec: daySec, claimSec: daySec, expireNearSec: daySec, expireFarSec: daySec };
    await makeEvent(this.client, this.store, {
      id,
      kid: waitingKey.kid,
      plan: { kind: 'operator', ...patience, ...more },
      audit: '{}',
    });
    return id;
  }

  /** Asks joins of an event for so many bits of work from now on. */
  async challenge(event: string, bits: number): Promise<void> {
    const incarnation = (await this.client.hget(keysOf(event).meta, 'incarnation')) ?? '';
    const fields = { challenge: String(bits) };
    const change = { changeId: `challenge-${bits}`, fields, audit: '{}' };
    await this.store.setSettings({ id: event, keys: keysOf(event), incarnation }, change);
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    await this.server.stop();
  }
}

export class Rig {
  readonly redis: Redis;
  readonly load: Child<LoadJob, LoadResult>;
  private running: GatewayProcess;
  private readonly others: Rig[] = [];

  private constructor(redis: Redis, gateway: GatewayProcess, load: Child<LoadJob, LoadResult>) {
    this.redis = redis;
    this.running = gateway;
    this.load = load;
  }

  /** `more` = variables of the gateway besides those that each has here. */
  static async start(more: Readonly<Record<string, string>> = {}): Promise<Rig> {
    const redis = await Redis.start();
    return new Rig(redis, await startGateway(redis.server.port, more), new Child('load-process'));
  }

  /** The same with another gateway, set otherwise, on the same Redis; it stops with this one. */
  async beside(more: Readonly<Record<string, string>>): Promise<Rig> {
    const rig = new Rig(this.redis, await startGateway(this.redis.server.port, more), this.load);
    this.others.push(rig);
    return rig;
  }

  get gateway(): GatewayProcess {
    return this.running;
  }

  /** Ends the gateway and starts another one on the same Redis. */
  async restartGateway(): Promise<void> {
    await this.running.stop();
    this.running = await startGateway(this.redis.server.port);
  }

  /** Lets the gateway's code get hot: joins and polls in an event of their own. */
  async warmUp(count: number): Promise<void> {
    const event = await this.redis.makeEvent();
    await this.join(event, count);
    await this.poll(event, count);
  }

  join(
    event: string,
    count: number,
    options: { identity?: Identity; connections?: number; jwtKey?: string; people?: string } = {},
  ): Promise<Cost> {
    const { identity = 'anonymous', connections = manyConnections, jwtKey = jwtSecret, people } = options;
    return this.run({
      kind: 'join',
      port: this.gateway.port,
      event,
      count,
      connections,
      identity,
      jwtKey,
      ...(people === undefined ? {} : { people }),
    });
  }

  poll(event: string, count: number, connections = manyConnections): Promise<Cost> {
    return this.run({ kind: 'poll', port: this.gateway.port, event, count, connections });
  }

  /** The first `count` of a line enter. */
  enter(event: string, count: number, connections = manyConnections): Promise<Cost> {
    const { port } = this.gateway;
    return this.run({ kind: 'enter', port, event, count, connections, jwtKey: jwtSecret });
  }

  /** By people with passes, of whom `connections` ask at a time. */
  reserve(event: string, count: number, connections: number): Promise<Cost> {
    const keys = { jwtKey: jwtSecret, passSeed: passKey.seed };
    return this.run({ kind: 'reserve', port: this.gateway.port, event, count, connections, ...keys });
  }

  /** Over QueueService. */
  grpc(kind: GrpcJob['kind'], event: string, count: number): Promise<Cost> {
    return this.run({ kind, port: this.gateway.grpcPort, event, count, connections: grpcConnections });
  }

  /** Requests of one kind that is refused, on a few connections. */
  attack(attack: AttackName, event: string, count: number): Promise<Cost> {
    return this.run({ kind: 'attack', attack, port: this.gateway.port, event, count, connections: 64 });
  }

  async stop(): Promise<void> {
    await this.load.stop();
    await Promise.all([this, ...this.others].map(({ gateway }) => gateway.stop()));
    await this.redis.stop();
  }

  /** @throws Error when a single answer was wrong */
  private async run(job: LoadJob): Promise<Cost> {
    const pids = [this.gateway.pid, this.redis.server.pid];
    const before = pids.map(cpuMs);
    const result = await this.load.ask(job);
    const [gatewayMs = 0, redisMs = 0] = pids.map((pid, index) => cpuMs(pid) - (before[index] ?? 0));
    if (result.wrong > 0)
      throw new Error(`${result.wrong} wrong answers, such as:\n${result.examples.join('\n')}`);
    const each = (ms: number): number => (ms * 1000) / result.count;
    return {
      gatewayUs: each(gatewayMs),
      redisUs: each(redisMs),
      loadUs: each(result.cpuMs),
      perSec: result.count / (result.wallMs / 1000),
      result,
    };
  }
}
