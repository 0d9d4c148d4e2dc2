/** A Redis and three gateways, all real processes, each gateway behind a proxy of its own; what breaks them stands in losses.ts and random.ts. */
import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { makeEvent } from '../../src/queue/events.ts';
import { type JournalEntry, parseEntry } from '../../src/queue/journal.ts';
import { Keyring } from '../../src/queue/keyring.ts';
import { keysOf, scripts } from '../../src/queue/scripts.ts';
import { parseSettings } from '../../src/queue/settings.ts';
import { type EventRef, Store } from '../../src/queue/store.ts';
import { readWaitingToken } from '../../src/queue/waiting-token.ts';
import { connect, type RedisClient, whenReady } from '../../src/redis/client.ts';
import { eventually } from '../helpers/eventually.ts';
import { type GrpcServices, startGrpcServices } from '../helpers/grpc-services.ts';
import { type Program, startProgram } from '../helpers/processes.ts';
import { type RedisOptions, startRedis, type TestRedis } from '../helpers/redis.ts';
import { openTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';
import type { FaultRecord, History, PlaceFacts } from './history.ts';

/** A gateway of the world; it keeps its name and its way to Redis when it is started again. */
export interface WorldGateway {
  readonly name: string;
  /** Another one after each start. */
  url: string;
  program: Program;
  /** Between it and Redis. */
  readonly proxy: TcpProxy;
  /** Visitors are led to it, as a load balancer would that looks every second. */
  inRotation: boolean;
}

export interface WorldOptions {
  readonly history: History;
  /** Default: with an append-only file. */
  readonly redis?: RedisOptions;
  readonly replica?: boolean;
  /** With reservation and payment services, which answer what a scenario sets. */
  readonly backends?: boolean;
  /** Folder of the build that the gateways run. Default: dist of this checkout. */
  readonly dist?: string;
  /** Of each gateway; default 1. */
  readonly workers?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** By a gateway's name (g1, g2, ...): variables of its own. */
  readonly gatewayEnv?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Default: 50 a second, at most 50 at once, nobody waits in a tier. */
  readonly refillPerSec?: number;
  readonly capacity?: number;
}

/** A Redis that keeps what it answered, and lets a replica follow at once. */
const lasting: RedisOptions = { aof: true, args: ['--repl-diskless-sync-delay', '0'] };

/** A load balancer notices a dead gateway after so long, ms. */
const noticedMs = 1_000;

export class World {
  readonly history: History;
  readonly gateways: WorldGateway[] = [];
  /** What a plan saw broken that no record tells, sentences. */
  readonly broken: string[] = [];
  /** Which Redis serves; another one after a failover. */
  redis!: TestRedis;
  /** Follows the one that serves, through `replicaLink`. */
  replica: TestRedis | undefined;
  replicaLink: TcpProxy | undefined;
  /** Where the world has `backends`; others after a restart. */
  services!: GrpcServices;
  /** Of the operator. */
  store!: Store;
  client!: RedisClient;
  eventId = '';
  private readonly options: WorldOptions;
  private readonly dist: string;
  /** What every gateway is started with; an admin API needs the keys of it. */
  env: Readonly<Record<string, string>> = {};
  private keyring!: Keyring;
  private operatorProxy!: TcpProxy;
  private settings = { refillPerSec: 0, capacity: 0, paused: false };
  private readonly closers: (() => unknown)[] = [];
  private replicaLook: Redis | undefined;
  private lagTimer: NodeJS.Timeout | undefined;

  private constructor(options: WorldOptions) {
    this.options = options;
    this.history = options.history;
    this.dist = options.dist ?? 'dist';
  }

  /** Starts all of it. @throws when a part does not start; what has started is stopped then */
  static async start(options: WorldOptions): Promise<World> {
    const world = new World(options);
    try {
      await world.startAll();
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  /** Ends everything that was started, however far that got. */
  async stop(): Promise<void> {
    clearInterval(this.lagTimer);
    await Promise.allSettled(this.gateways.map(({ program }) => program.stop(3_000)));
    for (const close of this.closers.reverse()) await Promise.allSettled([close()]);
  }

  private async startAll(): Promise<void> {
    const { redis = lasting, replica = false, backends = false } = this.options;
    this.redis = await this.addRedis(redis);
    if (replica) await this.addReplica();
    if (backends) await this.addServices();
    const secret = randomBytes(32).toString('base64url');
    this.keyring = new Keyring([{ kid: 'k1', secret: Buffer.from(secret) }]);
    this.env = {
      SERVER_ENVIRONMENT: 'test',
      LOG_LEVEL: 'warn',
      TRUSTED_PROXIES: '127.0.0.0/8',
      RATE_LIMIT_EXEMPT: '127.0.0.0/8',
      WAITING_TOKEN_KEYS: `k1:${secret}`,
      RESERVATION_TOKEN_KEYS: `k1:${randomBytes(32).toString('base64url')}`,
      EVENTS_AUTO_CREATE: 'false',
      ...(backends ? { BACKEND_RESERVATION_API_GRPC_ADDRESS: `127.0.0.1:${this.services.port}` } : {}),
      ...this.options.env,
    };
    this.operatorProxy = await this.addProxy();
    this.client = connect(
      { host: '127.0.0.1', port: this.operatorProxy.port },
      { name: 'fault-suite', scripts },
    );
    this.closers.push(() => this.client.disconnect());
    await whenReady(this.client, 5_000);
    this.store = new Store(this.client);
    await this.makeEvent();
    const starts = ['g1', 'g2', 'g3'].map((name) => this.addGateway(name));
    const failed = (await Promise.allSettled(starts)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    this.gateways.sort((a, b) => a.name.localeCompare(b.name));
    this.watchLag();
  }

  async addRedis(options: RedisOptions): Promise<TestRedis> {
    const server = await startRedis(options);
    this.closers.push(() => {
      continueProcess(server.pid);
      return server.stop();
    });
    return server;
  }

  /** Starts a replica of the Redis that serves, and waits until it follows. */
  async addReplica(): Promise<void> {
    const link = await openTcpProxy({ port: this.redis.port });
    this.closers.push(() => link.close());
    const replica = await this.addRedis(lasting);
    // By command: it would follow again after a restart where its arguments said so.
    await replica.client().replicaof('127.0.0.1', link.port);
    this.replica = replica;
    this.replicaLink = link;
    this.replicaLook = undefined;
    await eventually(() => this.isReplicaFollowing(), { withinMs: 20_000, everyMs: 50 });
  }

  /** Whether the replica follows Redis, or there is none. */
  async isReplicaFollowing(): Promise<boolean> {
    if (this.replica === undefined) return true;
    this.replicaLook ??= this.replica.client();
    return (await this.replicaLook.info('replication')).includes('master_link_status:up');
  }

  private async addServices(): Promise<void> {
    this.services = await startGrpcServices();
    this.closers.push(() => this.services.stop());
  }

  private async addProxy(): Promise<TcpProxy> {
    const proxy = await openTcpProxy({ port: this.redis.port });
    this.closers.push(() => proxy.close());
    return proxy;
  }

  /** Everything that reaches Redis does so at this one from now on; what was open is closed. */
  leadTo(redis: TestRedis): void {
    this.redis = redis;
    for (const proxy of [this.operatorProxy, ...this.gateways.map((gateway) => gateway.proxy)])
      proxy.leadTo(redis.port);
  }

  /** One more gateway, of another build perhaps; `inRotation` at once or when the caller says so. */
  async addGateway(name: string, { dist = this.dist, inRotation = true } = {}): Promise<WorldGateway> {
    const proxy = await this.addProxy();
    const started = await this.launch(name, proxy, dist);
    const gateway = { name, proxy, ...started, inRotation };
    this.gateways.push(gateway);
    return gateway;
  }

  private async launch(
    name: string,
    proxy: TcpProxy,
    dist = this.dist,
  ): Promise<{ program: Program; url: string }> {
    const argv = [`${dist}/gateway/main.js`, '--port', '0', '--workers', `${this.options.workers ?? 1}`];
    const own = { ...this.env, ...this.options.gatewayEnv?.[name] };
    const env = { ...own, SERVER_GRPC_PORT: '0', REDIS_ADDRESS: `127.0.0.1:${proxy.port}` };
    const program = await startProgram({ argv, env, ready: /^listening (http:\S+)$/m });
    return { program, url: program.ready[1] ?? '' };
  }

  /** Ends a gateway by SIGKILL. Visitors learn it as they call, and are led elsewhere a moment later. */
  async killGateway(gateway: WorldGateway): Promise<void> {
    const { program } = gateway;
    setTimeout(() => {
      // It may have been started again meanwhile.
      if (gateway.program === program) gateway.inRotation = false;
    }, noticedMs);
    program.child.kill('SIGKILL');
    await program.ended;
  }

  /** Starts a gateway that has ended, in rotation once it serves. */
  async restartGateway(gateway: WorldGateway): Promise<void> {
    Object.assign(gateway, await this.launch(gateway.name, gateway.proxy), { inRotation: false });
    await putInRotation(gateway);
  }

  private async makeEvent(): Promise<void> {
    const { refillPerSec = 50, capacity = 50 } = this.options;
    this.eventId = `evt_${randomBytes(5).toString('hex')}`;
    const plan = { kind: 'operator', tiers: '1-=0', refillPerSec, capacity } as const;
    await makeEvent(this.client, this.store, { id: this.eventId, kid: 'k1', plan, audit: '{}' });
    this.settings = { refillPerSec, capacity, paused: false };
    this.history.add({ kind: 'settings', sentMs: 0, answeredMs: 0, ...this.settings });
  }

  /** The event as Redis has it now. @throws where it has none */
  async event(): Promise<EventRef> {
    const keys = keysOf(this.eventId);
    const incarnation = await this.client.hget(keys.meta, 'incarnation');
    if (incarnation === null) throw new Error(`${this.eventId} is not in Redis`);
    return { id: this.eventId, keys, incarnation };
  }

  /** Changes rate, size or pause as an operator does; tried again until Redis took it, 30 s at most. */
  async change(to: Partial<{ refillPerSec: number; capacity: number; paused: boolean }>): Promise<void> {
    const sentMs = performance.now();
    const changed = { ...this.settings, ...to };
    const changeId = randomBytes(8).toString('hex');
    const timed = {
      refill: { to: Math.round(changed.refillPerSec * 1e6), rampMs: 0, forMs: 0 },
      capacity: { to: changed.capacity * 1e6 },
    };
    const act = async (): Promise<void> => {
      const event = await this.event();
      if (to.refillPerSec !== undefined || to.capacity !== undefined)
        await this.store.setSettings(event, { changeId, audit: '{}', timed });
      if (to.paused !== undefined) {
        const action = to.paused ? 'pause' : 'resume';
        await this.store.setPhase(event, { action, changeId: `${changeId}p`, audit: '{}' });
      }
    };
    await eventually(act, { withinMs: 30_000, everyMs: 100 });
    this.settings = changed;
    this.history.add({ kind: 'settings', sentMs, answeredMs: performance.now(), ...changed });
  }

  /** Writes down a fault while `act` is under way. */
  async during<T>(
    name: string,
    facts: Pick<FaultRecord, 'without' | 'down'>,
    act: () => Promise<T>,
  ): Promise<T> {
    const fromMs = performance.now();
    try {
      return await act();
    } finally {
      this.history.add({ kind: 'fault', name, fromMs, toMs: performance.now(), ...facts });
    }
  }

  get names(): string[] {
    return this.gateways.map(({ name }) => name);
  }

  /** Whether the event was recovered on the very run of Redis that serves now, and people are let in again. */
  async isRecovered(): Promise<boolean> {
    const { run, recoverUntilMs } = parseSettings(await this.client.hgetall(keysOf(this.eventId).meta));
    const runs = /^run_id:(\w+)/m.exec(await this.client.info('server'))?.[1];
    return run === runs && recoverUntilMs === 0;
  }

  /** Whether every gateway says that it reads Redis and is up to date. */
  async areFollowing(): Promise<boolean> {
    const answers = this.gateways.map(async ({ url }) => {
      const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
      const { dependencies } = (await answer.json()) as { dependencies: Record<string, { ok: boolean }> };
      return answer.ok && dependencies.redis?.ok === true && dependencies.replicas?.ok === true;
    });
    return (await Promise.all(answers)).every((isWell) => isWell);
  }

  placeOf(token: string): PlaceFacts | undefined {
    const read = readWaitingToken(this.keyring, token);
    return read === undefined ? undefined : { seq: read.seq, epoch: read.epoch, life: read.life };
  }

  /** Writes down the grants that stand in the journal. */
  async noteGrants(): Promise<void> {
    for (const entry of await eventually(() => this.journal(), { withinMs: 30_000, everyMs: 200 })) {
      if (entry.kind === 'entered')
        this.history.add({ kind: 'grant', seq: entry.seq, atUs: entry.refilledAtUs });
    }
  }

  /** The event's journal, oldest first. */
  async journal(): Promise<JournalEntry[]> {
    const { keys } = await this.event();
    const entries = await this.client.xrange(keys.journal, '-', '+');
    return entries.map(([, fields]) => parseEntry(fields[1] ?? ''));
  }

  /** What the gateways wrote to stderr: for whoever looks into a finding. */
  get logs(): string {
    return this.gateways
      .map(({ name, program }) => `== ${name}\n${program.output().stdout}${program.output().stderr}`)
      .join('\n');
  }

  private watchLag(): void {
    const everyMs = 50;
    let lastMs = performance.now();
    this.lagTimer = setInterval(() => {
      const nowMs = performance.now();
      if (nowMs - lastMs > everyMs + 100)
        this.history.add({ kind: 'lag', fromMs: lastMs + everyMs, toMs: nowMs });
      lastMs = nowMs;
    }, everyMs);
  }
}

/** Leads visitors to a gateway, once it says that it is ready. */
export async function putInRotation(gateway: WorldGateway): Promise<void> {
  const isReady = async (): Promise<boolean> => (await fetch(`${gateway.url}/readyz`)).ok;
  await eventually(isReady, { withinMs: 30_000, everyMs: 50 });
  gateway.inRotation = true;
}

/** Continues a process that may be stopped; harmless where it has ended. */
export function continueProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGCONT');
  } catch {
    // It has ended: there is nothing to continue.
  }
}
