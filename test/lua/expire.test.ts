import { describe, expect, it } from 'vitest';
import type { EventRef } from '../../src/queue/store.ts';
import { at, atMs, hearAt, joinAt, joinMany, readJournal, seqsFrom, sweepAt, useLine } from './line.ts';
import { expectSound } from './sound.ts';

describe('expire', () => {
  const line = useLine();
  const expireAt = (event: EventRef, sec: number, limit = 500) =>
    line.store.expire(event, { limit, nowUs: at(sec) });
  /** Calls until nothing more expires for so many calls in a row: a cursor needs several to walk a long line. */
  async function expireAll(event: EventRef, sec: number, quiet = 5): Promise<number> {
    let total = 0;
    for (let idle = 0; idle < quiet; ) {
      const { expired } = await expireAt(event, sec);
      total += expired;
      idle = expired === 0 ? idle + 1 : 0;
    }
    return total;
  }

  it('ends places near the front that were silent for 300 s, and no second earlier', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 3, at(0), 10_000);
    await hearAt(store, event, [2], at(100));
    expect(await expireAt(event, 309.9)).toEqual({ expired: 0, more: false });
    expect(await expireAt(event, 310)).toEqual({ expired: 2, more: false });
    expect((await readJournal(redis, event)).at(-1)).toEqual({
      kind: 'expired',
      nowMs: atMs(310),
      seqs: [1, 3],
    });
    expect([...(await expectSound(redis, event)).values()]).toEqual(['expired', 'waiting', 'expired']);
  });

  it('gives those beyond two windows 1,800 s', async () => {
    const { redis, store } = line;
    const event = await line.event({ window: 10 });
    await joinAt(store, event, 30, at(0), 0);
    await hearAt(store, event, seqsFrom(1, 20), at(300));
    expect(await expireAll(event, 600)).toBe(0);
    await hearAt(store, event, seqsFrom(1, 20), at(1_799));
    expect(await expireAll(event, 1_799.9)).toBe(0);
    expect(await expireAll(event, 1_800)).toBe(10);
    const states = await expectSound(redis, event);
    expect(seqsFrom(1, 20).every((seq) => states.get(seq) === 'waiting')).toBe(true);
  });

  it('ends those who are away, after 300 s of silence', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 3, at(0), 0);
    await hearAt(store, event, [3], at(1), 600);
    await sweepAt(store, event, at(2));
    expect(await expireAt(event, 299.9)).toEqual({ expired: 0, more: false });
    expect(await expireAt(event, 300)).toEqual({ expired: 2, more: false });
    expect(await redis.zcard(event.keys.away)).toBe(0);
    expect([...(await expectSound(redis, event)).values()]).toEqual(['expired', 'expired', 'waiting']);
  });

  it('keeps away people who go on polling, and finds the silent ones among a crowd of them', async () => {
    const { redis, store } = line;
    const event = await line.event({ window: 2_000, capacity: 2_000, claimMs: 1_000 });
    await joinMany(store, event, 1_600, at(0), 10_000);
    await sweepAt(store, event, at(0));
    for (let batch = 0; batch < 4; batch += 1) await sweepAt(store, event, at(2));
    expect(await redis.zcard(event.keys.away)).toBe(1_600);
    await hearAt(store, event, seqsFrom(1, 1_500), at(300));
    expect(await expireAll(event, 310)).toBe(100);
    const states = await expectSound(redis, event);
    expect(seqsFrom(1, 1_500).every((seq) => states.get(seq) === 'unclaimed')).toBe(true);
  });

  it('moves at most about so many as asked, and says that there is more', async () => {
    const { redis, store } = line;
    const event = await line.event({ window: 1_000 });
    await joinMany(store, event, 700, at(0), 0);
    expect(await expireAt(event, 300)).toEqual({ expired: 500, more: true });
    expect(await expireAt(event, 300)).toEqual({ expired: 200, more: false });
    await expectSound(redis, event);
  });

  it('walks a long line to its end and begins again', async () => {
    const { redis, store } = line;
    const event = await line.event({ window: 10 });
    await joinMany(store, event, 7_000, at(0), 2_000_000);
    const late = [20, 2_500, 4_999, 7_000];
    await hearAt(store, event, late, at(0), 0);
    expect(await expireAll(event, 1_800)).toBe(4);
    await hearAt(store, event, [3_000], at(0), 0);
    expect(await expireAll(event, 1_800)).toBe(1);
    const states = await expectSound(redis, event);
    expect([...late, 3_000].map((seq) => states.get(seq))).toEqual(Array(5).fill('expired'));
  });

  it('ends nobody for 300 s after a time in which nobody could be heard', async () => {
    const { store } = line;
    const event = await line.event({ window: 1 });
    await joinAt(store, event, 3, at(0), 0);
    await hearAt(store, event, [2, 3], at(0), 300);
    await sweepAt(store, event, at(1));
    // Redis was away for six minutes: the next sweep notices the gap.
    await sweepAt(store, event, at(361));
    expect(await expireAll(event, 660.9)).toBe(0);
    expect(await expireAll(event, 661)).toBe(3);
  });

  it('changes nothing for another incarnation', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 1, at(0), 0);
    await expect(expireAt({ ...event, incarnation: 'other' }, 999)).rejects.toThrow('incarnation');
    expect([...(await expectSound(redis, event)).values()]).toEqual(['waiting']);
  });
});
