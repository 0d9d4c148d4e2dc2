import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../src/queue/settings.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { runAt } from './jobs.ts';
import { at, digest, enterAt, joinAt, readJournal, sweepAt, useLine } from './line.ts';
import { expectSound, readStates } from './sound.ts';

describe('flush', () => {
  const line = useLine();
  const flushAt = (event: EventRef, sec: number, changeId = 'flush') =>
    line.store.flush(event, { changeId, audit: '{"action":"queue.flush"}', nowUs: at(sec) });
  const now = async (event: EventRef): Promise<EventRef> => ({
    ...event,
    incarnation: (await line.redis.hget(event.keys.meta, 'incarnation')) ?? '',
  });

  const statesOf = async (event: EventRef) => [...(await readStates(line.redis, event)).values()];

  /** A test event with places in every state. */
  async function busyEvent(): Promise<EventRef> {
    const { store } = line;
    const event = await line.event({ kind: 'test', capacity: 5, window: 3 });
    await joinAt(store, event, [{ person: digest('a') }, {}, {}, {}, {}, {}], at(0), 0);
    await enterAt(store, event, 1, at(0), { subject: digest('s') });
    await store.leave(event, { seq: 2, nowUs: at(0) });
    await runAt(store, event, 0, { kind: 'expire', seqs: [3] });
    await sweepAt(store, event, at(1));
    return event;
  }

  it('ends every place and forgets every grant, and the bucket is full', async () => {
    const { redis, store } = line;
    const event = await busyEvent();
    expect(await flushAt(event, 2)).toBe('flushed');
    const flushed = await now(event);
    expect(flushed.incarnation).not.toBe(event.incarnation);
    const states = await statesOf(event);
    expect(states).toEqual(Array(6).fill('expired'));
    const { meta, waiting, people, subjects, granted, tombs, arrivals, senders } = event.keys;
    expect(await redis.exists(waiting, people, subjects, granted, tombs, arrivals, senders)).toBe(0);
    expect(await redis.hmget(event.keys.bucket, 'tokens', 'overflow')).toEqual(['5000000', '0']);
    expect(parseSettings(await redis.hgetall(meta))).toMatchObject({
      life: 'life0001',
      revision: 1,
      phase: 'open',
    });
    for (const seq of [1, 2, 3, 4, 5, 6]) {
      expect(await enterAt(store, flushed, seq, at(3), { subject: digest('s') })).toEqual({
        word: 'expired',
      });
    }
    expect(await store.leave(flushed, { seq: 4, nowUs: at(3) })).toBe('expired');
  });

  it('gives no number twice, and lets the same people join and enter again', async () => {
    const { store } = line;
    const event = await busyEvent();
    await flushAt(event, 2);
    const flushed = await now(event);
    const reply = await joinAt(store, flushed, [{ person: digest('a') }], at(3));
    expect(reply).toMatchObject({ firstSeq: 7, waitingBefore: 0, exceptions: [] });
    expect(await enterAt(store, flushed, 7, at(3), { subject: digest('s') })).toMatchObject({
      word: 'granted',
    });
    expect(await enterAt(store, flushed, 8, at(3))).toEqual({ word: 'unknown' });
  });

  it('tells every replica to read the event anew, with the settings as they were', async () => {
    const { redis } = line;
    const event = await busyEvent();
    await flushAt(event, 2);
    const entry = (await readJournal(redis, event)).at(-1);
    if (entry?.kind !== 'settings') throw new Error('no settings in the journal');
    expect(parseSettings(entry.meta)).toEqual(parseSettings(await redis.hgetall(event.keys.meta)));
    expect(entry.tokensMicro).toBe(5_000_000);
    await expect(line.store.leave(event, { seq: 4 })).rejects.toThrow('incarnation');
  });

  it('refuses an event that is no test', async () => {
    const { redis } = line;
    const event = await line.event();
    await joinAt(line.store, event, 3, at(0));
    expect(await flushAt(event, 1)).toBe('refused');
    expect((await expectSound(redis, event)).size).toBe(3);
    expect(await redis.xlen(event.keys.audit)).toBe(1);
  });

  it('flushes once when it is sent again, and an empty event as well', async () => {
    const { redis, store } = line;
    const event = await line.event({ kind: 'test' });
    expect(await flushAt(event, 1)).toBe('flushed');
    const flushed = await now(event);
    await joinAt(store, flushed, 2, at(2));
    expect(await flushAt(event, 3)).toBe('flushed');
    expect(await flushAt(flushed, 3)).toBe('flushed');
    expect(await redis.hget(event.keys.meta, 'waiting')).toBe('2');
    expect(await redis.xlen(event.keys.audit)).toBe(2);
  });

  it('leaves a line of any length sound', async () => {
    for (let count = 1; count <= 9; count += 1) {
      const event = await line.event({ kind: 'test' });
      await joinAt(line.store, event, count, at(0));
      await flushAt(event, 1);
      expect(await statesOf(event)).toEqual(Array(count).fill('expired'));
    }
  });
});
