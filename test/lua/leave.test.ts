import { describe, expect, it } from 'vitest';
import { at, atMs, enterAt, hearAt, joinAt, readJournal, sweepAt, useLine } from './line.ts';
import { expectSound } from './sound.ts';

describe('leave', () => {
  const line = useLine();

  it('ends a waiting place once; again gives the same answer', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 3, at(0));
    expect(await store.leave(event, { seq: 2, nowUs: at(1) })).toBe('left');
    expect(await store.leave(event, { seq: 2, nowUs: at(2) })).toBe('left');
    expect((await readJournal(redis, event)).slice(2)).toEqual([{ kind: 'left', seq: 2, nowMs: atMs(1) }]);
    expect([...(await expectSound(redis, event)).values()]).toEqual(['waiting', 'left', 'waiting']);
  });

  it('moves everybody behind one position forward', async () => {
    const { store } = line;
    const event = await line.event({ window: 1 });
    await joinAt(store, event, 3, at(0));
    await store.leave(event, { seq: 1, nowUs: at(1) });
    expect(await enterAt(store, event, 3, at(2))).toMatchObject({ reason: 'window', position: 2 });
  });

  it('ends a place that is away without touching the count of those waiting', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 2, at(0), 0);
    await hearAt(store, event, [2], at(1));
    await sweepAt(store, event, at(2));
    expect(await store.leave(event, { seq: 1, nowUs: at(3) })).toBe('left');
    expect(await redis.hget(event.keys.meta, 'waiting')).toBe('1');
    expect([...(await expectSound(redis, event)).values()]).toEqual(['left', 'waiting']);
  });

  it('leaves a place as it ended', async () => {
    const { redis, store } = line;
    const event = await line.event({ expireNearMs: 1_000 });
    await joinAt(store, event, 2, at(0), 0);
    await enterAt(store, event, 1, at(1));
    await store.expire(event, { nowUs: at(5) });
    expect(await store.leave(event, { seq: 1, nowUs: at(6) })).toBe('entered');
    expect(await store.leave(event, { seq: 2, nowUs: at(6) })).toBe('expired');
    expect(await store.leave(event, { seq: 3, nowUs: at(6) })).toBe('unknown');
    expect([...(await expectSound(redis, event)).values()]).toEqual(['entered', 'expired']);
  });

  it('takes no token', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 1, at(0));
    const before = await redis.hgetall(event.keys.bucket);
    await store.leave(event, { seq: 1, nowUs: at(1) });
    expect(await redis.hgetall(event.keys.bucket)).toEqual(before);
  });

  it('changes nothing for another incarnation', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 1, at(0));
    await expect(store.leave({ ...event, incarnation: 'other' }, { seq: 1 })).rejects.toThrow('incarnation');
    expect([...(await expectSound(redis, event)).values()]).toEqual(['waiting']);
  });
});
