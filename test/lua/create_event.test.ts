import { describe, expect, it } from 'vitest';
import { capacityAt } from '../../src/queue/bucket.ts';
import { keysOf } from '../../src/queue/scripts.ts';
import { newEventFields, parseSettings } from '../../src/queue/settings.ts';
import { constant } from '../../src/queue/timed-value.ts';
import { newEvent } from '../helpers/new-event.ts';
import { enterAt, freshEvent, readJournal, useLine } from './line.ts';
import { expectSound } from './sound.ts';

describe('create_event', () => {
  const line = useLine();

  it('begins with an empty line, a full bucket and a journal that says both', async () => {
    const { redis, store } = line;
    const event = await freshEvent(store, { refillPerSec: 62.5, name: 'Spring "Sale" é/ü' });
    const meta = await redis.hgetall(event.keys.meta);
    expect(meta).toMatchObject({
      v: '1',
      epoch: '1',
      revision: '1',
      seq: '0',
      n: '1',
      waiting: '0',
      head: '0',
    });
    const settings = parseSettings(meta);
    expect(settings).toMatchObject({ name: 'Spring "Sale" é/ü', phase: 'open', paused: false, revision: 1 });
    expect(settings.refill).toEqual(constant(62_500_000));
    expect(capacityAt(settings, 0)).toBe(250_000_000);
    const [first, ...rest] = await readJournal(redis, event);
    expect(rest).toEqual([]);
    if (first?.kind !== 'settings') throw new Error('the journal does not begin with the settings');
    expect(first.tokensMicro).toBe(250_000_000);
    expect(parseSettings(first.meta)).toEqual(settings);
    expect(await redis.hget(event.keys.bucket, 'refilledAt')).toBe(String(first.refilledAtUs));
    expect(await expectSound(redis, event)).toEqual(new Map());
  });

  it('begins on the clock of Redis, in whole microseconds', async () => {
    const { redis, store } = line;
    const event = await freshEvent(store);
    const refilledAt = (await redis.hget(event.keys.bucket, 'refilledAt')) ?? '';
    expect(refilledAt).toMatch(/^\d{16}$/);
    expect(Math.abs(Number(refilledAt) / 1000 - Date.now())).toBeLessThan(60_000);
    const base = await redis.hmget(event.keys.meta, 'base', 'createdAt', 'lastAt');
    expect(base).toEqual(Array(3).fill(refilledAt.slice(0, 13)));
  });

  it('leaves an event as it is that exists', async () => {
    const { redis, store } = line;
    const event = await freshEvent(store, { name: 'first' });
    const before = await redis.hgetall(event.keys.meta);
    const { fields } = newEventFields({ ...newEvent, name: 'second' });
    expect(await store.createEvent(event.id, { fields, tokensMicro: 1, audit: '{}' })).toBe(false);
    expect(await redis.hgetall(event.keys.meta)).toEqual(before);
    expect(await redis.xlen(event.keys.audit)).toBe(1);
  });

  it('writes the audit record with the event', async () => {
    const { redis, store } = line;
    const id = 'evt_audited';
    const audit = '{"actor":"ann","reason":"sale"}';
    await store.createEvent(id, { ...newEventFields(newEvent), audit });
    const records = await redis.xrange(keysOf(id).audit, '-', '+');
    const createdAt = await redis.hget(keysOf(id).meta, 'createdAt');
    expect(records.map(([, fields]) => fields)).toEqual([
      ['record', audit, 'revision', '1', 'at', createdAt],
    ]);
  });

  it('keeps its settings as the first version', async () => {
    const { store } = line;
    const event = await freshEvent(store, { refillPerSec: 3 });
    const versions = await store.versions(event);
    expect(versions.map(({ revision }) => revision)).toEqual([1]);
    expect(parseSettings(versions[0]?.meta ?? {}).refill).toEqual(constant(3_000_000));
  });

  it('is scheduled where it opens later', async () => {
    const { redis, store } = line;
    const event = await freshEvent(store, { opensAtMs: Date.now() + 3_600_000 });
    expect(await redis.hget(event.keys.meta, 'phase')).toBe('scheduled');
    expect(await enterAt(store, event, 1, 0)).toEqual({ word: 'unknown' });
  });

  it('writes nothing when its fields are torn', async () => {
    const { redis } = line;
    const keys = keysOf('evt_torn');
    const torn = redis as unknown as { create_event(...args: (string | number)[]): Promise<unknown> };
    const call = torn.create_event(
      keys.meta,
      keys.bucket,
      keys.versions,
      keys.journal,
      keys.audit,
      '{"life":',
      1,
      '{}',
      '',
    );
    await expect(call).rejects.toThrow();
    expect(await redis.exists(...Object.values(keys))).toBe(0);
  });
});
