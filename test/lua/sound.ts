/** What must hold of an event's keys after any history. */
import { expect } from 'vitest';
import type { JournalEntry } from '../../src/queue/journal.ts';
import { parseEntry } from '../../src/queue/journal.ts';
import { parseSettings } from '../../src/queue/settings.ts';
import type { EventRef } from '../../src/queue/store.ts';
import type { RedisClient } from '../../src/redis/client.ts';
import { readTruth } from '../helpers/replicas.ts';

export type PlaceState = 'waiting' | 'silent' | 'unclaimed' | 'entered' | 'left' | 'expired';
export type States = Map<number, PlaceState>;

const endings = [undefined, 'entered', 'left', 'expired'] as const;

/** Every place and its state as the keys say it; a place in two states or in none is an error. */
export async function readStates(redis: RedisClient, event: EventRef): Promise<States> {
  const { meta, waiting, away, ended } = event.keys;
  const last = Number(await redis.hget(meta, 'seq'));
  const [waitingBits, endedBits] = await Promise.all([redis.getBuffer(waiting), redis.getBuffer(ended)]);
  const scores = await redis.zrange(away, '0', '-1', 'WITHSCORES');
  const awayStates = new Map<number, PlaceState>();
  for (let at = 0; at < scores.length; at += 2) {
    awayStates.set(Number(scores[at]), Number(scores[at + 1]) % 2 === 1 ? 'unclaimed' : 'silent');
  }
  const states: States = new Map();
  for (let seq = 0; seq < Math.max(last + 1, (waitingBits?.length ?? 0) * 8); seq += 1) {
    const waits = ((waitingBits?.[seq >> 3] ?? 0) >> (7 - (seq & 7))) & 1;
    const ending = endings[((endedBits?.[seq >> 2] ?? 0) >> (6 - 2 * (seq & 3))) & 3];
    const found = [waits ? 'waiting' : undefined, awayStates.get(seq), ending].filter((state) => state);
    const expected = seq >= 1 && seq <= last ? 1 : 0;
    if (found.length !== expected) throw new Error(`place ${seq} of ${last} is in [${found.join(', ')}]`);
    if (found[0]) states.set(seq, found[0] as PlaceState);
  }
  if ([...awayStates.keys()].some((seq) => seq < 1 || seq > last))
    throw new Error('a place is away that never was');
  return states;
}

/** Seqs by state, ascending, as the keys say it; seqs that a recovery left out are in none. */
export async function placesOf(redis: RedisClient, event: EventRef): Promise<Map<PlaceState, number[]>> {
  const truth = await readTruth(redis, event);
  const places = new Map<PlaceState, number[]>();
  const add = (seq: number, state: PlaceState): void => {
    places.set(state, [...(places.get(state) ?? []), seq]);
  };
  for (const seq of truth.waits) add(seq, 'waiting');
  for (const [seq, unclaimed] of truth.away) add(seq, unclaimed ? 'unclaimed' : 'silent');
  for (const [seq, how] of truth.ends) add(seq, how as PlaceState);
  return places;
}

/** The states that the journal leads to. */
export function replay(entries: readonly JournalEntry[]): States {
  const states: States = new Map();
  const setAll = (seqs: readonly number[], state: PlaceState): void => {
    for (const seq of seqs) states.set(seq, state);
  };
  for (const entry of entries) {
    if (entry.kind === 'joined') {
      setAll(
        Array.from({ length: entry.count }, (_, index) => entry.firstSeq + index),
        'waiting',
      );
    } else if (entry.kind === 'entered' || entry.kind === 'left') setAll([entry.seq], entry.kind);
    else if (entry.kind === 'away') setAll(entry.seqs, entry.reason);
    else if (entry.kind === 'back') setAll(entry.seqs, 'waiting');
    else if (entry.kind === 'expired') setAll(entry.seqs, 'expired');
    else if (entry.kind === 'restored') setAll(entry.seqs, 'waiting');
  }
  return states;
}

/**
 * Each place is in one state, counters agree with the bitmaps, head is not behind the first waiting place, the journal
 * has no hole and leads to the same states, bucket and settings.
 */
export async function expectSound(redis: RedisClient, event: EventRef): Promise<States> {
  const states = await readStates(redis, event);
  const meta = await redis.hgetall(event.keys.meta);
  const waiting = [...states].filter(([, state]) => state === 'waiting').map(([seq]) => seq);
  expect(Number(meta.waiting)).toBe(waiting.length);
  expect(await redis.bitcount(event.keys.waiting)).toBe(waiting.length);
  expect(Number(meta.head)).toBeLessThanOrEqual(Math.min(...waiting, Number(meta.seq) + 1));

  const journal = await redis.xrange(event.keys.journal, '-', '+');
  expect(journal.map(([id]) => id)).toEqual(
    Array.from({ length: Number(meta.n) }, (_, index) => `${index + 1}-0`),
  );
  const entries = journal.map(([, fields]) => parseEntry(fields[1] ?? ''));
  expect(entries.filter((entry) => entry.kind === 'unknown')).toEqual([]);
  const inOrder = (of: States) => [...of].sort(([a], [b]) => a - b);
  expect(inOrder(replay(entries))).toEqual(inOrder(states));

  const settings = entries.findLast((entry) => entry.kind === 'settings');
  if (entries.length > 1 && settings !== entries[0]) {
    expect(parseSettings(settings?.meta ?? {})).toEqual(parseSettings(meta));
  }
  const bucket = entries.findLast((entry) => entry.kind === 'settings' || entry.kind === 'entered');
  if (bucket !== entries[0]) {
    expect(await redis.hmget(event.keys.bucket, 'tokens', 'refilledAt')).toEqual([
      String(bucket?.tokensMicro),
      String(bucket?.refilledAtUs),
    ]);
  }
  return states;
}
