/** Replicas as gateways keep them, and what they are held against: the keys themselves. */
import { expect } from 'vitest';
import { settle } from '../../src/queue/bucket.ts';
import { parseTombs } from '../../src/queue/job-store.ts';
import { parseSeqs, type Question } from '../../src/queue/journal.ts';
import { RedisClock } from '../../src/queue/redis-clock.ts';
import type { Replica } from '../../src/queue/replica.ts';
import { parseSettings } from '../../src/queue/settings.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { type Followed, Tailer } from '../../src/queue/tailer.ts';
import { connect, type RedisClient, whenReady } from '../../src/redis/client.ts';
import { eventually } from './eventually.ts';

export interface TestTailer {
  readonly tailer: Tailer;
  readonly redis: RedisClient;
  /** Events that it was told are gone. */
  readonly gone: readonly string[];
  /** Questions that it was told. */
  readonly asked: readonly Question[];
  /** @throws when the event is not followed */
  followed(event: EventRef): Followed;
  /** @throws when the event is not loaded */
  replica(event: EventRef): Replica;
  close(): void;
}

export async function openTailer(port: number): Promise<TestTailer> {
  const redis = connect({ host: '127.0.0.1', port }, { name: 'test-tailer' });
  await whenReady(redis, 5_000);
  const gone: string[] = [];
  const asked: Question[] = [];
  const tailer = new Tailer({
    redis,
    clock: new RedisClock(),
    onApplied: (_, change) => asked.push(...(change.asked ?? [])),
    onGone: (event) => gone.push(event),
    onError: () => {},
  });
  const followed = (event: EventRef): Followed => {
    const found = tailer.get(event.id);
    if (!found) throw new Error(`${event.id} is not followed`);
    return found;
  };
  return {
    tailer,
    redis,
    gone,
    asked,
    followed,
    replica(event) {
      const { replica } = followed(event);
      if (!replica) throw new Error(`${event.id} is not loaded`);
      return replica;
    },
    close() {
      tailer.close();
      redis.disconnect();
    },
  };
}

const endings = ['none', 'entered', 'left', 'expired'] as const;

/** What the keys say of an event, place by place. */
export async function readTruth(redis: RedisClient, event: EventRef) {
  const { meta, waiting, away, ended, bucket, tombs } = event.keys;
  const [fields, waitingBits, endedBits, scores, tokens, graves] = await Promise.all([
    redis.hgetall(meta),
    redis.getBuffer(waiting),
    redis.getBuffer(ended),
    redis.zrange(away, 0, '-1', 'WITHSCORES'),
    redis.hmget(bucket, 'tokens', 'refilledAt'),
    redis.hgetall(tombs),
  ]);
  const waits: number[] = [];
  for (const [at, byte] of (waitingBits ?? Buffer.alloc(0)).entries()) {
    for (let bit = 0; byte > 0 && bit < 8; bit += 1) if (byte & (128 >> bit)) waits.push(at * 8 + bit);
  }
  const ends: [seq: number, how: string][] = [];
  for (const [at, byte] of (endedBits ?? Buffer.alloc(0)).entries()) {
    for (let place = 0; byte > 0 && place < 4; place += 1) {
      const how = endings[(byte >> (6 - 2 * place)) & 3] ?? 'none';
      if (how !== 'none') ends.push([at * 4 + place, how]);
    }
  }
  const awayPlaces: [seq: number, unclaimed: boolean][] = [];
  for (let at = 0; at < scores.length; at += 2) {
    awayPlaces.push([Number(scores[at]), Number(scores[at + 1]) % 2 === 1]);
  }
  const { index = '', ...blocks } = graves;
  const restorable: [seq: number, untilMs: number][] = parseTombs(index).flatMap(({ auditId, untilMs }) =>
    Object.entries(blocks)
      .filter(([field]) => field.startsWith(`${auditId}:`))
      .flatMap(([, seqs]) => parseSeqs(seqs).map((seq): [number, number] => [seq, untilMs])),
  );
  return {
    n: Number(fields.n),
    restorable,
    maxSeq: Number(fields.seq),
    skipped: Number(fields.skipped ?? 0),
    settings: parseSettings(fields),
    waits,
    ends,
    away: awayPlaces.sort(([a], [b]) => a - b),
    bucket: { tokensMicro: Number(tokens[0]), refilledAtUs: Number(tokens[1]) },
  };
}

/** Waits until the replica has read the journal to its end, then holds all of it against the keys. */
export async function expectTrue(tail: TestTailer, redis: RedisClient, event: EventRef): Promise<void> {
  const truth = await readTruth(redis, event);
  const replica = await eventually(() => tail.replica(event).n === truth.n && tail.replica(event));
  const { waiting, away, totals } = replica;
  const count = (how: string): number => truth.ends.filter(([, ending]) => ending === how).length;
  expect(totals).toEqual({
    joined: truth.maxSeq - truth.skipped,
    entered: count('entered'),
    left: count('left'),
    expired: count('expired'),
  });
  expect(truth.waits.filter((seq) => !waiting.has(seq))).toEqual([]);
  expect(waiting.count).toBe(truth.waits.length);
  for (const [before, seq] of truth.waits.entries()) {
    if (before % 97 === 0 || before < 20) expect([seq, replica.position(seq)]).toEqual([seq, before + 1]);
  }
  expect(
    [...away].map(([seq, { unclaimed }]) => [seq, unclaimed]).sort(([a], [b]) => Number(a) - Number(b)),
  ).toEqual(truth.away);
  expect(truth.ends.filter(([seq, how]) => replica.state(seq) !== how)).toEqual([]);
  const isExpired = new Set(truth.ends.filter(([, how]) => how === 'expired').map(([seq]) => seq));
  const given = truth.restorable.filter(([seq]) => isExpired.has(seq));
  expect(given.filter(([seq, untilMs]) => replica.restorableUntil(seq) < untilMs)).toEqual([]);
  expect(replica.settings).toEqual(truth.settings);
  const laterUs = truth.bucket.refilledAtUs + 1_234_567;
  expect(replica.tokensAt(laterUs)).toBe(settle(truth.bucket, truth.settings, laterUs).tokensMicro);
}
