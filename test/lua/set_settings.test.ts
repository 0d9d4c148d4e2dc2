import { describe, expect, it } from 'vitest';
import { capacityAt } from '../../src/queue/bucket.ts';
import { parseSettings, windowAt } from '../../src/queue/settings.ts';
import type { EventRef, TimedChange } from '../../src/queue/store.ts';
import { constant, valueAt } from '../../src/queue/timed-value.ts';
import { at, atMs, enterAt, joinAt, readJournal, useLine } from './line.ts';
import { expectSound } from './sound.ts';

const tokens = (count: number): number => count * 1_000_000;

describe('set_settings', () => {
  const line = useLine();
  let changes = 0;

  function changeAt(
    event: EventRef,
    sec: number,
    change: {
      refill?: TimedChange;
      capacity?: TimedChange;
      fields?: Record<string, string>;
      changeId?: string;
      ifRevision?: number;
    },
  ) {
    const { refill, capacity, ...rest } = change;
    const timed = { ...(refill ? { refill } : {}), ...(capacity ? { capacity } : {}) };
    changes += 1;
    return line.store.setSettings(event, {
      changeId: `change ${changes}`,
      audit: `{"change":${changes}}`,
      ...rest,
      timed,
      nowUs: at(sec),
    });
  }
  const settingsOf = async (event: EventRef) => parseSettings(await line.redis.hgetall(event.keys.meta));
  const refillAt = async (event: EventRef, sec: number) =>
    valueAt((await settingsOf(event)).refill, atMs(sec));
  const bucketOf = async (event: EventRef) =>
    (await line.redis.hmget(event.keys.bucket, 'tokens', 'refilledAt')).map(Number);

  it('changes values, raises the revision and writes the record with it', async () => {
    const { redis } = line;
    const event = await line.event();
    const reply = await changeAt(event, 5, {
      refill: { to: tokens(50) },
      fields: { window: '300' },
      ifRevision: 1,
    });
    expect(reply).toEqual({ word: 'applied', revision: 2, nowMs: atMs(5) });
    expect(await settingsOf(event)).toMatchObject({ revision: 2, window: 300, changedAtMs: atMs(5) });
    expect(await refillAt(event, 5)).toBe(tokens(50));
    const records = await redis.xrange(event.keys.audit, '-', '+');
    expect(records.map(([, fields]) => fields[1])).toEqual(['{}', `{"change":${changes}}`]);
    await expectSound(redis, event);
  });

  it('says all settings in the journal, as meta has them', async () => {
    const { redis } = line;
    const event = await line.event({ name: 'A/B "ü" \\ 東京' });
    const fields = { message: 'zu spät: "15 min"\n', tiers: '1-5=0,6-=3000', claimMs: '30000' };
    await changeAt(event, 5, { capacity: { to: tokens(500), rampMs: 1000, forMs: 60_000 }, fields });
    const entry = (await readJournal(redis, event)).at(-1);
    if (entry?.kind !== 'settings') throw new Error('no settings in the journal');
    const settings = await settingsOf(event);
    expect(parseSettings(entry.meta)).toEqual(settings);
    expect(settings).toMatchObject({ name: 'A/B "ü" \\ 東京', message: fields.message, claimMs: 30_000 });
    expect([entry.tokensMicro, entry.refilledAtUs]).toEqual(await bucketOf(event));
    expect(Object.keys(entry.meta)).not.toContain('seq');
    expect(Object.keys(entry.meta)).not.toContain('changes');
  });

  it('refuses where somebody else was faster, and changes nothing', async () => {
    const { redis } = line;
    const event = await line.event();
    await changeAt(event, 1, { refill: { to: tokens(20) }, ifRevision: 1 });
    const before = await redis.hgetall(event.keys.meta);
    expect(await changeAt(event, 2, { refill: { to: tokens(99) }, ifRevision: 1 })).toEqual({
      word: 'conflict',
      revision: 2,
    });
    expect(await redis.hgetall(event.keys.meta)).toEqual(before);
    expect(await redis.xlen(event.keys.audit)).toBe(2);
    await expectSound(redis, event);
  });

  it('makes a change once that is sent again, and gives the same reply', async () => {
    const { redis } = line;
    const event = await line.event();
    const change = { refill: { to: tokens(20), forMs: 60_000 }, changeId: 'mine', ifRevision: 1 };
    const reply = await changeAt(event, 1, change);
    expect(await changeAt(event, 3, change)).toEqual(reply);
    expect((await settingsOf(event)).refill.untilMs).toBe(atMs(61));
    expect(await redis.hmget(event.keys.meta, 'revision', 'n')).toEqual(['2', '2']);
    expect(await redis.xlen(event.keys.audit)).toBe(2);
  });

  it('knows a change that is sent again also after others came between', async () => {
    const { redis } = line;
    const event = await line.event();
    const change = { refill: { to: tokens(20) }, changeId: 'first' };
    const reply = await changeAt(event, 1, change);
    for (let other = 0; other < 6; other += 1) await changeAt(event, 2, { refill: { to: tokens(30) } });
    const nowUs = at(3);
    await line.store.setPhase(event, { action: 'pause', changeId: 'p', audit: '{}', nowUs });
    expect(await changeAt(event, 4, change)).toEqual(reply);
    expect(await refillAt(event, 4)).toBe(tokens(30));
    for (let other = 0; other < 30; other += 1) await changeAt(event, 5, { refill: { to: tokens(30) } });
    expect(JSON.parse((await redis.hget(event.keys.meta, 'changes')) ?? '')).toHaveLength(8);
  });

  it('settles the bucket at the old rate first', async () => {
    const { store } = line;
    const event = await line.event({ capacity: 100, refillPerSec: 10 });
    await joinAt(store, event, 50, at(0));
    for (let seq = 1; seq <= 50; seq += 1) await enterAt(store, event, seq, at(0));
    expect(await bucketOf(event)).toEqual([tokens(50), at(0)]);
    await changeAt(event, 2, { refill: { to: tokens(100) } });
    expect(await bucketOf(event)).toEqual([tokens(70), at(2)]);
  });

  it('adds no tokens when the capacity is raised, and takes those that a smaller one cannot hold', async () => {
    const event = await line.event({ capacity: 100 });
    await changeAt(event, 1, { capacity: { to: tokens(500) } });
    expect(await bucketOf(event)).toEqual([tokens(100), at(1)]);
    await changeAt(event, 2, { capacity: { to: tokens(20) } });
    expect(await bucketOf(event)).toEqual([tokens(20), at(2)]);
    await changeAt(event, 3, { refill: { to: tokens(1000) } });
    expect(await bucketOf(event)).toEqual([tokens(20), at(3)]);
  });

  it('adds no tokens when a higher refill raises the default capacity', async () => {
    const event = await line.event();
    await changeAt(event, 1, { refill: { to: tokens(200) } });
    expect(await bucketOf(event)).toEqual([tokens(100), at(1)]);
    const settings = await settingsOf(event);
    expect([capacityAt(settings, atMs(1)), windowAt(settings, atMs(1))]).toEqual([tokens(800), 800]);
  });

  it('keeps the bucket still while paused', async () => {
    const { store } = line;
    const event = await line.event({ capacity: 100 });
    await joinAt(store, event, 50, at(0));
    for (let seq = 1; seq <= 50; seq += 1) await enterAt(store, event, seq, at(0));
    await store.setPhase(event, { action: 'pause', changeId: 'p', audit: '{}', nowUs: at(1) });
    await changeAt(event, 3, { refill: { to: tokens(40) } });
    expect(await bucketOf(event)).toEqual([tokens(60), at(3)]);
    await store.setPhase(event, { action: 'resume', changeId: 'r', audit: '{}', nowUs: at(10) });
    expect(await bucketOf(event)).toEqual([tokens(60), at(10)]);
  });

  it('goes back by itself to the value before, after --for', async () => {
    const event = await line.event();
    await changeAt(event, 0, { refill: { to: tokens(50), forMs: 60_000 } });
    expect(await refillAt(event, 0)).toBe(tokens(50));
    expect(await refillAt(event, 59.999)).toBe(tokens(50));
    expect(await refillAt(event, 60)).toBe(tokens(10));
  });

  it('ends a limit within a limit in the value that lasts', async () => {
    const event = await line.event();
    await changeAt(event, 0, { refill: { to: tokens(50), forMs: 600_000 } });
    await changeAt(event, 10, { refill: { to: tokens(5), forMs: 60_000 } });
    expect(await refillAt(event, 69.999)).toBe(tokens(5));
    expect(await refillAt(event, 70)).toBe(tokens(10));
    await changeAt(event, 200, { refill: { to: tokens(7), forMs: 60_000 } });
    expect(await refillAt(event, 261)).toBe(tokens(10));
  });

  it('ends a limit that began during a ramp where the ramp was going', async () => {
    const event = await line.event();
    await changeAt(event, 0, { refill: { to: tokens(110), rampMs: 100_000 } });
    await changeAt(event, 10, { refill: { to: tokens(5), forMs: 60_000 } });
    expect(await refillAt(event, 70)).toBe(tokens(110));
  });

  it('ramps from the value in force', async () => {
    const event = await line.event();
    await changeAt(event, 0, { refill: { to: tokens(110), rampMs: 100_000 } });
    expect(await refillAt(event, 0)).toBe(tokens(10));
    expect(await refillAt(event, 50)).toBe(tokens(60));
    await changeAt(event, 50, { refill: { to: tokens(10), rampMs: 10_000 } });
    expect(await refillAt(event, 50)).toBe(tokens(60));
    expect(await refillAt(event, 55)).toBe(tokens(35));
    expect(await refillAt(event, 60)).toBe(tokens(10));
  });

  it('refills along the ramp', async () => {
    const { store } = line;
    const event = await line.event({ capacity: 1_000 });
    await joinAt(store, event, 1, at(0));
    await changeAt(event, 0, { capacity: { to: 0 } });
    await changeAt(event, 0, { capacity: { to: tokens(1_000) }, refill: { to: tokens(30), rampMs: 10_000 } });
    await enterAt(store, event, 1, at(10));
    expect(await bucketOf(event)).toEqual([tokens(199), at(10)]);
  });

  it('limits the default capacity for a time, from the value that it had', async () => {
    const event = await line.event({ refillPerSec: 50 });
    await changeAt(event, 0, { capacity: { to: tokens(20), forMs: 60_000 } });
    const settings = await settingsOf(event);
    expect(capacityAt(settings, atMs(59.999))).toBe(tokens(20));
    expect(capacityAt(settings, atMs(60))).toBe(tokens(200));
  });

  it('adds no tokens at the end of a limited capacity, even where nobody looked for a minute', async () => {
    const { store } = line;
    const event = await line.event({ capacity: 1_000 });
    await joinAt(store, event, 1, at(0));
    await changeAt(event, 0, { capacity: { to: tokens(5), forMs: 60_000 } });
    await enterAt(store, event, 1, at(61));
    expect(await bucketOf(event)).toEqual([tokens(14), at(61)]);
  });

  it('writes nothing when a number in it is not a whole one', async () => {
    const { redis } = line;
    const event = await line.event();
    const before = await redis.hgetall(event.keys.meta);
    for (const refill of [
      { to: -1 },
      { to: 1.5 },
      { to: tokens(1), rampMs: -5 },
      { to: tokens(1), forMs: 0.1 },
    ]) {
      await expect(changeAt(event, 1, { refill })).rejects.toThrow('whole number');
    }
    expect(await redis.hgetall(event.keys.meta)).toEqual(before);
    await expectSound(redis, event);
  });

  it('puts raw values back as they were, which count for the tokens as well', async () => {
    const event = await line.event({ capacity: 100, refillPerSec: 10 });
    const { refill = '', capacity = '' } = await line.redis.hgetall(event.keys.meta);
    await changeAt(event, 1, { refill: { to: tokens(50) }, capacity: { to: tokens(500) } });
    expect(await bucketOf(event)).toEqual([tokens(100), at(1)]);
    await changeAt(event, 5, { fields: { refill, capacity, name: 'Name', timeZone: 'Asia/Seoul' } });
    expect(await bucketOf(event)).toEqual([tokens(100), at(5)]);
    expect(await settingsOf(event)).toMatchObject({ revision: 3, name: 'Name', timeZone: 'Asia/Seoul' });
    expect(await refillAt(event, 5)).toBe(tokens(10));
    await changeAt(event, 6, { fields: { capacity: '' } });
    expect((await settingsOf(event)).capacity).toBeUndefined();
    await expectSound(line.redis, event);
  });

  it('puts a limited value back that has ended meanwhile as what came after it', async () => {
    const event = await line.event();
    await changeAt(event, 1, { refill: { to: tokens(50), forMs: 10_000 } });
    const { refill = '' } = await line.redis.hgetall(event.keys.meta);
    await changeAt(event, 5, { refill: { to: tokens(70) } });
    await changeAt(event, 20, { fields: { refill } });
    expect((await settingsOf(event)).refill).toEqual(constant(tokens(10)));
    expect(await line.store.advance(event, { nowUs: at(21) })).toMatchObject({ word: 'unchanged' });
  });

  it('is unchanged by values that are there already', async () => {
    const { redis } = line;
    const event = await line.event({ name: 'A' });
    const fields = { name: 'A', window: '0', message: '' };
    expect(await changeAt(event, 1, { fields })).toEqual({ word: 'unchanged', revision: 1 });
    expect(await redis.xlen(event.keys.audit)).toBe(1);
    expect(await changeAt(event, 1, { fields: { ...fields, message: 'm' } })).toMatchObject({ revision: 2 });
  });

  it('restarts the claim clocks and stops the bucket when it pauses, as a pause does', async () => {
    const { redis, store } = line;
    const event = await line.event({ capacity: 50, refillPerSec: 7 });
    await joinAt(store, event, 40, at(0));
    for (let seq = 1; seq <= 40; seq += 1) await enterAt(store, event, seq, at(0));
    await redis.rpush(event.keys.turns, `${atMs(0)} 5`);
    await changeAt(event, 1, { fields: { paused: '1' } });
    expect(await redis.llen(event.keys.turns)).toBe(0);
    await changeAt(event, 9, { fields: { paused: '0', phase: 'open' } });
    expect(await bucketOf(event)).toEqual([tokens(17), at(9)]);
    await expectSound(redis, event);
  });

  it('writes nothing where a name or a value is none of its settings', async () => {
    const { redis } = line;
    const event = await line.event();
    const before = await redis.hgetall(event.keys.meta);
    const both = { refill: { to: tokens(1) }, fields: { refill: '1 0 1 0 0 1' } };
    await expect(changeAt(event, 1, { fields: { seq: '7' } })).rejects.toThrow('no such setting');
    await expect(changeAt(event, 1, { fields: { 'name timeZone': '7' } })).rejects.toThrow();
    await expect(changeAt(event, 1, { fields: { refill: 'fast' } })).rejects.toThrow();
    await expect(changeAt(event, 1, { fields: { refill: '' } })).rejects.toThrow('given once');
    await expect(changeAt(event, 1, both)).rejects.toThrow('given once');
    expect(await redis.hgetall(event.keys.meta)).toEqual(before);
    await expectSound(redis, event);
  });

  it('keeps the settings of the last 100 revisions and of the first', async () => {
    const { redis, store } = line;
    const event = await line.event();
    for (let change = 0; change < 120; change += 1)
      await changeAt(event, 1, { fields: { window: String(change + 1) } });
    const versions = await store.versions(event);
    expect(versions.map(({ revision }) => revision)).toEqual([
      ...Array.from({ length: 100 }, (_, index) => 121 - index),
      1,
    ]);
    expect(versions.map(({ meta }) => meta.window).slice(0, 2)).toEqual(['120', '119']);
    expect(versions.at(-1)?.meta.window).toBe('0');
    expect(await redis.hlen(event.keys.versions)).toBe(101);
  });

  it('changes nothing for another incarnation', async () => {
    const event = await line.event();
    const other = { ...event, incarnation: 'other' };
    await expect(changeAt(other, 1, { refill: { to: tokens(1) } })).rejects.toThrow('incarnation');
    expect(await settingsOf(event)).toMatchObject({ revision: 1 });
  });
});
