import { describe, expect, it } from 'vitest';
import { runAt } from './jobs.ts';
import { at, atMs, joinAt, useLine } from './line.ts';

describe('delete_event', () => {
  const line = useLine();

  it('deletes every key of an event that is closed', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 5, at(0));
    await runAt(store, event, 1, { kind: 'expire', seqs: [1] });
    expect(await store.deleteEvent(event, { nowUs: at(2) })).toBe('refused');
    expect(await redis.exists(event.keys.meta)).toBe(1);
    const close = { action: 'close', changeId: 'c', audit: '{}' } as const;
    await store.setPhase(event, { ...close, nowUs: at(3) });
    expect(await store.deleteEvent(event, { nowUs: at(4) })).toBe('deleted');
    const { mark, ...rest } = event.keys;
    expect(await redis.exists(...Object.values(rest))).toBe(0);
    expect([await redis.get(mark), await redis.ttl(mark)]).toEqual(['deleted', 86_400]);
    await expect(store.deleteEvent(event)).rejects.toThrow('gone');
  });

  it('deletes an event that time has closed, though nobody wrote it down', async () => {
    const { store } = line;
    const event = await line.event();
    const drain = { action: 'drain', deadlineMs: 5_000, changeId: 'c', audit: '{}' } as const;
    await store.setPhase(event, { ...drain, nowUs: at(0) });
    expect(await store.deleteEvent(event, { nowUs: at(4.9) })).toBe('refused');
    expect(await store.deleteEvent(event, { nowUs: at(5) })).toBe('deleted');
  });

  it('deletes a test event in any phase, but not one of another incarnation', async () => {
    const { store } = line;
    const event = await line.event({ kind: 'test', opensAtMs: atMs(100) });
    await expect(store.deleteEvent({ ...event, incarnation: 'other' })).rejects.toThrow('incarnation');
    expect(await store.deleteEvent(event, { nowUs: at(1) })).toBe('deleted');
  });
});
