/**
 * Keeps the replicas of one process up to date: one loop reads the journals of all its events, in one pipeline a server,
 * at a fixed pace (the pace bounds what a fleet of readers costs Redis, however fast people join).
 *
 * A followed event is in one mode:
 *   loading    no replica yet. Entry: first asked for. Exit: loaded and caught up → live; no such event → forgotten.
 *   live       the replica grows entry by entry. Exit: a hole in the numbers, a number that fell, or another
 *              incarnation → reloading; event gone → forgotten.
 *   reloading  the old replica goes on answering, marked stale as its age passes 1 s. Exit: as loading; after a
 *              failure it is tried again.
 * Redis out of reach changes no mode: replicas age, and the loop goes on by itself when it is back. A server that was
 * started anew or took another one's place may hold older data under the same numbers, so its events are reloaded then.
 */
import { staleAfterMs, tailIdleMs, tailMs } from '../contract/limits.ts';
import type { RedisClient } from '../redis/client.ts';
import { runIdAt } from '../redis/nodes.ts';
import { type Followed, type Following, type FollowMode, keepBefore, newFollowing } from './followed.ts';
import { type AppliedChange, applyAll, type XreadReply } from './journal-reply.ts';
import { type JournalServer, JournalServers } from './journal-servers.ts';
import { isBehind, isOfOtherRun, loadReplica, readCount } from './load-replica.ts';
import type { RedisClock } from './redis-clock.ts';
import type { Replica } from './replica.ts';

export type { Followed, FollowMode } from './followed.ts';

export interface TailerOptions {
  readonly redis: RedisClient;
  readonly clock: RedisClock;
  /** Told of each batch of entries that was taken in. */
  readonly onApplied: (followed: Followed, change: AppliedChange) => void;
  /** Told when the event is gone. */
  readonly onGone: (event: string) => void;
  /**
   * Told of an event of which Redis lost something that the replica knows, or may have; the replica stays, and this is told
   * again, until it was recovered. Absent = what Redis has is taken as it is.
   */
  readonly onLost?: (event: string) => void;
  readonly onError: (error: unknown, event: string) => void;
}

/** Events reloaded at a time: a fleet that finds Redis restarted must not ask for everything at once. */
const reloadsMax = 8;
/** A failure that lasts is told once in so long, ms. */
const tellMs = 10_000;

export class Tailer {
  private readonly events = new Map<string, Following>();
  private readonly options: TailerOptions;
  private timer: NodeJS.Timeout | undefined;
  private readonly servers: JournalServers;
  private toldMs = Number.NEGATIVE_INFINITY;
  private reloads = 0;
  private closed = false;

  constructor(options: TailerOptions) {
    this.options = options;
    this.servers = new JournalServers(options.redis, options.clock);
    this.timer = setTimeout(() => void this.loop(), 0);
  }

  get(event: string): Followed | undefined {
    return this.events.get(event);
  }

  all(): IterableIterator<Followed> {
    return this.events.values();
  }

  /** Follows an event from now on. False where it does not exist. @throws when Redis cannot be asked */
  async follow(event: string): Promise<boolean> {
    const known = this.events.get(event);
    if (known) return known.loaded;
    const following = newFollowing(event, (serverOfEvent) => this.servers.clockOf(serverOfEvent));
    this.events.set(event, following);
    following.loaded = this.load(following);
    try {
      const exists = await following.loaded;
      if (!exists) this.events.delete(event);
      return exists;
    } catch (error) {
      this.events.delete(event);
      throw error;
    }
  }

  forget(event: string): void {
    this.events.delete(event);
  }

  /** Reads an event that waits for its reload now. */
  refresh(event: string): void {
    const following = this.events.get(event);
    if (following && Number.isFinite(following.nextReadMs)) following.nextReadMs = 0;
  }

  /** What these replicas knew is in Redis. */
  dropBefores(event: string, merged: readonly Replica[]): void {
    const following = this.events.get(event);
    if (following) following.befores = following.befores.filter((before) => !merged.includes(before));
  }

  /** Whether answers from this replica must be marked: it has not been read to its end for more than a second. */
  isStale(followed: Followed): boolean {
    return performance.now() - followed.freshAtMs > staleAfterMs;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private setMode(following: Following, mode: FollowMode): void {
    following.mode = mode;
  }

  private async load(following: Following): Promise<boolean> {
    const { redis } = this.options;
    const server = this.servers.at(following.slot);
    // At the first load nobody has asked the server yet.
    const runId = server?.runId ?? runIdAt(redis, following.slot);
    if (server?.clock.known === false) await server.readClock();
    const askedMs = performance.now();
    const isOther = this.options.onLost !== undefined && (await isOfOtherRun(redis, following, runId));
    const replica = isOther ? undefined : await loadReplica(redis, following);
    if (isOther || (this.options.onLost && (await isBehind(redis, following, { replica, runId })))) {
      this.options.onLost?.(following.event);
      throw new Error('Redis lacks what is known of this event, which is to be recovered');
    }
    if (!replica) return false;
    if (this.closed || this.events.get(following.event) !== following)
      throw new Error('nobody waits for this load');
    if (this.servers.at(following.slot) !== server) throw new Error('the event moved while it was loaded');
    following.server = server;
    following.runId = runId;
    if (this.options.onLost) keepBefore(following, replica);
    following.isFirsthand = replica.settings.run === '' || replica.settings.run === runId;
    following.replica = replica;
    following.freshAtMs = askedMs;
    following.nextReadMs = 0;
    this.setMode(following, 'live');
    this.options.onApplied(following, { settings: true });
    return true;
  }

  private reload(following: Following): void {
    this.reloads += 1;
    following.nextReadMs = Number.POSITIVE_INFINITY;
    following.loaded = this.load(following);
    following.loaded
      .then(
        (exists) => {
          if (!exists) this.gone(following);
        },
        (error: unknown) => {
          this.tell(error, following.event);
          following.nextReadMs = performance.now() + tailIdleMs;
        },
      )
      .finally(() => {
        this.reloads -= 1;
      });
  }

  /** What the replica holds is not what Redis has: read it anew at the next turn. */
  private distrust(following: Following): void {
    following.nextReadMs = 0;
    this.setMode(following, 'reloading');
  }

  private gone(following: Following): void {
    if (this.closed || this.events.get(following.event) !== following) return;
    this.events.delete(following.event);
    this.options.onGone(following.event);
  }

  private tell(error: unknown, event: string): void {
    const nowMs = performance.now();
    if (this.closed || nowMs - this.toldMs < tellMs) return;
    this.toldMs = nowMs;
    this.options.onError(error, event);
  }

  private async loop(): Promise<void> {
    const startedMs = performance.now();
    try {
      await this.turn(startedMs);
    } catch (error) {
      this.tell(error, '');
    }
    if (this.closed) return;
    const spentMs = performance.now() - startedMs;
    this.timer = setTimeout(() => void this.loop(), Math.max(1, tailMs - spentMs));
  }

  private async turn(startedMs: number): Promise<void> {
    if (this.servers.isCluster && this.options.redis.status !== 'ready') return;
    const due = [...this.events.values()].filter((one) => one.replica && one.nextReadMs <= startedMs);
    for (const [server, events] of this.servers.grouped(due)) {
      if (server.isBusy) continue;
      const turn = this.turnOf(server, events, startedMs);
      if (this.servers.isCluster) void this.apart(server, turn);
      else await turn;
    }
  }

  /** A server of several that is slow, or does not answer, holds up no other's events. */
  private async apart(server: JournalServer, turn: Promise<void>): Promise<void> {
    server.isBusy = true;
    try {
      await turn;
    } catch (error) {
      this.tell(error, '');
    } finally {
      server.isBusy = false;
    }
  }

  private async turnOf(server: JournalServer, due: readonly Following[], startedMs: number): Promise<void> {
    if (server.runId === undefined && this.options.redis.status !== 'ready') return;
    await server.prepare(startedMs);
    for (const one of due) {
      // Whether this is the server that the replica was read from.
      if (one.runId !== undefined && one.runId !== server.runId && one.mode === 'live') this.distrust(one);
      one.server = server;
      one.runId = server.runId;
      if (one.mode === 'reloading' && this.reloads < reloadsMax) this.reload(one);
    }
    const live = due.filter((one) => one.mode === 'live' && one.replica);
    if (live.length > 0) await this.readLive(live, startedMs);
  }

  /** One pipeline for all events of a server that are due: what tells whether the numbers still fit, then the new entries. */
  private async readLive(due: readonly Following[], askedMs: number): Promise<void> {
    const pipeline = this.options.redis.pipeline();
    const asked = due.map((one) => ({ one, replica: one.replica }));
    for (const { one, replica } of asked) {
      pipeline.hmget(one.keys.meta, 'n', 'incarnation');
      pipeline.xread('COUNT', readCount, 'STREAMS', one.keys.journal, `${replica?.n ?? 0}-0`);
      pipeline.hlen(one.keys.reporters);
    }
    const replies = (await pipeline.exec()) ?? [];
    for (const [index, { one, replica }] of asked.entries()) {
      // Replaced meanwhile: the answer is to another question.
      if (!replica || one.mode !== 'live' || one.replica !== replica) continue;
      const [marks, entries, reporters] = replies.slice(index * 3, index * 3 + 3);
      const failed = marks?.[0] ?? entries?.[0] ?? reporters?.[0];
      if (failed) {
        this.tell(failed, one.event);
        continue;
      }
      one.reporters = Math.max(1, Number(reporters?.[1] ?? 1));
      this.take(one, replica, {
        marks: marks?.[1] as (string | null)[],
        entries: entries?.[1] as XreadReply,
        askedMs,
      });
    }
  }

  private take(
    one: Following,
    replica: Replica,
    read: { marks: readonly (string | null)[]; entries: XreadReply; askedMs: number },
  ): void {
    const [n, incarnation] = read.marks;
    if (n === null || n === undefined) {
      if (this.options.onLost) this.distrust(one);
      else this.gone(one);
      return;
    }
    const isOurs = Number(n) >= replica.n && incarnation === replica.settings.incarnation;
    const applied = isOurs ? applyAll(replica, read.entries, one.clock.nowMs()) : undefined;
    // n was read before the entries: fewer entries than that, and not a full page of them, is a hole at the end.
    const behind = Number(n) > replica.n;
    if (!applied?.complete || (behind && applied.count < readCount)) {
      this.distrust(one);
      return;
    }
    if (!behind) one.freshAtMs = read.askedMs;
    const busy = applied.count > 0 || replica.waiting.count > 0 || replica.away.size > 0;
    one.nextReadMs = behind || busy ? 0 : read.askedMs + tailIdleMs;
    if (applied.count > 0) this.options.onApplied(one, applied);
  }
}
