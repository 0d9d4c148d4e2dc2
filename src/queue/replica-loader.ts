/**
 * Reads an event whole. The journal's last number is noted first, on the same connection, so that everything that
 * happens while the rest is read is in the journal after it. Pages go by seq, never by rank: the front may leave
 * meanwhile. A page that is read before a place moved and another read after it may disagree; the journal mends that.
 */
import type { RedisClient } from '../redis/client.ts';
import { EndedIndex } from './ended-index.ts';
import { flowSlotSec } from './flow.ts';
import { parseTombs } from './job-store.ts';
import { parseSeqs } from './journal.ts';
import { PlaceIndex } from './place-index.ts';
import type { AwayPlace, LoadedEvent } from './replica.ts';
import type { EventKeys } from './scripts.ts';

/** Bytes of a bitmap in one reply: 512,000 places of `waiting`; a multiple of both indexes' blocks. */
const chunkBytes = 64 * 1024;
const admitSlotMs = 10_000;

/** Undefined where the event does not exist. */
export async function loadEvent(redis: RedisClient, keys: EventKeys): Promise<LoadedEvent | undefined> {
  const n = await redis.hget(keys.meta, 'n');
  if (n === null) return undefined;
  const waiting = new PlaceIndex();
  await eachChunk(redis, keys.waiting, (offset, bytes) => waiting.load(offset, bytes));
  const ended = new EndedIndex();
  await eachChunk(redis, keys.ended, (offset, bytes) => ended.load(offset, bytes));
  const [away, meta, bucket, tombs, counted] = await Promise.all([
    redis.zrange(keys.away, 0, '-1', 'WITHSCORES'),
    redis.hgetall(keys.meta),
    redis.hmget(keys.bucket, 'tokens', 'refilledAt'),
    redis.hgetall(keys.tombs),
    redis.multi().hget(keys.meta, 'n').hgetall(keys.admits).time().exec(),
  ]);
  const admits = (counted?.[1]?.[1] ?? {}) as Record<string, string>;
  const countedSec = Number((counted?.[2]?.[1] as string[] | undefined)?.[0] ?? Number.POSITIVE_INFINITY);
  return {
    n: Number(n),
    maxSeq: Number(meta.seq ?? 0),
    meta,
    bucket: { tokensMicro: Number(bucket[0] ?? 0), refilledAtUs: Number(bucket[1] ?? 0) },
    waiting,
    ended,
    away: parseAway(away),
    restorable: restorableOf(tombs),
    admits: Object.entries(admits).map(([slot, count]) => ({
      atMs: Number(slot) * admitSlotMs,
      count: Number(count),
      // Of the slot that is being filled, only what has passed.
      sec: Math.max(1, Math.min(flowSlotSec, countedSec - (Number(slot) * admitSlotMs) / 1000 + 1)),
    })),
    admitsN: Number(counted?.[0]?.[1] ?? n),
  };
}

/** The places of all tombs, as lua/includes/tombs.lua writes them. */
function restorableOf(tombs: Readonly<Record<string, string>>): { untilMs: number; seqs: number[] }[] {
  const { index = '', ...blocks } = tombs;
  const untilMs = new Map(parseTombs(index).map((tomb) => [tomb.auditId, tomb.untilMs]));
  return Object.entries(blocks).flatMap(([field, seqs]) => {
    const until = untilMs.get(field.slice(0, field.lastIndexOf(':')));
    return until === undefined ? [] : [{ untilMs: until, seqs: parseSeqs(seqs) }];
  });
}

async function eachChunk(
  redis: RedisClient,
  key: string,
  take: (offset: number, bytes: Buffer) => void,
): Promise<void> {
  for (let offset = 0; ; offset += chunkBytes) {
    const bytes = await redis.getrangeBuffer(key, offset, offset + chunkBytes - 1);
    if (bytes.length > 0) take(offset, bytes);
    if (bytes.length < chunkBytes) return;
  }
}

/** Member = seq, score = since ms * 2, plus 1 when unclaimed. */
function parseAway(flat: readonly string[]): Map<number, AwayPlace> {
  const away = new Map<number, AwayPlace>();
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const score = Number(flat[at + 1]);
    away.set(Number(flat[at]), { sinceMs: Math.floor(score / 2), unclaimed: score % 2 === 1 });
  }
  return away;
}
