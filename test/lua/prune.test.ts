import { describe, expect, it } from 'vitest';
import type { EventRef } from '../../src/queue/store.ts';
import { finishAt, runAt, startAt } from './jobs.ts';
import { at, atMs, digest, enterAt, joinAt, seqsFrom, sweepAt, useLine } from './line.ts';
import { expectSound } from './sound.ts';

describe('prune', () => {
  const line = useLine();
  const pruneAt = (event: EventRef, sec: number, limit = 500) =>
    line.store.prune(event, { limit, nowUs: at(sec) });
  const person = (seq: number) => ({ person: digest(`person ${seq}`) });

  it('forgets people whose places ended, and only those', async () => {
    const { redis, store } = line;
    const event = await line.event({ window: 3 });
    await joinAt(store, event, seqsFrom(1, 5).map(person), at(0));
    await sweepAt(store, event, at(25));
    await enterAt(store, event, 5, at(25));
    await store.leave(event, { seq: 4, nowUs: at(25) });
    expect(await redis.hlen(event.keys.people)).toBe(5);
    expect(await pruneAt(event, 26)).toEqual({ people: 2 });
    expect((await redis.hkeysBuffer(event.keys.people)).length).toBe(3);
    const again = await joinAt(store, event, seqsFrom(1, 5).map(person), at(27));
    expect(again).toMatchObject({ firstSeq: 6, exceptions: [{ seq: 1 }, { seq: 2 }, { seq: 3 }] });
    await expectSound(redis, event);
  });

  it('goes through a big crowd in bounded steps', async () => {
    const { redis, store } = line;
    const event = await line.event({ window: 3_000, expireNearMs: 1_000 });
    for (let from = 1; from <= 2_001; from += 400) {
      await joinAt(store, event, seqsFrom(from, from + 399).map(person), at(0), 0);
    }
    for (let batch = 0; batch < 6; batch += 1) await store.expire(event, { nowUs: at(2) });
    let forgotten = 0;
    for (let step = 0; step < 60 && forgotten < 2_400; step += 1) {
      const { people } = await pruneAt(event, 3, 50);
      expect(people).toBeLessThan(150);
      forgotten += people;
    }
    expect(forgotten).toBe(2_400);
    expect(await redis.exists(event.keys.people)).toBe(0);
  });

  it('forgets a grant when it can no longer be repeated', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 2, at(0));
    await enterAt(store, event, 1, at(1));
    await enterAt(store, event, 2, at(2));
    await pruneAt(event, 31);
    expect(await redis.zrange(event.keys.granted, '0', '-1')).toEqual(['2']);
    expect(await enterAt(store, event, 1, at(31))).toEqual({ word: 'entered' });
    expect(await enterAt(store, event, 2, at(31.999))).toMatchObject({ word: 'granted' });
  });

  it('keeps 15 min of admissions', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 2, at(0));
    await enterAt(store, event, 1, at(1));
    await enterAt(store, event, 2, at(100));
    await pruneAt(event, 919);
    expect(await redis.hlen(event.keys.admits)).toBe(2);
    await pruneAt(event, 920);
    expect(await redis.hkeys(event.keys.admits)).toEqual([String(Math.floor(atMs(100) / 10_000))]);
  });

  it('forgets a sender 10 min after its last batch', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 1, at(0));
    await pruneAt(event, 600);
    expect(await redis.hlen(event.keys.senders)).toBe(1);
    await pruneAt(event, 600.001);
    expect(await redis.hlen(event.keys.senders)).toBe(0);
  });

  it('forgets the new claim clock of somebody who came back once it means nothing any more', async () => {
    const { redis, store } = line;
    const event = await line.event({ window: 1 });
    await joinAt(store, event, 2, at(0), 0);
    await sweepAt(store, event, at(1));
    await enterAt(store, event, 2, at(2));
    expect(await redis.zrange(event.keys.returned, '0', '-1')).toEqual([]);
    await store.setPhase(event, { action: 'pause', changeId: 'p', audit: '{}', nowUs: at(3) });
    await enterAt(store, event, 1, at(4));
    await pruneAt(event, 123);
    expect(await redis.zrange(event.keys.returned, '0', '-1')).toEqual(['1']);
    await pruneAt(event, 124);
    expect(await redis.exists(event.keys.returned)).toBe(0);
  });

  it('forgets a tomb after its time, and people only then', async () => {
    const { redis, store } = line;
    const event = await line.event();
    for (let from = 1; from <= 1_601; from += 400) {
      await joinAt(store, event, seqsFrom(from, from + 399).map(person), at(0));
    }
    await store.setPhase(event, { action: 'pause', changeId: 'p', audit: '{}', nowUs: at(0) });
    await runAt(store, event, 1, { kind: 'expire', all: true });
    await joinAt(store, event, [person(1)], at(2));
    await pruneAt(event, 600.999);
    expect(await redis.hlen(event.keys.people)).toBe(2_000);
    expect(await redis.exists(event.keys.tombs, event.keys.rejoined)).toBe(2);
    await pruneAt(event, 601);
    expect(await redis.exists(event.keys.tombs, event.keys.rejoined)).toBe(0);
    for (let step = 0; step < 10; step += 1) await pruneAt(event, 602);
    expect(await redis.hlen(event.keys.people)).toBe(1);
    await expectSound(redis, event);
  });

  it('forgets a small tomb beside a big one, and then the big one', async () => {
    const { redis } = line;
    const event = await line.event();
    const blocks = 1_200;
    await redis.hset(event.keys.meta, { seq: blocks * 500, tombsUntil: atMs(602) });
    await redis.hset(event.keys.tombs, 'index', `aud_small ${atMs(601)} 12\naud_big ${atMs(602)} 600000`);
    for (let block = 0; block < blocks; block += 1) {
      await redis.hset(event.keys.tombs, `aud_big:${block}`, `${block * 500}-${block * 500 + 499}`);
      if (block % 100 === 0) await redis.hset(event.keys.tombs, `aud_small:${block}`, `${block * 500}`);
    }
    await pruneAt(event, 601);
    expect(await redis.hlen(event.keys.tombs)).toBe(1 + blocks);
    await pruneAt(event, 602);
    expect(await redis.exists(event.keys.tombs)).toBe(0);
    expect(await redis.hget(event.keys.meta, 'tombsUntil')).toBe('0');
  });

  it('leaves a tomb alone that is being given back, and others whose time is not over', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 4, at(0));
    const first = await runAt(store, event, 1, { kind: 'expire', seqs: [1] });
    const second = await runAt(store, event, 100, { kind: 'expire', seqs: [2, 3] });
    await startAt(store, event, 600, { kind: 'restore', undoes: first.auditId });
    await pruneAt(event, 650);
    await finishAt(store, event, 650);
    expect((await expectSound(redis, event)).get(1)).toBe('waiting');
    await pruneAt(event, 699);
    expect((await runAt(store, event, 699, { kind: 'restore', undoes: second.auditId })).places).toBe(2);
  });

  it('forgets questions with their answers after a minute, and notes after a day', async () => {
    const { redis, store } = line;
    const event = await line.event();
    const ask = (askId: string, sec: number) =>
      store.ask(event, { askId, what: 'seen', seq: 0, sinceMs: 0, nowUs: at(sec) });
    await ask('old', 0);
    await ask('new', 50);
    for (const askId of ['old', 'new']) {
      await store.answer(event, { askId, worker: 'w', payload: Buffer.from('x') });
    }
    await store.noteAudit(event, { noteId: 'n', record: '{}', nowUs: at(0) });
    await pruneAt(event, 60);
    expect((await redis.hkeys(event.keys.answers)).sort()).toEqual(['new', 'new:w']);
    await pruneAt(event, 86_399);
    expect(await redis.exists(event.keys.notes)).toBe(1);
    await pruneAt(event, 86_400);
    expect(await redis.exists(event.keys.notes, event.keys.answers)).toBe(0);
  });

  it('changes nothing for another incarnation', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, [person(1)], at(0));
    await store.leave(event, { seq: 1, nowUs: at(1) });
    await expect(pruneAt({ ...event, incarnation: 'other' }, 2)).rejects.toThrow('incarnation');
    expect(await redis.hlen(event.keys.people)).toBe(1);
  });
});
