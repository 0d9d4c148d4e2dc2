/** What every script's test stands on: a fresh event on a real Redis, with the clock in the test's hand. */
import { randomBytes } from 'node:crypto';
import { connect, type RedisClient, whenReady } from '../../src/redis/client.ts';
import { parseEntry, type JournalEntry } from '../../src/queue/journal.ts';
import { keysOf, scripts } from '../../src/queue/scripts.ts';
import { type NewEvent, newEventFields } from '../../src/queue/settings.ts';
import { type EventRef, Store } from '../../src/queue/store.ts';
import { type JoinMember, packMembers } from '../../src/queue/join-members.ts';

/** Test time begins here, µs; every call passes its own. */
export const t0Us = 1_800_000_000_000_000;
/** Test time so many seconds after the beginning, µs. */
export const at = (sec: number): number => t0Us + Math.round(sec * 1e6);

export async function openStore(port: number): Promise<{ redis: RedisClient; store: Store }> {
  const redis = connect({ host: '127.0.0.1', port }, { name: 'test', scripts });
  await whenReady(redis, 5_000);
  return { redis, store: new Store(redis) };
}

/** Makes an event of a name of its own and returns its reference. Its clock begins at `createdUs`, else at the real now. */
export async function freshEvent(store: Store, options: Partial<NewEvent> = {}): Promise<EventRef> {
  const id = `evt_${randomBytes(6).toString('hex')}`;
  const event: NewEvent = {
    life: 'life0001',
    incarnation: 'inc00001',
    kid: 'k1',
    name: 'Test',
    kind: 'operator',
    timeZone: 'UTC',
    opensAtMs: 0,
    prequeueFromMs: 0,
    maxWaiting: 0,
    refillPerSec: 10,
    capacity: undefined,
    presenceMs: 20_000,
    claimMs: 60_000,
    expireNearMs: 300_000,
    expireFarMs: 1_800_000,
    ...options,
  };
  await store.createEvent(id, { ...newEventFields(event), audit: '{}' });
  return { id, keys: keysOf(id), incarnation: event.incarnation };
}

/** Sets the event's beginning (base of due, bucket's clock) to the test's time. */
export async function beginAt(redis: RedisClient, event: EventRef, us: number = t0Us): Promise<void> {
  const ms = Math.floor(us / 1000);
  await redis.hset(event.keys.meta, { base: ms, createdAt: ms, lastAt: ms });
  await redis.hset(event.keys.bucket, { refilledAt: us });
}

let batchNo = 0;

/** Joins so many anonymous visitors, or the given members, at a test time. */
export function joinAt(store: Store, event: EventRef, who: number | readonly JoinMember[], us: number, dueMs = 24_000) {
  const members = packMembers(typeof who === 'number' ? Array.from({ length: who }, () => ({})) : who);
  batchNo += 1;
  return store.join(event, { sender: 'test', batchNo, dueMs, members, nowUs: us });
}

/** The journal, parsed, oldest first. */
export async function readJournal(redis: RedisClient, event: EventRef): Promise<JournalEntry[]> {
  const entries = await redis.xrange(event.keys.journal, '-', '+');
  return entries.map(([, fields]) => parseEntry(fields[1] ?? ''));
}
