/**
 * The servers that journals are read from: the one there is, or the masters of a cluster. Each has an identity (the run
 * id), which says whether what was read from it before still fits, and a clock, as an event's bucket is settled by the
 * TIME of its own server.
 */
import type { RedisClient } from '../redis/client.ts';
import { isCluster, relearn, serverOf, slotOf } from '../redis/nodes.ts';
import { globalKeys } from './global-scripts.ts';
import { RedisClock } from './redis-clock.ts';

/** Redis time at an event's server. */
export type Clock = Pick<RedisClock, 'known' | 'nowUs' | 'nowMs' | 'uncertaintyUs'>;

const clockMs = 1_000;

/** One connection to one server. */
export class JournalServer {
  /** Shows its time. */
  readonly clock: RedisClock;
  /** Another clock that shows its time as long as it is set. */
  shared: RedisClock | undefined;
  /** Undefined = not known yet. */
  runId: string | undefined;
  /** A turn of a cluster's server is under way. */
  isBusy = false;
  private readonly redis: RedisClient;
  private checkRunId = true;
  private askedTimeMs = Number.NEGATIVE_INFINITY;

  constructor(redis: RedisClient, clock: RedisClock) {
    this.redis = redis;
    this.clock = clock;
    redis.on('ready', () => {
      this.checkRunId = true;
    });
  }

  /** Learns who it is, if it may be another one by now, and what time it has. @throws when it cannot be reached */
  async prepare(nowMs: number): Promise<void> {
    if (this.checkRunId) await this.readRunId();
    if (nowMs - this.askedTimeMs > clockMs) await this.readClock();
  }

  /** @throws when it cannot be reached */
  async readClock(): Promise<void> {
    const askedMs = performance.now();
    const [seconds, micros] = await this.redis.time();
    this.askedTimeMs = askedMs;
    const cameMs = performance.now();
    const redisUs = Number(seconds) * 1e6 + Number(micros);
    this.clock.sample(redisUs, askedMs, cameMs);
    this.shared?.sample(redisUs, askedMs, cameMs);
  }

  private async readRunId(): Promise<void> {
    this.checkRunId = false;
    try {
      this.runId = /^run_id:(\w+)/m.exec(await this.redis.info('server'))?.[1] ?? '';
    } catch (error) {
      this.checkRunId = true;
      throw error;
    }
  }
}

/** Which server has which event. */
export class JournalServers {
  readonly isCluster: boolean;
  private readonly redis: RedisClient;
  private readonly clock: RedisClock;
  private readonly only: JournalServer | undefined;
  /** Of a cluster: a connection that broke is never used again, so each is another one. */
  private readonly known = new WeakMap<RedisClient, JournalServer>();
  private readonly homeSlot = slotOf(globalKeys.audit);
  private home: JournalServer | undefined;
  private relearnedMs = Number.NEGATIVE_INFINITY;

  /** `clock`: shows the time of the one server, or of the master that has what belongs to no event. */
  constructor(redis: RedisClient, clock: RedisClock) {
    this.redis = redis;
    this.clock = clock;
    this.isCluster = isCluster(redis);
    this.only = this.isCluster ? undefined : new JournalServer(redis, clock);
  }

  /** The server of a slot now; undefined = nobody is known to answer for it. */
  at(slot: number): JournalServer | undefined {
    if (this.only) return this.only;
    const connection = serverOf(this.redis, slot);
    if (connection === undefined) return undefined;
    let server = this.known.get(connection);
    if (server === undefined) {
      server = new JournalServer(connection, new RedisClock());
      this.known.set(connection, server);
    }
    return server;
  }

  /** What is to be read from which server, where there is one. The server of the shared clock is always among them. */
  grouped<T extends { readonly slot: number }>(
    events: readonly T[],
  ): Iterable<[JournalServer, readonly T[]]> {
    if (this.only) return [[this.only, events]];
    const groups = new Map<JournalServer, T[]>();
    const servers = new Map<number, JournalServer | undefined>();
    const home = this.at(this.homeSlot);
    let isOneLost = home === undefined;
    if (home) {
      if (this.home) this.home.shared = undefined;
      this.home = home;
      home.shared = this.clock;
      groups.set(home, []);
    }
    for (const event of events) {
      if (!servers.has(event.slot)) servers.set(event.slot, this.at(event.slot));
      const server = servers.get(event.slot);
      isOneLost ||= server === undefined;
      if (server === undefined) continue;
      const group = groups.get(server);
      if (group) group.push(event);
      else groups.set(server, [event]);
    }
    if (isOneLost) this.relearn();
    return groups;
  }

  /** The clock of whichever server `serverOfEvent` says; until it says one, the shared clock. */
  clockOf(serverOfEvent: () => JournalServer | undefined): Clock {
    if (!this.isCluster) return this.clock;
    const now = (): RedisClock => serverOfEvent()?.clock ?? this.clock;
    return {
      get known() {
        return now().known;
      },
      nowUs: () => now().nowUs(),
      nowMs: () => now().nowMs(),
      uncertaintyUs: () => now().uncertaintyUs(),
    };
  }

  private relearn(): void {
    const nowMs = performance.now();
    if (nowMs - this.relearnedMs < clockMs) return;
    this.relearnedMs = nowMs;
    relearn(this.redis);
  }
}
