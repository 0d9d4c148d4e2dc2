import { describe, expect, it } from 'vitest';
import type { EventRef } from '../../src/queue/store.ts';
import { runAt } from './jobs.ts';
import { at, digest, enterAt, joinAt, useLine } from './line.ts';
import { expectSound } from './sound.ts';

describe('drop_line', () => {
  const line = useLine();
  const dropAt = (event: EventRef, sec: number) =>
    line.store.dropLine(event, { keepMs: 86_400_000, nowUs: at(sec) });
  const closeAt = (event: EventRef, sec: number) =>
    line.store.setPhase(event, { action: 'close', changeId: 'c', audit: '{}', nowUs: at(sec) });

  /** A closed event in which somebody entered and somebody was expired. */
  async function closedEvent(): Promise<EventRef> {
    const { store } = line;
    const event = await line.event();
    await joinAt(store, event, [{ person: digest('a') }, { person: digest('b') }, {}], at(0), 0);
    await enterAt(store, event, 1, at(0), { subject: digest('s') });
    await runAt(store, event, 1, { kind: 'expire', seqs: [2] });
    await closeAt(event, 10);
    return event;
  }

  it('forgets the people of an event a day after it closed, and keeps how their places ended', async () => {
    const { redis, store } = line;
    const event = await closedEvent();
    expect(await store.expire(event, { nowUs: at(1_900) })).toMatchObject({ expired: 1 });
    expect(await dropAt(event, 86_409.9)).toBe(false);
    expect(await dropAt(event, 86_410)).toBe(true);
    const { due, people, subjects, granted, arrivals, tombs, senders } = event.keys;
    expect(await redis.exists(due, people, subjects, granted, arrivals, tombs, senders)).toBe(0);
    expect([...(await expectSound(redis, event)).values()]).toEqual(['entered', 'expired', 'expired']);
    expect(await store.leave(event, { seq: 1 })).toBe('entered');
    expect((await store.versions(event)).length).toBe(2);
    expect(await dropAt(event, 90_000)).toBe(true);
  });

  it('keeps the line of an event that is open, or in which somebody still waits', async () => {
    const { redis, store } = line;
    const open = await line.event();
    await joinAt(store, open, 1, at(0));
    await store.leave(open, { seq: 1, nowUs: at(0) });
    expect(await dropAt(open, 1e6)).toBe(false);
    const waited = await closedEvent();
    expect(await dropAt(waited, 1e6)).toBe(false);
    expect(await redis.exists(waited.keys.people, open.keys.due)).toBe(2);
    await expect(dropAt({ ...open, incarnation: 'other' }, 1e6)).rejects.toThrow('incarnation');
  });

  it('goes on with new numbers where the event is opened again', async () => {
    const { redis, store } = line;
    const event = await closedEvent();
    await store.expire(event, { nowUs: at(1_900) });
    await dropAt(event, 90_000);
    await store.setPhase(event, { action: 'open', changeId: 'o', audit: '{}', nowUs: at(90_001) });
    expect(await joinAt(store, event, [{ person: digest('a') }], at(90_002))).toMatchObject({ firstSeq: 4 });
    expect(await enterAt(store, event, 4, at(90_002))).toMatchObject({ word: 'granted' });
    await expectSound(redis, event);
  });
});
