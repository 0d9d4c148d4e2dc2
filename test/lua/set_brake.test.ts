import { describe, expect, it } from 'vitest';
import { settle } from '../../src/queue/bucket.ts';
import { parseSettings } from '../../src/queue/settings.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { at, atMs, enterAt, joinMany, readJournal, sweepAt, t0Us, useLine } from './line.ts';

const rates = { refillPerSec: 10, capacity: 1_000_000 };
const step = { worker: 'w1', leadMs: 1_000, forMs: 30_000, why: 'payment:latency:900', audit: '' };

describe('the brake', () => {
  const line = useLine();

  /** An event with an empty bucket whose sweeper's lease is held by w1. */
  async function braked() {
    const event = await line.event(rates);
    await line.redis.hset(event.keys.bucket, { tokens: 0 });
    await sweepAt(line.store, event, at(0));
    return event;
  }

  const brakeAt = async (
    event: EventRef,
    sec: number,
    permille: number,
    change: Partial<typeof step> = {},
  ) => {
    await line.store.stepAside(event, { worker: change.worker ?? 'w1', nowUs: at(sec) });
    return line.store.setBrake(event, { ...step, ...change, permille, nowUs: at(sec) });
  };

  /** Whole tokens at a test time, as the last settings of the journal say. */
  async function tokensAt(event: EventRef, sec: number): Promise<number> {
    const last = (await readJournal(line.redis, event)).findLast(({ kind }) => kind === 'settings');
    if (last?.kind !== 'settings') throw new Error('no settings in the journal');
    return settle(last, parseSettings(last.meta), at(sec)).tokensMicro / 1e6;
  }

  it('holds from a second later until its end, and lets the full rate in before and after', async () => {
    const event = await braked();
    expect(await brakeAt(event, 10, 500)).toBe('set');
    expect(await tokensAt(event, 10)).toBe(100);
    expect(await tokensAt(event, 11)).toBe(110);
    expect(await tokensAt(event, 21)).toBe(160);
    expect(await tokensAt(event, 40)).toBe(255);
    expect(await tokensAt(event, 50)).toBe(355);
  });

  it('is what enters are decided by', async () => {
    const event = await braked();
    await joinMany(line.store, event, 40, at(0));
    await line.redis.hset(event.keys.bucket, { tokens: 0, refilledAt: at(10) });
    expect(await brakeAt(event, 10, 100)).toBe('set');
    // 10 of the second before it begins, then one a second: 15 at 16 s instead of 60.
    expect(await enterAt(line.store, event, 16, at(16))).toMatchObject({ word: 'denied', reason: 'tokens' });
    expect(await enterAt(line.store, event, 15, at(16))).toMatchObject({ word: 'granted' });
  });

  it('is settled at the old share before a step, and is no change of the operators', async () => {
    const event = await braked();
    await brakeAt(event, 0, 500);
    await brakeAt(event, 11, 250);
    expect(await tokensAt(event, 11)).toBe(60);
    expect(await tokensAt(event, 12)).toBe(65);
    expect(await tokensAt(event, 22)).toBe(90);
    const meta = await line.redis.hgetall(event.keys.meta);
    expect(meta).toMatchObject({ revision: '1', changedAt: '0', brakeSince: String(atMs(0)) });
    expect(await line.redis.hlen(event.keys.versions)).toBe(1);
    const settings = { name: 'Later' };
    expect(
      await line.store.setSettings(event, {
        ifRevision: 1,
        changeId: 'c1',
        fields: settings,
        audit: '',
        nowUs: at(13),
      }),
    ).toMatchObject({ word: 'applied', revision: 2 });
    expect(await tokensAt(event, 22)).toBe(90);
  });

  it('is held longer by the same share again, without a step', async () => {
    const event = await braked();
    await brakeAt(event, 0, 500);
    expect(await brakeAt(event, 20, 500)).toBe('set');
    expect(await tokensAt(event, 50)).toBe(10 + 49 * 5);
  });

  it('ends at the full rate, and is over for good', async () => {
    const event = await braked();
    await brakeAt(event, 0, 500);
    expect(await brakeAt(event, 10, 1_000)).toBe('set');
    expect(await tokensAt(event, 21)).toBe(10 + 50 + 100);
    expect(await line.redis.hmget(event.keys.meta, 'brakeSince', 'brakeWhy')).toEqual(['0', '']);
    expect(await brakeAt(event, 20, 1_000)).toBe('unchanged');
  });

  it('counts its time anew after it ran out', async () => {
    const event = await braked();
    await brakeAt(event, 0, 500);
    expect(await brakeAt(event, 40, 700)).toBe('set');
    expect(await line.redis.hget(event.keys.meta, 'brakeSince')).toBe(String(atMs(40)));
    await brakeAt(event, 45, 600);
    expect(await line.redis.hget(event.keys.meta, 'brakeSince')).toBe(String(atMs(40)));
  });

  it('waits where the course bends already before the step would begin', async () => {
    const event = await braked();
    await brakeAt(event, 0, 500);
    expect(await brakeAt(event, 0.5, 300)).toBe('early');
    expect(await brakeAt(event, 29.5, 300)).toBe('early');
    expect(await tokensAt(event, 40)).toBe(10 + 29 * 5 + 100);
  });

  it('is for the holder of the lease alone', async () => {
    const event = await braked();
    const other = { ...step, worker: 'w2', permille: 500, nowUs: at(0.5) };
    expect(await line.store.setBrake(event, other)).toBe('held');
    const late = { ...step, permille: 500, nowUs: at(2.5) };
    expect(await line.store.setBrake(event, late)).toBe('held');
    expect(await line.redis.hexists(event.keys.meta, 'brake')).toBe(0);
    const stranger = { ...event, incarnation: 'another' };
    await expect(line.store.setBrake(stranger, { ...step, permille: 500, nowUs: at(0.5) })).rejects.toThrow(
      'incarnation',
    );
  });

  it('adds no tokens while the event is paused', async () => {
    const event = await braked();
    const pause = { action: 'pause', changeId: 'c1', audit: '' } as const;
    await line.store.setPhase(event, { ...pause, nowUs: at(5) });
    await brakeAt(event, 10, 500);
    expect(await line.redis.hget(event.keys.bucket, 'tokens')).toBe('50000000');
    await line.store.setPhase(event, { action: 'resume', changeId: 'c2', audit: '', nowUs: at(20) });
    expect(await tokensAt(event, 30)).toBe(100);
  });

  it('writes the record that comes with it, of no revision', async () => {
    const event = await braked();
    await brakeAt(event, 0, 500, { audit: '{"auditId":"aud_1"}' });
    await brakeAt(event, 20, 500);
    const records = await line.redis.xrange(event.keys.audit, '-', '+');
    expect(records.slice(1).map(([, fields]) => fields)).toEqual([
      ['record', '{"auditId":"aud_1"}', 'revision', '0', 'at', String(t0Us / 1000)],
    ]);
  });
});
