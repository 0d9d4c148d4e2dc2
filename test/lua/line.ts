/** What every script's test stands on: a fresh event on a real Redis, with the clock in the test's hand. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { type JoinMember, packMembers } from '../../src/queue/join-members.ts';
import { type JournalEntry, parseEntry } from '../../src/queue/journal.ts';
import { keysOf, scripts } from '../../src/queue/scripts.ts';
import { type NewEvent, newEventFields } from '../../src/queue/settings.ts';
import { type EnterReply, type EventRef, Store } from '../../src/queue/store.ts';
import { connect, type RedisClient, whenReady } from '../../src/redis/client.ts';
import { newEvent } from '../helpers/new-event.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

/** Test time begins here, µs; every call passes its own. */
export const t0Us = 1_800_000_000_000_000;
/** Test time so many seconds after the beginning, µs. */
export const at = (sec: number): number => t0Us + Math.round(sec * 1e6);
/** The same in ms. */
export const atMs = (sec: number): number => Math.floor(at(sec) / 1000);

export async function openStore(port: number): Promise<{ redis: RedisClient; store: Store }> {
  const redis = connect({ host: '127.0.0.1', port }, { name: 'test', scripts });
  await whenReady(redis, 5_000);
  return { redis, store: new Store(redis) };
}

export interface TestLine {
  readonly redis: RedisClient;
  readonly store: Store;
  /** An event of its own whose base and bucket's clock are at the test's beginning. */
  event(options?: Partial<NewEvent>): Promise<EventRef>;
}

/** A Redis of its own for the tests of one `describe`, gone after them. */
export function useLine(): TestLine {
  let server: TestRedis;
  let opened: { redis: RedisClient; store: Store };
  beforeAll(async () => {
    server = await startRedis();
    opened = await openStore(server.port);
  });
  afterAll(async () => {
    opened.redis.disconnect();
    await server.stop();
  });
  return {
    get redis() {
      return opened.redis;
    },
    get store() {
      return opened.store;
    },
    async event(options = {}) {
      const event = await freshEvent(opened.store, options);
      await beginAt(opened.redis, event);
      return event;
    },
  };
}

/** Makes an event of a name of its own and returns its reference. Its clock begins at the real now. */
export async function freshEvent(store: Store, options: Partial<NewEvent> = {}): Promise<EventRef> {
  const id = `evt_${randomBytes(6).toString('hex')}`;
  const event: NewEvent = { ...newEvent, ...options };
  await store.createEvent(id, { ...newEventFields(event), audit: '{}' });
  return { id, keys: keysOf(id), incarnation: event.incarnation };
}

/** Sets the event's beginning (base of due, bucket's clock) to the test's time. */
export async function beginAt(redis: RedisClient, event: EventRef, us: number = t0Us): Promise<void> {
  const ms = Math.floor(us / 1000);
  await redis.hset(event.keys.meta, { base: ms, createdAt: ms, lastAt: ms });
  await redis.hset(event.keys.bucket, { refilledAt: us });
}

/** 16 bytes that stand for a person, a key or a subject. */
export const digest = (text: string): Buffer => createHash('sha256').update(text).digest().subarray(0, 16);

let batchNo = 0;

/** Joins so many anonymous visitors, or the given members, at a test time. */
export function joinAt(
  store: Store,
  event: EventRef,
  who: number | readonly JoinMember[],
  us: number,
  dueMs = 24_000,
) {
  const members = packMembers(typeof who === 'number' ? Array.from({ length: who }, () => ({})) : who);
  batchNo += 1;
  return store.join(event, { sender: 'test', batchNo, dueMs, members, nowUs: us });
}

/** Joins any number of anonymous visitors in batches, all at one time. */
export async function joinMany(store: Store, event: EventRef, count: number, us: number, dueMs = 24_000) {
  for (let left = count; left > 0; left -= 500) await joinAt(store, event, Math.min(500, left), us, dueMs);
}

/** An enter at a test time; joined long ago, by nobody known, unless said otherwise. */
export function enterAt(
  store: Store,
  event: EventRef,
  seq: number,
  us: number,
  options: { joinedMs?: number; subject?: Buffer | ''; dueMs?: number } = {},
): Promise<EnterReply> {
  return store.enter(event, { seq, joinedMs: 0, subject: '', dueMs: 24_000, ...options, nowUs: us });
}

/** Presence records of places that were heard: each one's silence begins at `dueUs`. */
export function presenceRecords(seqs: readonly number[], dueUs: number): Buffer {
  const records = Buffer.alloc(seqs.length * 8);
  for (const [index, seq] of seqs.entries()) {
    records.writeUInt32BE(seq, index * 8);
    records.writeUInt32BE(Math.ceil((dueUs - t0Us) / 100_000), index * 8 + 4);
  }
  return records;
}

/** Reports places as heard at a test time, in batches; due 24 s later unless said otherwise. */
export async function hearAt(
  store: Store,
  event: EventRef,
  seqs: readonly number[],
  us: number,
  dueSec = 24,
) {
  let back = 0;
  for (let from = 0; from < seqs.length; from += 500) {
    const records = presenceRecords(seqs.slice(from, from + 500), us + dueSec * 1e6);
    back += (await store.presence(event, { reporter: '', gateway: '', revision: 0, records, nowUs: us }))
      .back;
  }
  return back;
}

/** One sweep at a test time by the same worker. */
export async function sweepAt(store: Store, event: EventRef, us: number, limit = 500) {
  const swept = await store.stepAside(event, { worker: 'w1', limit, nowUs: us });
  if ('heldMs' in swept) throw new Error(`the lease is held for ${swept.heldMs} ms`);
  return swept;
}

/** Sweeps every half second from one time to another, both included, as the gateway does: again while there is more. */
export async function sweepThrough(store: Store, event: EventRef, fromSec: number, toSec: number) {
  const total = { silent: 0, unclaimed: 0 };
  for (let sec = fromSec; sec <= toSec; sec += 0.5) {
    for (;;) {
      const swept = await sweepAt(store, event, at(sec));
      total.silent += swept.silent;
      total.unclaimed += swept.unclaimed;
      if (!swept.more) break;
    }
  }
  return total;
}

/** first, first + 1, … last. */
export const seqsFrom = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

/** The journal, parsed, oldest first. */
export async function readJournal(redis: RedisClient, event: EventRef): Promise<JournalEntry[]> {
  const entries = await redis.xrange(event.keys.journal, '-', '+');
  return entries.map(([, fields]) => parseEntry(fields[1] ?? ''));
}

/** A reproducible source of numbers in [0, 1) (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
