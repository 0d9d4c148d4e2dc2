import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RedisClient } from '../../src/redis/client.ts';
import type { Store } from '../../src/queue/store.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { packMembers } from '../../src/queue/join-members.ts';
import { at, beginAt, freshEvent, joinAt, openStore, readJournal } from './line.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest().subarray(0, 16);
const body = Buffer.from('aaaa');

describe('join', () => {
  let server: TestRedis;
  let redis: RedisClient;
  let store: Store;
  beforeAll(async () => {
    server = await startRedis();
    ({ redis, store } = await openStore(server.port));
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  it('gives consecutive places in the order of the batch', async () => {
    const event = await freshEvent(store);
    await beginAt(redis, event);
    expect(await joinAt(store, event, 3, at(1))).toMatchObject({ word: 'joined', firstSeq: 1, waitingBefore: 0, exceptions: [] });
    expect(await joinAt(store, event, 500, at(2))).toMatchObject({ firstSeq: 4, waitingBefore: 3 });
    expect(await redis.bitcount(event.keys.waiting)).toBe(503);
    expect(await redis.hmget(event.keys.meta, 'seq', 'waiting', 'n')).toEqual(['503', '503', '3']);
    expect((await readJournal(redis, event)).slice(1)).toEqual([
      { kind: 'joined', firstSeq: 1, count: 3, nowMs: at(1) / 1000 },
      { kind: 'joined', firstSeq: 4, count: 500, nowMs: at(2) / 1000 },
    ]);
  });

  it('gives the same reply to a batch that is sent again', async () => {
    const event = await freshEvent(store);
    const batch = { sender: 'w1', batchNo: 7, dueMs: 1, members: packMembers([{}, { person: digest('a') }]), nowUs: at(1) };
    const first = await store.join(event, batch);
    expect(await store.join(event, { ...batch, nowUs: at(9) })).toEqual(first);
    expect(await redis.hget(event.keys.meta, 'seq')).toBe('2');
  });

  it('holds one place for a person, also within one batch, without failing the others', async () => {
    const event = await freshEvent(store);
    const reply = await joinAt(store, event, [{ person: digest('a') }, {}, { person: digest('a') }, {}], at(1));
    expect(reply).toMatchObject({ firstSeq: 1, exceptions: [{ member: 2, what: 1, seq: 1, joinedMs: at(1) / 1000 }] });
    expect(await redis.hget(event.keys.meta, 'seq')).toBe('3');
  });

  it('tells a repeated key from one that is used with another body', async () => {
    const event = await freshEvent(store);
    await joinAt(store, event, [{ key: digest('k'), body }], at(1));
    const reply = await joinAt(store, event, [{ key: digest('k'), body }, { key: digest('k'), body: Buffer.from('bbbb') }], at(2));
    expect(reply).toMatchObject({ exceptions: [{ member: 0, what: 0, seq: 1 }, { member: 1, what: 2, seq: 1 }] });
  });

  it('frees person and key once their place has ended', async () => {
    const event = await freshEvent(store);
    await joinAt(store, event, [{ person: digest('a'), key: digest('k'), body }], at(1));
    await store.leave(event, { seq: 1 });
    expect(await joinAt(store, event, [{ person: digest('a'), key: digest('k'), body }], at(2))).toMatchObject({
      firstSeq: 2,
      exceptions: [],
    });
  });

  it('is full at maxWaiting, member by member', async () => {
    const event = await freshEvent(store, { maxWaiting: 2 });
    expect(await joinAt(store, event, 3, at(1))).toMatchObject({ exceptions: [{ member: 2, what: 3 }] });
    expect(await redis.hget(event.keys.meta, 'waiting')).toBe('2');
  });

  it('is scheduled, then prequeue, by Redis time alone', async () => {
    const event = await freshEvent(store, { opensAtMs: at(20) / 1000, prequeueFromMs: at(10) / 1000 });
    expect(await joinAt(store, event, 1, at(9.999))).toEqual({ word: 'scheduled', opensAtMs: at(20) / 1000 });
    expect(await joinAt(store, event, 1, at(10))).toMatchObject({ word: 'joined' });
  });

  it('refuses when draining or closed', async () => {
    const event = await freshEvent(store);
    await store.setPhase(event, { action: 'drain', changeId: 'c1', audit: '{}' });
    expect(await joinAt(store, event, 1, at(1))).toEqual({ word: 'closed' });
  });

  it('changes nothing for another incarnation', async () => {
    const event = await freshEvent(store);
    await expect(joinAt(store, { ...event, incarnation: 'other' }, 1, at(1))).rejects.toThrow('incarnation');
    expect(await redis.hget(event.keys.meta, 'seq')).toBe('0');
  });
});
