/**
 * Keeps the replicas of one process up to date: one loop reads the journals of all its events, in one pipeline, at a
 * fixed pace (the pace bounds what a fleet of readers costs Redis, however fast people join).
 *
 * A followed event is in one mode:
 *   loading    no replica yet. Entry: first asked for. Exit: loaded and caught up → live; no such event → forgotten.
 *   live       the replica grows entry by entry. Exit: a hole in the numbers, a number that fell, or another
 *              incarnation → reloading; event gone → forgotten.
 *   reloading  the old replica goes on answering, marked stale as its age passes 1 s. Exit: as loading.
 * Redis out of reach changes no mode: replicas age, and the loop goes on by itself when it is back.
 */
import { staleAfterMs, tailIdleMs, tailMs } from '../contract/limits.ts';
import type { RedisClient } from '../redis/client.ts';
import { parseEntry } from './journal.ts';
import type { RedisClock } from './redis-clock.ts';
import { Replica } from './replica.ts';
import { loadEvent } from './replica-loader.ts';
import { type EventKeys, keysOf } from './scripts.ts';

export type FollowMode = 'loading' | 'live' | 'reloading';

/** An event that this process follows. */
export interface Followed {
  readonly event: string;
  readonly keys: EventKeys;
  readonly mode: FollowMode;
  /** Undefined while loading for the first time. */
  readonly replica: Replica | undefined;
  /** Monotonic ms at which the journal was last known to be read to its end. */
  readonly freshAtMs: number;
  /** Gateway processes that reported lately, this one included; at least 1. */
  readonly reporters: number;
}

interface Following extends Followed {
  mode: FollowMode;
  replica: Replica | undefined;
  freshAtMs: number;
  reporters: number;
  nextReadMs: number;
  loaded: Promise<boolean>;
}

export interface TailerOptions {
  readonly redis: RedisClient;
  readonly clock: RedisClock;
  /** Told of each batch of entries that was taken in; `settings` when one of them changed the settings. */
  readonly onApplied: (followed: Followed, change: { settings: boolean }) => void;
  /** Told when the event is gone. */
  readonly onGone: (event: string) => void;
  readonly onError: (error: unknown, event: string) => void;
}

const readCount = 1_000;
const clockMs = 1_000;
const catchUpRounds = 10_000;

type XreadReply = [key: string, entries: [id: string, fields: string[]][]][] | null;

export class Tailer {
  private readonly events = new Map<string, Following>();
  private readonly options: TailerOptions;
  private timer: NodeJS.Timeout | undefined;
  private askedTimeMs = Number.NEGATIVE_INFINITY;
  private closed = false;

  constructor(options: TailerOptions) {
    this.options = options;
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
    const following: Following = {
      event,
      keys: keysOf(event),
      mode: 'loading',
      replica: undefined,
      freshAtMs: Number.NEGATIVE_INFINITY,
      reporters: 1,
      nextReadMs: 0,
      loaded: Promise.resolve(false),
    };
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
    if (!this.options.clock.known) await this.readClock();
    const loaded = await loadEvent(redis, following.keys);
    if (!loaded) return false;
    const replica = new Replica(following.event, loaded);
    const target = Number(loaded.meta.n);
    for (let round = 0; replica.n < target; round += 1) {
      const reply = (await redis.xread('COUNT', readCount, 'STREAMS', following.keys.journal, `${replica.n}-0`)) as XreadReply;
      if (round > catchUpRounds || !applyAll(replica, reply, this.options.clock.nowMs()).complete) throw new Error('the journal was cut while loading');
    }
    following.replica = replica;
    following.freshAtMs = performance.now();
    this.setMode(following, 'live');
    this.options.onApplied(following, { settings: true });
    return true;
  }

  private reload(following: Following): void {
    this.setMode(following, 'reloading');
    following.loaded = this.load(following);
    following.loaded.then(
      (exists) => {
        if (!exists) this.gone(following);
      },
      (error: unknown) => {
        this.options.onError(error, following.event);
        following.nextReadMs = performance.now() + tailIdleMs;
      },
    );
  }

  private gone(following: Following): void {
    this.events.delete(following.event);
    this.options.onGone(following.event);
  }

  private async loop(): Promise<void> {
    const startedMs = performance.now();
    try {
      if (startedMs - this.askedTimeMs > clockMs) await this.readClock();
      const due = [...this.events.values()].filter((one) => one.replica && one.nextReadMs <= startedMs);
      if (due.length > 0) await this.readDue(due, startedMs);
    } catch (error) {
      this.options.onError(error, '');
    }
    if (this.closed) return;
    const spentMs = performance.now() - startedMs;
    this.timer = setTimeout(() => void this.loop(), Math.max(1, tailMs - spentMs));
  }

  private async readClock(): Promise<void> {
    const askedMs = performance.now();
    const [seconds, micros] = await this.options.redis.time();
    this.askedTimeMs = askedMs;
    this.options.clock.sample(Number(seconds) * 1e6 + Number(micros), askedMs, performance.now());
  }

  /** One pipeline for all events that are due: their new entries, and what tells whether the numbers still fit. */
  private async readDue(due: readonly Following[], askedMs: number): Promise<void> {
    const pipeline = this.options.redis.pipeline();
    for (const one of due) {
      pipeline.xread('COUNT', readCount, 'STREAMS', one.keys.journal, `${one.replica?.n ?? 0}-0`);
      pipeline.hmget(one.keys.meta, 'n', 'incarnation');
      pipeline.hlen(one.keys.reporters);
    }
    const replies = (await pipeline.exec()) ?? [];
    for (const [index, one] of due.entries()) {
      const [entries, marks, reporters] = replies.slice(index * 3, index * 3 + 3);
      const failed = entries?.[0] ?? marks?.[0] ?? reporters?.[0];
      if (failed) {
        this.options.onError(failed, one.event);
        continue;
      }
      one.reporters = Math.max(1, Number(reporters?.[1] ?? 1));
      this.take(one, entries?.[1] as XreadReply, marks?.[1] as (string | null)[], askedMs);
    }
  }

  private take(one: Following, reply: XreadReply, marks: readonly (string | null)[], askedMs: number): void {
    const { replica } = one;
    if (!replica || one.mode !== 'live') {
      if (replica && one.mode === 'reloading' && one.nextReadMs <= askedMs && one.nextReadMs > 0) this.reload(one);
      return;
    }
    const [n, incarnation] = marks;
    if (n === null || n === undefined) return this.gone(one);
    const applied = applyAll(replica, reply, this.options.clock.nowMs());
    if (!applied.complete || Number(n) < replica.n || incarnation !== replica.settings.incarnation) {
      one.nextReadMs = 0;
      this.reload(one);
      return;
    }
    const behind = Number(n) > replica.n;
    if (!behind) one.freshAtMs = askedMs;
    const busy = applied.count > 0 || replica.waiting.count > 0 || replica.away.size > 0;
    one.nextReadMs = behind ? 0 : askedMs + (busy ? 0 : tailIdleMs);
    if (applied.count > 0) this.options.onApplied(one, applied);
  }
}

/** Applies what XREAD answered; incomplete when an entry is missing in between or the numbers are not ours. */
function applyAll(
  replica: Replica,
  reply: XreadReply,
  readMs: number,
): { complete: boolean; settings: boolean; count: number } {
  const entries = reply?.[0]?.[1] ?? [];
  let settings = false;
  for (const [id, fields] of entries) {
    const n = Number(id.slice(0, id.indexOf('-')));
    if (n !== replica.n + 1) return { complete: false, settings, count: 0 };
    const entry = parseEntry(fields[1] ?? '');
    if (entry.kind === 'settings') settings = true;
    replica.apply(n, entry, readMs);
  }
  return { complete: true, settings, count: entries.length };
}
