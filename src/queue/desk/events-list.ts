/** All events with what is known of each: from memory where they are followed, else from their keys. */
import type { EventView } from '../../contract/admin-api.ts';
import type { RedisClient } from '../../redis/client.ts';
import { askEach, isCluster } from '../../redis/nodes.ts';
import type { BucketState } from '../bucket.ts';
import { eventsKey, keysOf } from '../scripts.ts';
import { type EventSettings, parseSettings, phaseAt } from '../settings.ts';
import type { DeskEvent } from './desk-event.ts';
import { eventView } from './views.ts';

/** Events asked about at once. */
const batchEvents = 200;

/** What was read of an event that is not followed holds so long, ms. */
const storedMs = 5_000;

/** An event that nobody here follows, as its keys say. */
export interface StoredEvent {
  readonly id: string;
  readonly settings: EventSettings;
  readonly waiting: number;
  readonly away: number;
  readonly bucket: BucketState;
}

/** Ids of all events, in order. */
export async function eventIds(redis: RedisClient): Promise<string[]> {
  return (await redis.smembers(eventsKey)).sort();
}

/**
 * Reads events from their keys; those that are gone are left out, and those of a master of several that does not answer,
 * be they all that is asked for.
 *
 * @throws when the one Redis cannot be reached
 */
export async function readStored(redis: RedisClient, ids: readonly string[]): Promise<StoredEvent[]> {
  const stored: StoredEvent[] = [];
  for (let from = 0; from < ids.length; from += batchEvents) {
    const batch = ids.slice(from, from + batchEvents);
    const replies = await askEach(redis, batch.map(keysOf), {
      keyOf: ({ meta }) => meta,
      ask: (pipeline, keys) =>
        pipeline.hgetall(keys.meta).zcard(keys.away).hmget(keys.bucket, 'tokens', 'refilledAt'),
    });
    const failed = replies.flat().find(([error]) => error)?.[0];
    if (failed && !isCluster(redis)) throw failed;
    for (const [index, id] of batch.entries()) {
      const own = replies[index] ?? [];
      if (own.some(([error]) => error)) continue;
      const [ofMeta, ofAway, ofBucket] = own;
      const meta = ofMeta?.[1] as Record<string, string>;
      const bucket = ofBucket?.[1] as (string | null)[];
      if (meta.life === undefined) continue;
      stored.push({
        id,
        settings: parseSettings(meta),
        waiting: Number(meta.waiting ?? 0),
        away: Number(ofAway?.[1]),
        bucket: { tokensMicro: Number(bucket[0] ?? 0), refilledAtUs: Number(bucket[1] ?? 0) },
      });
    }
  }
  return stored;
}

/** Every event in a list: open ones first, closed ones last, by id. */
export async function listEvents(
  redis: RedisClient,
  followed: ReadonlyMap<string, DeskEvent>,
  nowMs: number,
): Promise<EventView[]> {
  const ids = await eventIds(redis);
  const stored = await readStored(
    redis,
    ids.filter((id) => !followed.has(id)),
  );
  const views = stored.map((one) => eventView({ ...one, nowMs }));
  for (const id of ids) {
    const event = followed.get(id);
    if (event) views.push(viewOf(event, nowMs));
  }
  return views.sort(closedLast);
}

/** An event that is followed. */
export function viewOf(event: DeskEvent, nowMs: number): EventView {
  const { settings, waiting, away } = event.replica;
  const { admitPerSec, etaTailSec, alarms } = event.peek();
  return eventView({
    id: event.id,
    settings,
    waiting: waiting.count,
    away: away.size,
    nowMs,
    live: { admitPerSec, etaTailSec, alarms },
  });
}

/** Order of events: closed ones last, by id. */
export function closedLast(a: Row, b: Row): number {
  const last = Number(a.phase === 'closed') - Number(b.phase === 'closed');
  return last === 0 ? a.event.localeCompare(b.event) : last;
}
type Row = { readonly event: string; readonly phase: string };

/** Which events are not closed, by now: asked every second, so those that are not followed are read less often. */
export class OpenEvents {
  private readonly redis: RedisClient;
  private readonly followed: ReadonlyMap<string, DeskEvent>;
  /** Of those that are not followed, with when they were read (monotonic ms). */
  private readonly stored = new Map<string, { readonly settings: EventSettings; readonly atMs: number }>();

  constructor(redis: RedisClient, followed: ReadonlyMap<string, DeskEvent>) {
    this.redis = redis;
    this.followed = followed;
  }

  /** In order. `nowMs`: Redis time. @throws when Redis cannot be reached */
  async ids(nowMs: number): Promise<string[]> {
    const ids = await eventIds(this.redis);
    const others = new Set(ids.filter((id) => !this.followed.has(id)));
    for (const [id, { atMs }] of this.stored) {
      if (!others.has(id) || performance.now() - atMs > storedMs) this.stored.delete(id);
    }
    const unread = [...others].filter((id) => !this.stored.has(id));
    for (const { id, settings } of await readStored(this.redis, unread))
      this.stored.set(id, { settings, atMs: performance.now() });
    return ids.filter((id) => {
      const settings = this.followed.get(id)?.replica.settings ?? this.stored.get(id)?.settings;
      return settings !== undefined && phaseAt(settings, nowMs) !== 'closed';
    });
  }
}
