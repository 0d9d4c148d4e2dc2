import { describe, expect, it } from 'vitest';
import {
  at,
  atMs,
  digest,
  enterAt,
  hearAt,
  joinAt,
  joinMany,
  readJournal,
  sweepAt,
  useLine,
} from './line.ts';
import { expectSound } from './sound.ts';

const alice = digest('alice');
const bob = digest('bob');

describe('enter', () => {
  const line = useLine();

  it('lets a place through, takes one token and says so in the journal', async () => {
    const { redis, store } = line;
    const event = await line.event({ capacity: 5 });
    await joinAt(store, event, 3, at(0));
    const granted = { word: 'granted', grantedMs: atMs(0.000001), nowMs: atMs(0) };
    expect(await enterAt(store, event, 2, at(0.000001))).toEqual(granted);
    expect((await readJournal(redis, event)).at(-1)).toEqual({
      kind: 'entered',
      seq: 2,
      tokensMicro: 4_000_000,
      refilledAtUs: at(0.000001),
      wasAway: false,
    });
    expect(await redis.hgetall(event.keys.admits)).toEqual({ [String(Math.floor(atMs(0) / 10_000))]: '1' });
    expect([...(await expectSound(redis, event)).values()]).toEqual(['waiting', 'entered', 'waiting']);
  });

  it('asks each tier for its wait, to the millisecond', async () => {
    const { store } = line;
    const event = await line.event({ capacity: 1000 });
    await joinAt(store, event, 100, at(0));
    const tiers = [
      { position: 10, waitMs: 0 },
      { position: 11, waitMs: 2_000 },
      { position: 50, waitMs: 2_000 },
      { position: 51, waitMs: 5_000 },
      { position: 100, waitMs: 5_000 },
    ];
    // From the back, so that nobody's position changes before their turn in this test.
    for (const { position, waitMs } of tiers.toReversed()) {
      const joinedMs = atMs(10) - waitMs;
      if (waitMs > 0) {
        const early = await enterAt(store, event, position, at(10), { joinedMs: joinedMs + 1 });
        expect(early, `position ${position}`).toEqual({
          word: 'denied',
          reason: 'waited',
          position,
          cause: '',
        });
      }
      expect(await enterAt(store, event, position, at(10), { joinedMs })).toMatchObject({ word: 'granted' });
    }
  });

  it('asks nobody to wait again who joined before the clock was set back', async () => {
    const { store } = line;
    const event = await line.event({ capacity: 1000 });
    await joinAt(store, event, 60, at(40));
    expect(await enterAt(store, event, 60, at(10), { joinedMs: atMs(40) })).toMatchObject({
      word: 'granted',
    });
    expect(await enterAt(store, event, 59, at(40), { joinedMs: atMs(40) })).toMatchObject({
      reason: 'waited',
    });
  });

  it('lets nobody through from behind the window', async () => {
    const { store } = line;
    const event = await line.event({ capacity: 1000, window: 20 });
    await joinAt(store, event, 30, at(0));
    const denied = { word: 'denied', reason: 'window', position: 21, cause: '' };
    expect(await enterAt(store, event, 21, at(10))).toEqual(denied);
    expect(await enterAt(store, event, 20, at(10))).toMatchObject({ word: 'granted' });
    expect(await enterAt(store, event, 21, at(10))).toMatchObject({ word: 'granted' });
  });

  it('has by default a window of 100 places, or of 4 s of refill where that is more', async () => {
    const { store } = line;
    const slow = await line.event({ capacity: 1000 });
    const fast = await line.event({ capacity: 1000, refillPerSec: 50.25 });
    for (const [event, window] of [[slow, 100] as const, [fast, 201] as const]) {
      await joinMany(store, event, 300, at(0));
      expect(await enterAt(store, event, window + 1, at(10))).toMatchObject({ reason: 'window' });
      expect(await enterAt(store, event, window, at(10))).toMatchObject({ word: 'granted' });
    }
  });

  it('needs a token for everybody in front too', async () => {
    const { redis, store } = line;
    const event = await line.event({ capacity: 20, refillPerSec: 1 });
    await joinAt(store, event, 30, at(0));
    expect(await enterAt(store, event, 21, at(10))).toMatchObject({ reason: 'tokens', position: 21 });
    expect(await enterAt(store, event, 20, at(10))).toMatchObject({ word: 'granted' });
    expect(await redis.hget(event.keys.bucket, 'tokens')).toBe('19000000');
    // 19 tokens, and one more after exactly a second: then position 20 may go, not a microsecond before.
    expect(await enterAt(store, event, 21, at(11) - 1)).toMatchObject({ reason: 'tokens', position: 20 });
    expect(await enterAt(store, event, 21, at(11))).toMatchObject({ word: 'granted' });
  });

  it('lets positions 1 to 10 overdraw the bucket by ten tokens, and nobody else', async () => {
    const { redis, store } = line;
    const event = await line.event({ capacity: 1, refillPerSec: 0.1 });
    await joinAt(store, event, 30, at(0));
    expect(await enterAt(store, event, 11, at(0))).toMatchObject({ reason: 'tokens', position: 11 });
    // One token and D = 10: position 10 goes first, then each first of the line until 11 have gone.
    expect(await enterAt(store, event, 10, at(0))).toMatchObject({ word: 'granted' });
    for (let seq = 1; seq <= 9; seq += 1) {
      expect(await enterAt(store, event, seq, at(0))).toMatchObject({ word: 'granted' });
    }
    expect(await enterAt(store, event, 12, at(0))).toMatchObject({ reason: 'tokens', position: 2 });
    expect(await enterAt(store, event, 11, at(0))).toMatchObject({ word: 'granted' });
    expect(await redis.hget(event.keys.bucket, 'tokens')).toBe('-10000000');
    expect(await enterAt(store, event, 12, at(10) - 1)).toMatchObject({ reason: 'tokens', position: 1 });
    expect(await enterAt(store, event, 12, at(10))).toMatchObject({ word: 'granted' });
    await expectSound(redis, event);
  });

  it('writes nothing to the bucket when it refuses', async () => {
    const { redis, store } = line;
    const event = await line.event({ capacity: 1, refillPerSec: 0.3 });
    await joinAt(store, event, 30, at(0));
    const before = await redis.hgetall(event.keys.bucket);
    for (let sec = 0; sec < 1; sec += 0.01) await enterAt(store, event, 30, at(sec));
    expect(await redis.hgetall(event.keys.bucket)).toEqual(before);
  });

  it('refuses while paused, not yet open or closed, and says which', async () => {
    const { store } = line;
    const event = await line.event({ opensAtMs: atMs(20), prequeueFromMs: atMs(0) });
    await joinAt(store, event, 1, at(1));
    expect(await enterAt(store, event, 1, at(20) - 1000)).toMatchObject({
      word: 'denied',
      reason: 'not_open',
    });
    await store.setPhase(event, { action: 'pause', changeId: 'p', audit: '{}', nowUs: at(20) });
    expect(await enterAt(store, event, 1, at(20))).toMatchObject({ word: 'denied', reason: 'paused' });
    await store.setPhase(event, { action: 'close', changeId: 'c', audit: '{}', nowUs: at(21) });
    expect(await enterAt(store, event, 1, at(21))).toEqual({ word: 'closed' });
  });

  it('opens at the second that was announced, with nobody there to open it', async () => {
    const { store } = line;
    const event = await line.event({ opensAtMs: atMs(20), prequeueFromMs: atMs(0) });
    await joinAt(store, event, 1, at(1));
    expect(await enterAt(store, event, 1, at(20))).toMatchObject({ word: 'granted' });
  });

  it('goes on while draining, until the deadline', async () => {
    const { store } = line;
    const event = await line.event();
    await joinAt(store, event, 2, at(0));
    const drain = { action: 'drain', deadlineMs: 10_000, changeId: 'd', audit: '{}', nowUs: at(1) } as const;
    await store.setPhase(event, drain);
    expect(await enterAt(store, event, 1, at(11) - 1000)).toMatchObject({ word: 'granted' });
    expect(await enterAt(store, event, 2, at(11))).toEqual({ word: 'closed' });
  });

  it('answers a repeat within 30 s with the same grant, also after closing, and later with entered', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 1, at(0));
    await enterAt(store, event, 1, at(1), { subject: alice });
    const repeat = (sec: number) => enterAt(store, event, 1, at(sec), { subject: alice });
    expect(await repeat(5)).toEqual({ word: 'granted', grantedMs: atMs(1), nowMs: atMs(5) });
    await store.setPhase(event, { action: 'close', changeId: 'c', audit: '{}', nowUs: at(6) });
    expect(await repeat(30.999)).toEqual({ word: 'granted', grantedMs: atMs(1), nowMs: atMs(30.999) });
    expect(await repeat(31)).toEqual({ word: 'entered' });
    await store.prune(event, { nowUs: at(40) });
    expect(await repeat(40)).toEqual({ word: 'entered' });
    await expectSound(redis, event);
  });

  it('grants once, however many copies of the request race', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 1, at(0));
    const replies = await Promise.all(Array.from({ length: 50 }, () => enterAt(store, event, 1, at(1))));
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1);
    expect(await redis.hget(event.keys.bucket, 'tokens')).toBe('99000000');
    await expectSound(redis, event);
  });

  it('is not yours for another subject than the one that entered', async () => {
    const { store } = line;
    const event = await line.event();
    await joinAt(store, event, 1, at(0));
    await enterAt(store, event, 1, at(1), { subject: alice });
    expect(await enterAt(store, event, 1, at(2), { subject: bob })).toEqual({ word: 'not_yours' });
  });

  it('is not yours without a subject where one has entered; where none has, anybody repeats it', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 2, at(0));
    await enterAt(store, event, 1, at(1), { subject: alice });
    const grant = { word: 'granted', grantedMs: atMs(3) };
    expect(await enterAt(store, event, 2, at(3))).toMatchObject(grant);
    expect(await enterAt(store, event, 1, at(3))).toEqual({ word: 'not_yours' });
    expect(await enterAt(store, event, 1, at(3), { subject: alice })).toMatchObject({ grantedMs: atMs(1) });
    expect(await enterAt(store, event, 2, at(4))).toMatchObject(grant);
    expect(await enterAt(store, event, 1, at(30.999))).toEqual({ word: 'not_yours' });
    await store.prune(event, { nowUs: at(30.999) });
    expect(await enterAt(store, event, 1, at(30.999))).toEqual({ word: 'not_yours' });
    await store.prune(event, { nowUs: at(40) });
    expect(await redis.zcard(event.keys.granted)).toBe(0);
    expect(await enterAt(store, event, 1, at(40))).toEqual({ word: 'entered' });
  });

  it('grants a subject once, however many places they took', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 2, at(0));
    await enterAt(store, event, 1, at(1), { subject: alice });
    expect(await enterAt(store, event, 2, at(2), { subject: alice })).toEqual({ word: 'subject_entered' });
    expect(await enterAt(store, event, 2, at(2), { subject: bob })).toMatchObject({ word: 'granted' });
    await expectSound(redis, event);
  });

  it('says how a place ended, and that it knows nothing of one that was never given', async () => {
    const { store } = line;
    const event = await line.event({ expireNearMs: 1_000 });
    await joinAt(store, event, 2, at(0), 0);
    await store.leave(event, { seq: 1, nowUs: at(1) });
    await store.expire(event, { nowUs: at(2) });
    expect(await enterAt(store, event, 1, at(3))).toEqual({ word: 'left' });
    expect(await enterAt(store, event, 2, at(3))).toEqual({ word: 'expired' });
    expect(await enterAt(store, event, 3, at(3))).toEqual({ word: 'unknown' });
    expect(await enterAt(store, event, 0, at(3))).toEqual({ word: 'unknown' });
  });

  it('is presence: a refused place is due anew', async () => {
    const { redis, store } = line;
    const event = await line.event({ window: 1 });
    await joinAt(store, event, 2, at(0), 10_000);
    await enterAt(store, event, 2, at(9), { dueMs: 20_000 });
    expect((await redis.getrangeBuffer(event.keys.due, 8, 11)).readUInt32BE()).toBe(290);
    expect(await sweepAt(store, event, at(15))).toMatchObject({ silent: 1 });
    expect([...(await expectSound(redis, event)).values()]).toEqual(['silent', 'waiting']);
  });

  it('grants a place that is away from its old position, without counting it twice', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 3, at(0), 0);
    await hearAt(store, event, [2, 3], at(1));
    expect(await sweepAt(store, event, at(2))).toMatchObject({ silent: 1 });
    expect(await enterAt(store, event, 1, at(3))).toMatchObject({ word: 'granted' });
    expect((await readJournal(redis, event)).at(-1)).toMatchObject({
      kind: 'entered',
      seq: 1,
      wasAway: true,
    });
    expect(await redis.hget(event.keys.meta, 'waiting')).toBe('2');
    expect([...(await expectSound(redis, event)).values()]).toEqual(['entered', 'waiting', 'waiting']);
  });

  it('puts a place that is away and refused back in front, and tells those behind why', async () => {
    const { redis, store } = line;
    const event = await line.event({ capacity: 1, refillPerSec: 0.01 });
    await joinAt(store, event, 1, at(0), 0);
    await joinAt(store, event, 20, at(0));
    expect(await sweepAt(store, event, at(1))).toMatchObject({ silent: 1 });
    for (let seq = 2; seq <= 12; seq += 1) {
      expect(await enterAt(store, event, seq, at(3))).toMatchObject({ word: 'granted' });
    }
    expect(await enterAt(store, event, 1, at(5.9))).toMatchObject({
      word: 'denied',
      reason: 'tokens',
      position: 1,
    });
    expect((await readJournal(redis, event)).at(-1)).toEqual({ kind: 'back', seqs: [1] });
    expect((await expectSound(redis, event)).get(1)).toBe('waiting');
    const behind = { word: 'denied', reason: 'tokens', position: 2, cause: 'returned_in_front' };
    expect(await enterAt(store, event, 13, at(8.899))).toEqual(behind);
    expect(await enterAt(store, event, 13, at(8.9))).toEqual({ ...behind, cause: '' });
  });

  it('says when a setting changed just before a refusal', async () => {
    const { store } = line;
    const event = await line.event();
    await joinAt(store, event, 30, at(0));
    await store.setSettings(event, { changeId: 'c', fields: { window: '5' }, audit: '{}', nowUs: at(10) });
    expect(await enterAt(store, event, 6, at(12.999))).toMatchObject({ cause: 'settings_changed' });
    expect(await enterAt(store, event, 6, at(13))).toMatchObject({ reason: 'window', cause: '' });
  });

  it('changes nothing for another incarnation or an event that is gone', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 1, at(0));
    await expect(enterAt(store, { ...event, incarnation: 'other' }, 1, at(1))).rejects.toThrow('incarnation');
    expect([...(await expectSound(redis, event)).values()]).toEqual(['waiting']);
    await redis.del(event.keys.meta);
    await expect(enterAt(store, event, 1, at(1))).rejects.toThrow('gone');
  });
});
