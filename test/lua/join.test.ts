import { describe, expect, it } from 'vitest';
import { joinBatchMax } from '../../src/contract/limits.ts';
import { packMembers } from '../../src/queue/join-members.ts';
import { runAt } from './jobs.ts';
import { at, atMs, digest, enterAt, hearAt, joinAt, readJournal, sweepAt, useLine } from './line.ts';
import { expectSound } from './sound.ts';

const body = Buffer.from('aaaa');

describe('join', () => {
  const line = useLine();

  it('gives consecutive places in the order of the batch', async () => {
    const { redis, store } = line;
    const event = await line.event();
    expect(await joinAt(store, event, 3, at(1))).toMatchObject({
      word: 'joined',
      firstSeq: 1,
      waitingBefore: 0,
      exceptions: [],
    });
    expect(await joinAt(store, event, 500, at(2))).toMatchObject({ firstSeq: 4, waitingBefore: 3 });
    expect(await redis.bitcount(event.keys.waiting)).toBe(503);
    expect(await redis.hmget(event.keys.meta, 'seq', 'waiting', 'n')).toEqual(['503', '503', '3']);
    expect((await readJournal(redis, event)).slice(1)).toEqual([
      { kind: 'joined', firstSeq: 1, count: 3, nowMs: at(1) / 1000 },
      { kind: 'joined', firstSeq: 4, count: 500, nowMs: at(2) / 1000 },
    ]);
  });

  it('gives the same reply to a batch that is sent again', async () => {
    const { redis, store } = line;
    const event = await line.event();
    const batch = {
      sender: 'w1',
      batchNo: 7,
      dueMs: 1,
      members: packMembers([{}, { person: digest('a') }]),
      nowUs: at(1),
    };
    const first = await store.join(event, batch);
    expect(await store.join(event, { ...batch, nowUs: at(9) })).toEqual(first);
    expect(await redis.hget(event.keys.meta, 'seq')).toBe('2');
  });

  it('holds one place for a person, also within one batch, without failing the others', async () => {
    const { redis, store } = line;
    const event = await line.event();
    const reply = await joinAt(
      store,
      event,
      [{ person: digest('a') }, {}, { person: digest('a') }, {}],
      at(1),
    );
    expect(reply).toMatchObject({
      firstSeq: 1,
      exceptions: [{ member: 2, what: 1, seq: 1, joinedMs: at(1) / 1000 }],
    });
    expect(await redis.hget(event.keys.meta, 'seq')).toBe('3');
  });

  it('tells a repeated key from one that is used with another body', async () => {
    const { store } = line;
    const event = await line.event();
    await joinAt(store, event, [{ key: digest('k'), body }], at(1));
    const reply = await joinAt(
      store,
      event,
      [
        { key: digest('k'), body },
        { key: digest('k'), body: Buffer.from('bbbb') },
      ],
      at(2),
    );
    expect(reply).toMatchObject({
      exceptions: [
        { member: 0, what: 0, seq: 1 },
        { member: 1, what: 2, seq: 1 },
      ],
    });
  });

  it('frees person and key once their place has ended', async () => {
    const { store } = line;
    const event = await line.event();
    await joinAt(store, event, [{ person: digest('a'), key: digest('k'), body }], at(1));
    await store.leave(event, { seq: 1 });
    expect(
      await joinAt(store, event, [{ person: digest('a'), key: digest('k'), body }], at(2)),
    ).toMatchObject({
      firstSeq: 2,
      exceptions: [],
    });
  });

  it('is full at maxWaiting, member by member', async () => {
    const { redis, store } = line;
    const event = await line.event({ maxWaiting: 2 });
    expect(await joinAt(store, event, 3, at(1))).toMatchObject({ exceptions: [{ member: 2, what: 3 }] });
    expect(await redis.hget(event.keys.meta, 'waiting')).toBe('2');
  });

  it('is scheduled, then prequeue, by Redis time alone', async () => {
    const { store } = line;
    const event = await line.event({ opensAtMs: at(20) / 1000, prequeueFromMs: at(10) / 1000 });
    expect(await joinAt(store, event, 1, at(9.999))).toEqual({ word: 'scheduled', opensAtMs: at(20) / 1000 });
    expect(await joinAt(store, event, 1, at(10))).toMatchObject({ word: 'joined' });
  });

  it('refuses when draining or closed', async () => {
    const { store } = line;
    const event = await line.event();
    await store.setPhase(event, { action: 'drain', changeId: 'c1', audit: '{}' });
    expect(await joinAt(store, event, 1, at(1))).toEqual({ word: 'closed' });
  });

  it('changes nothing for another incarnation', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await expect(joinAt(store, { ...event, incarnation: 'other' }, 1, at(1))).rejects.toThrow('incarnation');
    expect(await redis.hget(event.keys.meta, 'seq')).toBe('0');
  });

  it('gives one place to a person who joins from many gateways at once', async () => {
    const { redis, store } = line;
    const event = await line.event();
    const members = packMembers([{ person: digest('a') }]);
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, gateway) =>
        store.join(event, { sender: `g${gateway}`, batchNo: 1, dueMs: 1, members, nowUs: at(1) }),
      ),
    );
    const isNew = replies.filter((reply) => reply.word === 'joined' && reply.exceptions.length === 0);
    expect(isNew.length).toBe(1);
    expect((await expectSound(redis, event)).size).toBe(1);
  });

  it('makes no place of a copy that comes after the next batch of its sender', async () => {
    const { redis, store } = line;
    const event = await line.event();
    const batch = { sender: 'w1', batchNo: 9, dueMs: 1, members: packMembers([{}]), nowUs: at(1) };
    await store.join(event, batch);
    await store.join(event, { ...batch, batchNo: 10 });
    await expect(store.join(event, batch)).rejects.toThrow('late');
    expect(await redis.hget(event.keys.meta, 'seq')).toBe('2');
  });

  it('gives a batch that is sent again its reply also after the event was closed', async () => {
    const { store } = line;
    const event = await line.event();
    const batch = { sender: 'w1', batchNo: 7, dueMs: 1, members: packMembers([{}]), nowUs: at(1) };
    const first = await store.join(event, batch);
    await store.setPhase(event, { action: 'close', changeId: 'c', audit: '{}', nowUs: at(2) });
    expect(await store.join(event, batch)).toEqual(first);
    expect(await store.join(event, { ...batch, batchNo: 8 })).toEqual({ word: 'closed' });
  });

  it('keeps the place of a person who is away', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, [{ person: digest('a') }, {}], at(0), 0);
    await hearAt(store, event, [2], at(1));
    await sweepAt(store, event, at(2));
    const reply = await joinAt(store, event, [{ person: digest('a') }], at(3));
    expect(reply).toMatchObject({ exceptions: [{ what: 1, seq: 1, joinedMs: atMs(0) }] });
    expect([...(await expectSound(redis, event)).values()]).toEqual(['silent', 'waiting']);
  });

  it('answers a key for its place, whoever else the member says they are', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(
      store,
      event,
      [{ person: digest('a'), key: digest('k'), body }, { person: digest('b') }],
      at(1),
    );
    const reply = await joinAt(store, event, [{ person: digest('b'), key: digest('k'), body }], at(2));
    expect(reply).toMatchObject({ exceptions: [{ what: 0, seq: 1 }] });
    const other = await joinAt(store, event, [{ person: digest('a'), key: digest('new'), body }], at(2));
    expect(other).toMatchObject({ exceptions: [{ what: 1, seq: 1 }] });
    await expectSound(redis, event);
  });

  it('marks every place of any batch, and none besides', async () => {
    const { redis, store } = line;
    const event = await line.event();
    let joined = 0;
    for (const size of [1, 7, 8, 47, 48, 49, 95, 96, 97, 499, 500, 3]) {
      await joinAt(store, event, size, at(1));
      joined += size;
      expect((await expectSound(redis, event)).size).toBe(joined);
    }
  });

  it('takes the largest batch, of people with keys', async () => {
    const { redis, store } = line;
    const event = await line.event();
    const members = Array.from({ length: joinBatchMax }, (_, index) => ({
      person: digest(`person ${index}`),
      key: digest(`key ${index}`),
      body,
    }));
    expect(await joinAt(store, event, members, at(1))).toMatchObject({ firstSeq: 1, exceptions: [] });
    expect(await redis.hlen(event.keys.people)).toBe(2 * joinBatchMax);
    const exceptions = members.map((_, member) => ({
      member,
      what: 0,
      seq: member + 1,
      joinedMs: at(1) / 1000,
    }));
    expect(await joinAt(store, event, members, at(2))).toMatchObject({ exceptions });
    expect((await expectSound(redis, event)).size).toBe(joinBatchMax);
  });

  it('counts those who are away among those who take room', async () => {
    const { store } = line;
    const event = await line.event({ maxWaiting: 3 });
    await joinAt(store, event, 2, at(0), 0);
    await hearAt(store, event, [2], at(1));
    await sweepAt(store, event, at(2));
    expect(await joinAt(store, event, 2, at(3))).toMatchObject({ exceptions: [{ member: 1, what: 3 }] });
    await store.leave(event, { seq: 1, nowUs: at(4) });
    expect(await joinAt(store, event, 1, at(5))).toMatchObject({ exceptions: [] });
  });

  it('notes when which places came, once a second at most', async () => {
    const { store } = line;
    const event = await line.event();
    const arrivals = async (from = 0) => {
      const bytes = await store.arrivals(event, from);
      return Array.from({ length: bytes.length / 8 }, (_, index) => [
        bytes.readUInt32BE(index * 8),
        bytes.readUInt32BE(index * 8 + 4),
      ]);
    };
    expect(await arrivals()).toEqual([]);
    for (const sec of [0.5, 0.9, 1.4, 1.5, 1.6, 7]) await joinAt(store, event, 10, at(sec));
    expect(await arrivals()).toEqual([
      [1, 5],
      [21, 14],
      [51, 70],
    ]);
    expect(await arrivals(16)).toEqual([[51, 70]]);
    // On its third day a record stands for three seconds.
    const day = 86_400;
    for (const sec of [0, 1, 2, 3, 4]) await joinAt(store, event, 1, at(3 * day + sec));
    expect((await arrivals(24)).map(([, ds = 0]) => ds / 10 - 3 * day)).toEqual([0, 3]);
    expect(await arrivals(8_000)).toEqual([]);
  });

  it('notes nobody who joins again unless an expiry can be undone', async () => {
    const { redis, store } = line;
    const event = await line.event();
    const person = { person: digest('a') };
    await joinAt(store, event, [person], at(0));
    await store.leave(event, { seq: 1, nowUs: at(1) });
    await joinAt(store, event, [person], at(2));
    expect(await redis.exists(event.keys.rejoined)).toBe(0);
    await runAt(store, event, 3, { kind: 'expire', seqs: [2] });
    await joinAt(store, event, [person], at(604));
    expect(await redis.exists(event.keys.rejoined)).toBe(0);
  });

  it('gives no other place to a person who has entered, also by an anonymous place', async () => {
    const { store } = line;
    const event = await line.event();
    const [ann, ben] = [digest('ann'), digest('ben')];
    await joinAt(store, event, [{ person: ann }, {}], at(0));
    expect(await enterAt(store, event, 1, at(1), { subject: ann })).toMatchObject({ word: 'granted' });
    expect(await enterAt(store, event, 2, at(1), { subject: ben })).toMatchObject({ word: 'granted' });
    const again = await joinAt(store, event, [{ person: ann }, {}, { person: ben }], at(40));
    expect(again).toMatchObject({
      firstSeq: 3,
      exceptions: [
        { member: 0, what: 4 },
        { member: 2, what: 4 },
      ],
    });
  });

  it('says when the silence of each place begins', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 2, at(1), 24_050);
    const due = await redis.getrangeBuffer(event.keys.due, 4, 11);
    expect([due.readUInt32BE(0), due.readUInt32BE(4)]).toEqual([251, 251]);
  });
});
