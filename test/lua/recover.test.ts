import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../src/queue/settings.ts';
import { at, atMs, enterAt, joinAt, readJournal, sweepAt, sweepThrough, useLine } from './line.ts';
import { forgetting, knownOf, recoverAt, refNow, summaries } from './loss.ts';

describe('recover', () => {
  const line = useLine();
  const settingsOf = async (event: { keys: { meta: string } }) =>
    parseSettings(await line.redis.hgetall(event.keys.meta));

  it('begins an epoch with a new incarnation, numbers beyond all that were given, and a bucket in overdraft', async () => {
    const { redis, store } = line;
    const event = await line.event({ run: 'r1', capacity: 50 });
    await joinAt(store, event, 10, at(0));
    const known = await forgetting(redis, event, async () => {
      await joinAt(store, event, 5, at(1));
      return knownOf(redis, event);
    });
    expect(await recoverAt(redis, event, 10, known)).toBe('recovered');
    expect(await settingsOf(event)).toMatchObject({
      run: 'r2',
      incarnation: 'inc00002',
      epoch: 2,
      revision: 1,
      recoverUntilMs: atMs(15),
      recoveries: [{ epoch: 2, incarnation: event.incarnation, n: 2, from: 10, to: 1_015, atMs: atMs(10) }],
    });
    expect(await redis.hmget(event.keys.bucket, 'tokens', 'refilledAt')).toEqual([
      '-10000000',
      String(at(10)),
    ]);
    expect(await redis.hmget(event.keys.meta, 'seq', 'skipped', 'graceAt')).toEqual([
      '1015',
      '1005',
      String(atMs(10)),
    ]);
    expect((await readJournal(redis, event)).at(-1)).toMatchObject({
      kind: 'settings',
      tokensMicro: -10_000_000,
      refilledAtUs: at(10),
      meta: { incarnation: 'inc00002', run: 'r2' },
    });
    expect((await summaries(redis, event)).at(-1)).toBe('Redis was restarted or failed over: recovering');
    const report = await redis.hmget(event.keys.meta, 'recoverAt', 'recoverWhy', 'recoverTotal');
    expect(report).toEqual([String(atMs(10)), 'run', '1']);
    await expect(joinAt(store, event, 1, at(11))).rejects.toThrow('incarnation');
    const recovered = await refNow(redis, event);
    expect(await joinAt(store, recovered, 1, at(11))).toMatchObject({ word: 'joined', firstSeq: 1_016 });
  });

  it('lets nobody in until the time is up, and steps around nobody', async () => {
    const { redis, store } = line;
    const event = await line.event({ run: 'r1', tiers: '1-=0', refillPerSec: 50 });
    await joinAt(store, event, 3, at(0), 0);
    await recoverAt(redis, event, 100, await knownOf(redis, event));
    const recovered = await refNow(redis, event);
    expect(await enterAt(store, recovered, 1, at(104.9))).toMatchObject({
      word: 'denied',
      reason: 'restoring',
    });
    const swept = await store.stepAside(recovered, { worker: 'w1', nowUs: at(104.9) });
    expect(swept).toMatchObject({ silent: 0, unclaimed: 0 });
    expect(await enterAt(store, recovered, 1, at(105))).toMatchObject({ word: 'granted' });
  });

  it('lets sweeps reach over the numbers that it left out', async () => {
    const { redis, store } = line;
    const event = await line.event({ run: 'r1', expireNearMs: 400_000, expireFarMs: 400_000 });
    await joinAt(store, event, 3, at(0), 0);
    await recoverAt(redis, event, 10, await knownOf(redis, event), { gap: 300_000 });
    const recovered = await refNow(redis, event);
    await joinAt(store, recovered, 4, at(10), 0);
    expect(await sweepAt(store, recovered, at(12))).toMatchObject({ silent: 0 });
    const swept = await sweepThrough(store, recovered, 12.5, 60);
    expect(swept.silent + swept.unclaimed).toBe(7);
    expect(await store.expire(recovered, { nowUs: at(500) })).toMatchObject({ expired: 7 });
  });

  it('is done by the first caller; nobody joins until all that lived before said what they know, or 2 s passed', async () => {
    const { redis, store } = line;
    const event = await line.event({ run: 'r1' });
    await joinAt(store, event, 3, at(0));
    const report = { gateway: 'gw', revision: 1, records: '' as const, nowUs: at(0) };
    for (const reporter of ['w1', 'w2', 'w3']) await store.presence(event, { ...report, reporter });
    const known = await knownOf(redis, event);
    expect(await recoverAt(redis, event, 10, known)).toBe('recovered');
    const recovered = await refNow(redis, event);
    expect(await joinAt(store, recovered, 1, at(10.1))).toEqual({ word: 'recovering' });
    expect(await recoverAt(redis, event, 10.2, known, { worker: 'w2', newIncarnation: 'x' })).toBe('done');
    expect(await joinAt(store, recovered, 1, at(10.3))).toEqual({ word: 'recovering' });
    expect(await recoverAt(redis, event, 10.4, known, { worker: 'w3' })).toBe('done');
    expect(await joinAt(store, recovered, 1, at(10.5))).toMatchObject({ word: 'joined', firstSeq: 1_004 });
    expect(await redis.hget(event.keys.meta, 'recoverJoins')).toBe('400');

    expect(
      await recoverAt(redis, event, 20, await knownOf(redis, event), { run: 'r3', newIncarnation: 'y' }),
    ).toBe('recovered');
    const again = await refNow(redis, event);
    expect(await joinAt(store, again, 1, at(21.9))).toEqual({ word: 'recovering' });
    expect(await joinAt(store, again, 1, at(22))).toMatchObject({ word: 'joined' });
  });

  it('is done again where another gateway knows more: of seqs, of entries, or of an epoch that was lost', async () => {
    const { redis, store } = line;
    const event = await line.event({ run: 'r1' });
    await joinAt(store, event, 3, at(0));
    const base = await knownOf(redis, event);
    await recoverAt(redis, event, 10, base);
    const more = { ...base, seq: 2_000 };
    expect(await recoverAt(redis, event, 10.1, more, { worker: 'w2', newIncarnation: 'inc3' })).toBe(
      'recovered',
    );
    expect(await redis.hmget(event.keys.meta, 'seq', 'epoch')).toEqual(['3000', '3']);
    expect((await settingsOf(event)).recoveries).toHaveLength(2);

    const now = await knownOf(redis, event);
    const ahead = { ...now, n: now.n + 1 };
    expect(await recoverAt(redis, event, 11, ahead, { newIncarnation: 'inc4' })).toBe('recovered');
    const other = { ...(await knownOf(redis, event)), incarnation: 'lost' };
    expect(await recoverAt(redis, event, 12, other, { newIncarnation: 'inc5' })).toBe('recovered');
    const stale = { ...base, epoch: 4, incarnation: 'older' };
    expect(await recoverAt(redis, event, 12.1, stale, { newIncarnation: 'inc6' })).toBe('done');
    expect((await settingsOf(event)).epoch).toBe(5);
  });

  it('puts back settings that Redis lost: a pause stays a pause', async () => {
    const { redis, store } = line;
    const event = await line.event({ run: 'r1' });
    const { known, fields } = await forgetting(redis, event, async () => {
      await store.setPhase(event, { action: 'pause', changeId: 'p', audit: '{}', nowUs: at(1) });
      const { paused = '', revision = '', changedAt = '' } = await redis.hgetall(event.keys.meta);
      return { known: await knownOf(redis, event), fields: { paused, revision, changedAt } };
    });
    expect(await settingsOf(event)).toMatchObject({ paused: false, revision: 1 });
    // The first who recovers it does not know, the second does.
    const ignorant = await knownOf(redis, event);
    expect(await recoverAt(redis, event, 10, ignorant, { fields: { paused: '0' } })).toBe('recovered');
    expect(await settingsOf(event)).toMatchObject({ paused: false, revision: 1, epoch: 2 });
    expect(await recoverAt(redis, event, 11, known, { fields, worker: 'w2', newIncarnation: 'x' })).toBe(
      'recovered',
    );
    expect(await settingsOf(event)).toMatchObject({ paused: true, revision: 2, epoch: 3 });
    expect((await redis.hkeys(event.keys.versions)).sort()).toEqual(['1', '2']);
    expect(await recoverAt(redis, event, 12, known, { fields, worker: 'w3' })).toBe('done');
  });

  it('gives no seq twice where a failover lost an earlier recovery with the joins after it', async () => {
    const { redis, store } = line;
    const event = await line.event({ run: 'r1' });
    await joinAt(store, event, 10, at(0));
    const ignorant = await knownOf(redis, event);
    const { expert, given } = await forgetting(redis, event, async () => {
      await recoverAt(redis, event, 10, ignorant);
      const recovered = await refNow(redis, event);
      const joined = await joinAt(store, recovered, 20, at(11));
      return { expert: await knownOf(redis, event), given: joined };
    });
    expect(given).toMatchObject({ firstSeq: 1_011 });
    await store.presence(event, { reporter: 'w2', gateway: 'gw', revision: 1, records: '', nowUs: at(1) });
    expect(await recoverAt(redis, event, 20, ignorant, { run: 'r3', newIncarnation: 'incX' })).toBe(
      'recovered',
    );
    expect(await joinAt(store, await refNow(redis, event), 1, at(20.1))).toEqual({ word: 'recovering' });
    const call = { run: 'r3', worker: 'w2', newIncarnation: 'incY' };
    expect(await recoverAt(redis, event, 20.2, expert, call)).toBe('recovered');
    expect(await joinAt(store, await refNow(redis, event), 1, at(23))).toMatchObject({ firstSeq: 2_031 });
  });

  it('only notes the run of an event that was made without one', async () => {
    const { redis } = line;
    const event = await line.event();
    await redis.del(event.keys.mark);
    expect(await recoverAt(redis, event, 1, await knownOf(redis, event))).toBe('done');
    expect(await settingsOf(event)).toMatchObject({ run: 'r2', epoch: 1, incarnation: event.incarnation });
    expect(await redis.get(event.keys.mark)).toBe('alive');
    expect((await readJournal(redis, event)).at(-1)).toMatchObject({ kind: 'settings', meta: { run: 'r2' } });
  });

  it('makes an event again that Redis lost, with the same life and settings, but none that was deleted', async () => {
    const { redis, store } = line;
    const event = await line.event({ run: 'r1', kind: 'test', name: 'Lost', window: 7 });
    await joinAt(store, event, 30, at(0));
    const fields = await redis.hgetall(event.keys.meta);
    const known = await knownOf(redis, event);
    const before = await settingsOf(event);
    await redis.del(...Object.values(event.keys));
    await expect(recoverAt(redis, event, 9, known)).rejects.toThrow('gone');
    expect(await recoverAt(redis, event, 10, known, { fields })).toBe('recovered');
    expect(await settingsOf(event)).toEqual({
      ...before,
      run: 'r2',
      incarnation: 'inc00002',
      epoch: 2,
      recoverUntilMs: atMs(15),
      recoveries: [{ epoch: 2, incarnation: '*', n: 0, from: 0, to: 1_030, atMs: atMs(10) }],
    });
    const recovered = await refNow(redis, event);
    // Nobody knows who else lived before, so the whole time is waited.
    expect(await joinAt(store, recovered, 1, at(11.9))).toEqual({ word: 'recovering' });
    expect(await joinAt(store, recovered, 1, at(12))).toMatchObject({ firstSeq: 1_031 });
    expect(Object.keys(await redis.hgetall(event.keys.versions))).toEqual(['1']);

    await store.deleteEvent(recovered, { nowUs: at(13) });
    expect(await recoverAt(redis, event, 14, known, { fields })).toBe('deleted');
  });
});
