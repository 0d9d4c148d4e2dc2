import { beforeEach, describe, expect, it } from 'vitest';
import { type KnownPlace, RecoveryStore } from '../../src/queue/recovery-store.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { at, atMs, digest, enterAt, joinAt, readJournal, seqsFrom, sweepThrough, useLine } from './line.ts';
import { forgetting, knownOf, recoverAt, refNow, summaries } from './loss.ts';
import { placesOf } from './sound.ts';

describe('merge', () => {
  const line = useLine();
  let event: EventRef;

  const mergeAt = (
    sec: number,
    places: readonly KnownPlace[],
    rest: { through?: boolean; worker?: string } = {},
  ) =>
    new RecoveryStore(line.redis).merge(event, {
      worker: 'w1',
      through: false,
      places,
      nowUs: at(sec),
      ...rest,
    });
  const states = async () => Object.fromEntries(await placesOf(line.redis, event));

  /** Ten places joined; then five more, 1 entered, 2 left and 3 expired, of which Redis knows nothing at second 10. */
  beforeEach(async () => {
    const { redis, store } = line;
    event = await line.event({ run: 'r1', tiers: '1-=0' });
    await joinAt(store, event, [{ person: digest('a') }, ...Array(9).fill({})], at(0));
    for (const reporter of ['w1', 'w2'])
      await store.presence(event, { reporter, gateway: 'gw', revision: 1, records: '', nowUs: at(0) });
    const known = await forgetting(redis, event, async () => {
      await joinAt(store, event, 5, at(9));
      return knownOf(redis, event);
    });
    await recoverAt(redis, event, 10, known);
    event = await refNow(redis, event);
  });

  it('gives back places that were lost, behind those that Redis has and before all new ones, as heard now', async () => {
    const { redis, store } = line;
    await recoverAt(redis, event, 10, await knownOf(redis, event), { worker: 'w2' });
    expect(await joinAt(store, event, 1, at(10))).toMatchObject({ firstSeq: 1_016, waitingBefore: 10 });
    const lost = seqsFrom(11, 15).map((seq) => ({ seq, what: 'waiting' as const }));
    expect(await mergeAt(11, lost)).toEqual({ given: 5, ended: 0, over: false });
    expect(await mergeAt(11, lost)).toEqual({ given: 0, ended: 0, over: false });
    expect(await states()).toEqual({ waiting: [...seqsFrom(1, 15), 1_016] });
    expect((await readJournal(redis, event)).at(-1)).toEqual({
      kind: 'restored',
      nowMs: atMs(11),
      seqs: [11, 12, 13, 14, 15],
      skipped: 1_000,
    });
    expect(await redis.hmget(event.keys.meta, 'waiting', 'skipped', 'recoverGiven')).toEqual([
      '16',
      '1000',
      '5',
    ]);
    const due = await redis.getrangeBuffer(event.keys.due, 44, 47);
    expect(due.readUInt32BE(0)).toBeGreaterThan(110 + 300);
  });

  it('gives back no place whose seq was never left out, nor one that has ended', async () => {
    const { store } = line;
    await store.leave(event, { seq: 10, nowUs: at(11) });
    const places = [0, 10, 1_016, 5_000].map((seq) => ({ seq, what: 'waiting' as const }));
    expect(await mergeAt(11, places)).toMatchObject({ given: 0 });
  });

  it('ends places that had ended, lost ones too; entered beats other ends, and other ends beat nothing but waiting', async () => {
    const { redis, store } = line;
    await store.leave(event, { seq: 9, nowUs: at(11) });
    const places = [
      { seq: 1, what: 'entered' },
      { seq: 2, what: 'left' },
      { seq: 3, what: 'expired' },
      { seq: 9, what: 'entered' },
      { seq: 11, what: 'entered' },
      { seq: 12, what: 'left' },
    ] as const;
    expect(await mergeAt(11, places)).toMatchObject({ given: 0, ended: 6 });
    expect(await mergeAt(11, places)).toMatchObject({ ended: 0 });
    expect(
      await mergeAt(11, [
        { seq: 1, what: 'left' },
        { seq: 2, what: 'expired' },
      ]),
    ).toMatchObject({ ended: 0 });
    expect(await states()).toEqual({
      entered: [1, 9, 11],
      left: [2, 12],
      expired: [3],
      waiting: seqsFrom(4, 8).concat(10),
    });
    expect(await redis.hmget(event.keys.meta, 'waiting', 'skipped')).toEqual(['6', '1003']);
    const told = (await readJournal(redis, event)).filter(({ kind }) => kind === 'remembered');
    expect(told).toHaveLength(3);
    expect(told).toContainEqual({ kind: 'remembered', how: 'entered', seqs: [1, 9, 11], skipped: 1_003 });
  });

  it('ends a place that had stepped aside', async () => {
    const { redis, store } = line;
    await redis.del(event.keys.reporters);
    await sweepThrough(store, event, 11, 80);
    expect((await states()).silent).toContain(4);
    expect(await mergeAt(81, [{ seq: 4, what: 'left' }])).toMatchObject({ ended: 1 });
    expect((await states()).left).toEqual([4]);
  });

  it('lets a grant be repeated in its time by its subject alone, counts it once, and keeps the subject from another', async () => {
    const { redis, store } = line;
    const subject = digest('sam');
    const places: KnownPlace[] = [
      { seq: 1, what: 'entered', grantedMs: atMs(9), subject },
      { seq: 2, what: 'entered', grantedMs: atMs(9) },
      { seq: 3, what: 'entered' },
    ];
    await mergeAt(11, [{ seq: 1, what: 'entered', grantedMs: atMs(9) }], { worker: 'w2' });
    await mergeAt(11, places);
    await mergeAt(11, places, { worker: 'w2' });
    const enter = (seq: number, sec: number, who: Buffer | '' = '') =>
      enterAt(store, event, seq, at(sec), { subject: who });
    expect(await enter(1, 20, subject)).toMatchObject({ word: 'granted', grantedMs: atMs(9) });
    expect(await enter(1, 20, digest('eve'))).toEqual({ word: 'not_yours' });
    expect(await enter(1, 20)).toEqual({ word: 'not_yours' });
    expect(await enter(2, 20)).toMatchObject({ word: 'granted', grantedMs: atMs(9) });
    expect(await enter(3, 20)).toEqual({ word: 'entered' });
    expect(await enter(2, 40)).toEqual({ word: 'entered' });
    expect(await enter(4, 20, subject)).toEqual({ word: 'subject_entered' });
    expect(Object.values(await redis.hgetall(event.keys.admits))).toEqual(['2']);
    expect(await redis.hget(event.keys.bucket, 'tokens')).toBe('-10000000');
  });

  it('is over when all that lived before are through, and says what came back', async () => {
    const { redis, store } = line;
    expect(
      await mergeAt(11, [
        { seq: 11, what: 'waiting' },
        { seq: 1, what: 'left' },
      ]),
    ).toMatchObject({ over: false });
    expect(await mergeAt(11.1, [], { through: true })).toMatchObject({ over: false });
    expect(await enterAt(store, event, 2, at(11.2))).toMatchObject({ reason: 'restoring' });
    expect(await mergeAt(11.3, [], { through: true, worker: 'w2' })).toMatchObject({ over: true });
    expect(await enterAt(store, event, 2, at(12.2))).toMatchObject({ word: 'granted' });
    expect((await summaries(redis, event)).at(-1)).toBe('recovered: 1 places given back, 1 ends applied');
    expect(await mergeAt(12.3, [], { through: true })).toMatchObject({ over: true });
    expect((await summaries(redis, event)).filter((text) => text.startsWith('recovered:'))).toHaveLength(1);
  });

  it('is over when the time is up, though one that lived before said nothing; what it knows still counts', async () => {
    const { redis } = line;
    await mergeAt(11, [], { through: true });
    expect(await mergeAt(14.9, [])).toMatchObject({ over: false });
    expect(await mergeAt(15, [])).toMatchObject({ over: true });
    expect(await redis.hmget(event.keys.meta, 'recoverUntil', 'joinsFrom')).toEqual(['0', '0']);
    expect(await mergeAt(500, [{ seq: 12, what: 'waiting' }], { worker: 'w2' })).toMatchObject({ given: 1 });
    expect(await mergeAt(611, [{ seq: 13, what: 'waiting' }], { worker: 'w2' })).toMatchObject({ given: 0 });
  });

  it('changes nothing of another incarnation', async () => {
    event = { ...event, incarnation: 'other' };
    await expect(mergeAt(11, [{ seq: 1, what: 'left' }])).rejects.toThrow('incarnation');
  });
});
