import { describe, expect, it } from 'vitest';
import { sumCounts } from '../../src/queue/count-book.ts';
import type { EventRef } from '../../src/queue/store.ts';
import {
  at,
  atMs,
  enterAt,
  hearAt,
  joinAt,
  presenceRecords,
  readJournal,
  seqsFrom,
  sweepAt,
  useLine,
} from './line.ts';
import { expectSound } from './sound.ts';

describe('presence', () => {
  const line = useLine();
  const reportAt = (event: EventRef, us: number, reporter = 'r1', revision = 1) =>
    line.store.presence(event, { reporter, gateway: 'gw1', revision, records: '', nowUs: us });
  const graceAt = async (event: EventRef) => Number(await line.redis.hget(event.keys.meta, 'graceAt'));

  it('sets when the silence of each place begins, and lets a later report shorten it', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 3, at(0), 10_000);
    expect(await hearAt(store, event, [1, 3], at(1), 20)).toBe(0);
    await hearAt(store, event, [3], at(2), 5);
    const due = await redis.getrangeBuffer(event.keys.due, 4, 15);
    expect([0, 4, 8].map((offset) => due.readUInt32BE(offset))).toEqual([210, 100, 70]);
  });

  it('brings silent people back to their old places, in front', async () => {
    const { redis, store } = line;
    const event = await line.event({ window: 2 });
    await joinAt(store, event, 5, at(0), 0);
    await hearAt(store, event, [4, 5], at(1));
    expect(await sweepAt(store, event, at(2))).toMatchObject({ silent: 3 });
    expect(await redis.hget(event.keys.meta, 'head')).toBe('4');
    expect(await hearAt(store, event, [3, 1, 4], at(3))).toBe(2);
    expect((await readJournal(redis, event)).at(-1)).toEqual({ kind: 'back', seqs: [1, 3] });
    expect(await redis.hmget(event.keys.meta, 'head', 'returnedAt')).toEqual(['1', String(atMs(3))]);
    expect(await enterAt(store, event, 4, at(4))).toMatchObject({ reason: 'window', position: 3 });
    const states = [...(await expectSound(redis, event)).values()];
    expect(states).toEqual(['waiting', 'silent', 'waiting', 'waiting', 'waiting']);
  });

  it('counts a place once that is named twice in one report', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 2, at(0), 0);
    await hearAt(store, event, [2], at(1));
    await sweepAt(store, event, at(2));
    expect(await hearAt(store, event, [1, 1, 2, 1], at(3))).toBe(1);
    await expectSound(redis, event);
  });

  it('does not bring back who never entered though their turn had come: that takes their enter', async () => {
    const { redis, store } = line;
    const event = await line.event({ claimMs: 1_000 });
    await joinAt(store, event, 2, at(0));
    await sweepAt(store, event, at(0));
    expect(await sweepAt(store, event, at(1))).toMatchObject({ unclaimed: 2 });
    expect(await hearAt(store, event, [1, 2], at(2))).toBe(0);
    expect([...(await expectSound(redis, event)).values()]).toEqual(['unclaimed', 'unclaimed']);
    expect(await enterAt(store, event, 2, at(3))).toMatchObject({ word: 'granted' });
  });

  it('changes nothing for places that have ended or were never given', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 2, at(0));
    await store.leave(event, { seq: 1, nowUs: at(1) });
    const bytes = await redis.strlen(event.keys.due);
    expect(await hearAt(store, event, [1, 3, 4_000_000_000], at(2))).toBe(0);
    expect(await redis.strlen(event.keys.due)).toBe(bytes);
    expect([...(await expectSound(redis, event)).values()]).toEqual(['left', 'waiting']);
  });

  it('keeps what each reporter counted: what is sent again counts once, a goodbye adds it up', async () => {
    const { redis, store } = line;
    const event = await line.event();
    const report = (reporter: string, counts: string, revision = 1) =>
      store.presence(event, { reporter, gateway: 'gw1', revision, records: '', counts });
    const refused = async () => sumCounts(await redis.hgetall(event.keys.counts)).refusals;
    await report('r1', 'join.QUEUE_FULL 2');
    await report('r1', 'join.QUEUE_FULL 2');
    await report('r1', '');
    await report('r2', 'enter.NOT_READY 1,join.QUEUE_FULL 3');
    const both = [
      { operation: 'join', code: 'QUEUE_FULL', count: 5 },
      { operation: 'enter', code: 'NOT_READY', count: 1 },
    ];
    expect(await refused()).toEqual(both);
    await report('r2', '', -1);
    await report('r2', '', -1);
    expect(await refused()).toEqual(both);
    await report('r1', 'join.QUEUE_FULL 4', -1);
    expect(await refused()).toEqual([{ ...both[0], count: 7 }, both[1]]);
    expect(Object.keys(await redis.hgetall(event.keys.counts)).toSorted()).toEqual([
      'sum:enter.NOT_READY',
      'sum:join.QUEUE_FULL',
    ]);
  });

  it('takes 500 places in one report', async () => {
    const { redis, store } = line;
    const event = await line.event({ window: 500 });
    await joinAt(store, event, 500, at(0), 0);
    await sweepAt(store, event, at(2));
    expect(await hearAt(store, event, seqsFrom(1, 500).toReversed(), at(3))).toBe(500);
    expect((await readJournal(redis, event)).at(-1)).toEqual({ kind: 'back', seqs: seqsFrom(1, 500) });
    await expectSound(redis, event);
  });

  it('refuses a torn report whole', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 1, at(0), 0);
    await sweepAt(store, event, at(2));
    const records = Buffer.concat([presenceRecords([1], at(9)), Buffer.alloc(3)]);
    const report = { reporter: 'r1', gateway: 'gw1', revision: 1, records, nowUs: at(3) };
    await expect(store.presence(event, report)).rejects.toThrow('8 bytes');
    expect(await redis.exists(event.keys.reporters)).toBe(0);
    expect([...(await expectSound(redis, event)).values()]).toEqual(['silent']);
  });

  it('says who reports and which revision is in force there, until goodbye', async () => {
    const { redis } = line;
    const event = await line.event();
    await reportAt(event, at(1), 'r1', 7);
    await reportAt(event, at(2), 'r2', 8);
    expect(await redis.hgetall(event.keys.reporters)).toEqual({
      r1: `${atMs(1)} 7 gw1`,
      r2: `${atMs(2)} 8 gw1`,
    });
    await reportAt(event, at(3), 'r1', -1);
    expect(await redis.hkeys(event.keys.reporters)).toEqual(['r2']);
  });

  it('starts the grace time after more than 5 s without a report, and stops the claim clocks', async () => {
    const { redis } = line;
    const event = await line.event();
    await redis.rpush(event.keys.turns, `${atMs(0)} 1`);
    await reportAt(event, at(1));
    await reportAt(event, at(6));
    expect(await graceAt(event)).toBe(0);
    expect(await redis.llen(event.keys.turns)).toBe(1);
    await reportAt(event, at(11.001));
    expect(await graceAt(event)).toBe(atMs(11.001));
    expect(await redis.exists(event.keys.turns)).toBe(0);
  });

  it('starts no grace time for a reporter that is new or comes back after goodbye', async () => {
    const event = await line.event();
    await reportAt(event, at(1));
    await reportAt(event, at(2), 'r1', -1);
    await reportAt(event, at(60));
    await reportAt(event, at(61), 'r2');
    expect(await graceAt(event)).toBe(0);
  });

  it('changes nothing for another incarnation', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 1, at(0), 10_000);
    await expect(hearAt(store, { ...event, incarnation: 'other' }, [1], at(1))).rejects.toThrow(
      'incarnation',
    );
    expect((await redis.getrangeBuffer(event.keys.due, 4, 7)).readUInt32BE()).toBe(100);
  });
});
