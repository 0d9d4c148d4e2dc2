import { describe, expect, it } from 'vitest';
import type { EventRef } from '../../src/queue/store.ts';
import {
  at,
  atMs,
  enterAt,
  hearAt,
  joinAt,
  joinMany,
  readJournal,
  seqsFrom,
  sweepAt,
  sweepThrough,
  useLine,
} from './line.ts';
import { expectSound, type PlaceState } from './sound.ts';

/** The claim clocks have tests of their own, in step_aside_claim.test.ts. */
describe('step_aside', () => {
  const line = useLine();
  const graceAt = async (event: EventRef) => Number(await line.redis.hget(event.keys.meta, 'graceAt'));
  const inState = (states: Map<number, PlaceState>, wanted: PlaceState) =>
    [...states].filter(([, state]) => state === wanted).map(([seq]) => seq);

  it('steps around a place in the window once its due has passed, not a tenth of a second earlier', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 2, at(0), 24_000);
    await joinAt(store, event, 1, at(0), 24_100);
    expect(await sweepAt(store, event, at(24.099))).toEqual({ silent: 0, unclaimed: 0, more: false });
    expect(await sweepAt(store, event, at(24.1))).toEqual({ silent: 2, unclaimed: 0, more: false });
    const away = { kind: 'away', reason: 'silent', nowMs: atMs(24.1), seqs: [1, 2] };
    expect((await readJournal(redis, event)).at(-1)).toEqual(away);
    expect([...(await expectSound(redis, event)).values()]).toEqual(['silent', 'silent', 'waiting']);
  });

  it('moves the head to the first who still waits, or behind everybody', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 3, at(0), 0);
    await hearAt(store, event, [3], at(1), 5);
    await sweepAt(store, event, at(2));
    expect(await redis.hmget(event.keys.meta, 'head', 'waiting')).toEqual(['3', '1']);
    await sweepAt(store, event, at(7));
    expect(await redis.hmget(event.keys.meta, 'head', 'waiting')).toEqual(['4', '0']);
    await joinAt(store, event, 1, at(8));
    expect(await enterAt(store, event, 4, at(8))).toMatchObject({ word: 'granted' });
    await expectSound(redis, event);
  });

  it('looks no further than the window', async () => {
    const { redis, store } = line;
    const event = await line.event({ window: 5 });
    await joinAt(store, event, 20, at(0), 0);
    await hearAt(store, event, [1, 3, 5, 7, 8, 9], at(1));
    expect(await sweepAt(store, event, at(2))).toMatchObject({ silent: 3 });
    expect(inState(await expectSound(redis, event), 'silent')).toEqual([2, 4, 6]);
  });

  it('steps around 1,000 dead heads in order, a batch a sweep, until the window holds present places', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinMany(store, event, 1_000, at(0));
    await joinMany(store, event, 200, at(1));
    await hearAt(store, event, seqsFrom(1_001, 1_200), at(20));
    expect(await sweepAt(store, event, at(24.5))).toEqual({ silent: 500, unclaimed: 0, more: true });
    expect(inState(await expectSound(redis, event), 'silent')).toEqual(seqsFrom(1, 500));
    expect(await sweepAt(store, event, at(25))).toEqual({ silent: 500, unclaimed: 0, more: true });
    expect(await sweepAt(store, event, at(25))).toEqual({ silent: 0, unclaimed: 0, more: false });
    expect(inState(await expectSound(redis, event), 'waiting')).toEqual(seqsFrom(1_001, 1_200));
    for (let seq = 1_001; seq <= 1_100; seq += 1) {
      expect(await enterAt(store, event, seq, at(25)), `place ${seq}`).toMatchObject({ word: 'granted' });
    }
  });

  it('finds dead heads deep in the window among present people', async () => {
    const { redis, store } = line;
    const event = await line.event({ window: 2_000 });
    await joinMany(store, event, 3_000, at(0), 100_000);
    const dead = seqsFrom(1, 3_000).filter((seq) => seq % 7 === 0);
    await hearAt(store, event, dead, at(0), 0);
    await sweepThrough(store, event, 1, 2);
    const around = inState(await expectSound(redis, event), 'silent');
    expect(around).toEqual(dead.filter((seq) => seq - Math.floor(seq / 7) < 2_000));
  });

  it('goes on while paused or draining, but not before the event is open or after it has closed', async () => {
    const { store } = line;
    const silentAfter = async (action: 'pause' | 'drain' | 'close' | undefined, opensAtMs = 0) => {
      const event = await line.event({ opensAtMs, prequeueFromMs: opensAtMs && 1 });
      await joinAt(store, event, 3, at(0), 0);
      if (action) await store.setPhase(event, { action, changeId: 'c', audit: '{}', nowUs: at(1) });
      return (await sweepAt(store, event, at(2))).silent;
    };
    expect(await silentAfter('pause')).toBe(3);
    expect(await silentAfter('drain')).toBe(3);
    expect(await silentAfter('close')).toBe(0);
    expect(await silentAfter(undefined, atMs(3))).toBe(0);
    expect(await silentAfter(undefined, atMs(2))).toBe(3);
  });

  it('leaves the bucket to those who enter: replicas reckon from the journal', async () => {
    const { redis, store } = line;
    const event = await line.event({ refillPerSec: 3.3 });
    await joinAt(store, event, 200, at(0), 100_000);
    await enterAt(store, event, 1, at(0));
    const before = await redis.hmget(event.keys.bucket, 'tokens', 'refilledAt');
    await sweepThrough(store, event, 0, 40);
    expect(await redis.hmget(event.keys.bucket, 'tokens', 'refilledAt')).toEqual(before);
  });

  it('is one worker at a time; another takes over when the lease has run out', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 1, at(0), 0);
    const sweep = (worker: string, sec: number) =>
      store.stepAside(event, { worker, leaseMs: 2_000, nowUs: at(sec) });
    expect(await sweep('w1', 0)).toEqual({ silent: 0, unclaimed: 0, more: false });
    expect(await sweep('w2', 0.5)).toEqual({ heldMs: 1_500 });
    expect(await sweep('w1', 1)).toMatchObject({ silent: 1 });
    expect(await sweep('w2', 2.999)).toEqual({ heldMs: 1 });
    expect(await sweep('w2', 3)).toMatchObject({ silent: 0 });
    expect(await sweep('w1', 3.1)).toEqual({ heldMs: 1_900 });
    expect(await graceAt(event)).toBe(0);
    expect(await redis.hget(event.keys.meta, 'sweeper')).toBe('w2');
  });

  it('steps around nobody for 40 s after more than 5 s without a sweep', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 3, at(0), 0);
    await hearAt(store, event, [1, 2, 3], at(0), 5);
    await sweepAt(store, event, at(1));
    expect(await sweepAt(store, event, at(6))).toMatchObject({ silent: 3 });
    await hearAt(store, event, [1, 2, 3], at(6), 5);
    expect(await sweepAt(store, event, at(11.001))).toMatchObject({ silent: 0 });
    expect(await graceAt(event)).toBe(atMs(11.001));
    for (let sec = 12; sec <= 51; sec += 1) expect((await sweepAt(store, event, at(sec))).silent).toBe(0);
    expect(await sweepAt(store, event, at(51.001))).toMatchObject({ silent: 3 });
    await expectSound(redis, event);
  });

  it('steps around nobody for 40 s after a gateway went quiet, and forgets that gateway', async () => {
    const { redis, store } = line;
    const event = await line.event();
    const report = (reporter: string, sec: number) =>
      store.presence(event, { reporter, gateway: 'g', revision: 1, records: '', nowUs: at(sec) });
    await joinAt(store, event, 3, at(0), 6_000);
    await report('r1', 0);
    for (let sec = 0; sec <= 5; sec += 1) {
      await report('r2', sec);
      expect(await sweepAt(store, event, at(sec))).toMatchObject({ silent: 0 });
    }
    expect(await graceAt(event)).toBe(0);
    for (let sec = 6; sec <= 45; sec += 1) {
      await report('r2', sec);
      expect(await sweepAt(store, event, at(sec))).toMatchObject({ silent: 0 });
    }
    expect(await graceAt(event)).toBe(atMs(6));
    expect(await redis.hkeys(event.keys.reporters)).toEqual(['r2']);
    await report('r2', 46);
    expect(await sweepAt(store, event, at(46))).toMatchObject({ silent: 3 });
  });

  it('goes on when the clock of Redis is set back: nobody is judged, and the bucket refills', async () => {
    const { redis, store } = line;
    const event = await line.event({ capacity: 1, refillPerSec: 1 });
    await joinAt(store, event, 12, at(3_600));
    for (let seq = 1; seq <= 11; seq += 1) await enterAt(store, event, seq, at(3_600));
    await sweepAt(store, event, at(3_600));
    expect(await store.stepAside(event, { worker: 'w2', nowUs: at(0) })).toMatchObject({ silent: 0 });
    expect(await graceAt(event)).toBe(atMs(0));
    expect(await redis.hmget(event.keys.bucket, 'tokens', 'refilledAt')).toEqual([
      '-10000000',
      String(at(0)),
    ]);
    expect(await enterAt(store, event, 12, at(0.9))).toMatchObject({ reason: 'tokens' });
    expect(await enterAt(store, event, 12, at(1))).toMatchObject({ word: 'granted' });
    await expectSound(redis, event);
  });

  it('changes nothing for another incarnation', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 1, at(0), 0);
    await expect(sweepAt(store, { ...event, incarnation: 'other' }, at(9))).rejects.toThrow('incarnation');
    expect(await redis.hget(event.keys.meta, 'sweeper')).toBe(null);
    expect([...(await expectSound(redis, event)).values()]).toEqual(['waiting']);
  });
});
