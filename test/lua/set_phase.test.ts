import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../src/queue/settings.ts';
import type { EventRef, PhaseAction } from '../../src/queue/store.ts';
import { at, atMs, enterAt, joinAt, sweepAt, useLine } from './line.ts';
import { expectSound } from './sound.ts';

type Action = PhaseAction | 'advance';

describe('set_phase', () => {
  const line = useLine();
  let changes = 0;

  function doAt(
    event: EventRef,
    sec: number,
    action: Action,
    options: { changeId?: string; ifRevision?: number; deadlineMs?: number; message?: string } = {},
  ) {
    changes += 1;
    const who = action === 'advance' ? { changeId: '', audit: '' } : { changeId: `c${changes}`, audit: '{}' };
    return line.store.setPhase(event, { action, ...who, ...options, nowUs: at(sec) });
  }
  const stateOf = async (event: EventRef) => {
    const { phase, paused, revision } = parseSettings(await line.redis.hgetall(event.keys.meta));
    return { phase, paused, revision };
  };
  const tokensOf = async (event: EventRef) =>
    Number(await line.redis.hget(event.keys.bucket, 'tokens')) / 1e6;

  it('pauses and resumes without touching the phase', async () => {
    const { redis, store } = line;
    const event = await line.event({ opensAtMs: atMs(100), prequeueFromMs: atMs(0) });
    expect(await doAt(event, 1, 'pause')).toMatchObject({ word: 'applied', revision: 2 });
    expect(await stateOf(event)).toMatchObject({ phase: 'prequeue', paused: true });
    expect(await joinAt(store, event, 1, at(2))).toMatchObject({ word: 'joined' });
    await doAt(event, 3, 'resume');
    expect(await stateOf(event)).toEqual({ phase: 'prequeue', paused: false, revision: 3 });
    await doAt(event, 4, 'drain');
    await doAt(event, 5, 'pause');
    expect(await stateOf(event)).toMatchObject({ phase: 'draining', paused: true });
    await expectSound(redis, event);
  });

  it('lets a scheduled event that is paused open on time, still paused', async () => {
    const { store } = line;
    const event = await line.event({ opensAtMs: atMs(10), prequeueFromMs: atMs(1) });
    await doAt(event, 2, 'pause');
    await joinAt(store, event, 1, at(3));
    expect(await enterAt(store, event, 1, at(9))).toMatchObject({ reason: 'not_open' });
    expect(await enterAt(store, event, 1, at(10))).toMatchObject({ reason: 'paused' });
    await doAt(event, 11, 'resume');
    expect(await stateOf(event)).toMatchObject({ phase: 'open', paused: false });
    expect(await enterAt(store, event, 1, at(11))).toMatchObject({ word: 'granted' });
  });

  it('makes the bucket stand still during a pause, to the microsecond', async () => {
    const { redis, store } = line;
    const event = await line.event({ capacity: 50, refillPerSec: 7 });
    await joinAt(store, event, 40, at(0));
    for (let seq = 1; seq <= 40; seq += 1) await enterAt(store, event, seq, at(0));
    expect(await tokensOf(event)).toBe(10);
    await doAt(event, 1.000001, 'pause');
    expect(await tokensOf(event)).toBe(17.000007);
    for (let sec = 2; sec < 60; sec += 0.5) await sweepAt(store, event, at(sec));
    await doAt(event, 60, 'resume');
    expect(await tokensOf(event)).toBe(17.000007);
    await doAt(event, 61, 'pause');
    expect(await tokensOf(event)).toBe(24.000007);
    await expectSound(redis, event);
  });

  it('restarts the claim clocks when a pause begins or ends', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 5, at(0));
    await sweepAt(store, event, at(1));
    expect(await redis.llen(event.keys.turns)).toBe(1);
    await doAt(event, 2, 'pause');
    expect(await redis.llen(event.keys.turns)).toBe(0);
    await sweepAt(store, event, at(3));
    expect(await redis.llen(event.keys.turns)).toBe(0);
    await doAt(event, 4, 'resume');
    await sweepAt(store, event, at(4.5));
    expect(await redis.lrange(event.keys.turns, 0, -1)).toEqual([`${atMs(4.5)} 5`]);
    await doAt(event, 5, 'drain');
    expect(await redis.llen(event.keys.turns)).toBe(1);
  });

  it('is unchanged by an action that changes nothing', async () => {
    const { redis } = line;
    const event = await line.event();
    expect(await doAt(event, 1, 'open')).toEqual({ word: 'unchanged', revision: 1 });
    expect(await doAt(event, 1, 'resume')).toEqual({ word: 'unchanged', revision: 1 });
    await doAt(event, 2, 'pause');
    expect(await doAt(event, 3, 'pause')).toEqual({ word: 'unchanged', revision: 2 });
    expect(await redis.xlen(event.keys.audit)).toBe(2);
    await expectSound(redis, event);
  });

  it('refuses where somebody else was faster', async () => {
    const event = await line.event();
    await doAt(event, 1, 'pause');
    expect(await doAt(event, 2, 'resume', { ifRevision: 1 })).toEqual({ word: 'conflict', revision: 2 });
    expect(await stateOf(event)).toMatchObject({ paused: true });
  });

  it('makes a change once that is sent again, also where its revision has passed', async () => {
    const { redis } = line;
    const event = await line.event();
    const drain = { changeId: 'mine', ifRevision: 1, deadlineMs: 60_000 };
    const reply = await doAt(event, 1, 'drain', drain);
    expect(reply).toMatchObject({ word: 'applied', revision: 2 });
    await doAt(event, 2, 'pause');
    expect(await doAt(event, 3, 'drain', drain)).toEqual(reply);
    expect(await redis.hget(event.keys.meta, 'deadline')).toBe(String(atMs(61)));
    expect(await stateOf(event)).toEqual({ phase: 'draining', paused: true, revision: 3 });
  });

  it('opens before its time, drains without an old deadline, and opens a closed event again', async () => {
    const { store } = line;
    const event = await line.event({ opensAtMs: atMs(1_000) });
    await doAt(event, 1, 'open');
    await joinAt(store, event, 2, at(2));
    expect(await enterAt(store, event, 1, at(2))).toMatchObject({ word: 'granted' });
    await doAt(event, 3, 'drain', { deadlineMs: 1_000 });
    expect(await enterAt(store, event, 2, at(4))).toEqual({ word: 'closed' });
    await doAt(event, 5, 'open');
    await doAt(event, 6, 'drain');
    expect(await enterAt(store, event, 2, at(60))).toMatchObject({ word: 'granted' });
  });

  it('keeps a line: no more joins, and paused, in one step', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 2, at(0));
    expect(await doAt(event, 1, 'keep')).toMatchObject({ word: 'applied', revision: 2 });
    expect(await stateOf(event)).toEqual({ phase: 'draining', paused: true, revision: 2 });
    expect(await joinAt(store, event, 1, at(2))).toEqual({ word: 'closed' });
    expect(await enterAt(store, event, 1, at(3))).toMatchObject({ reason: 'paused' });
    expect(await doAt(event, 4, 'keep')).toEqual({ word: 'unchanged', revision: 2 });
    await expectSound(redis, event);
  });

  it('closes with a text for those who still ask, which has no end', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 1, at(0));
    const fields = { message: 'soon', messageUntil: String(atMs(60)) };
    await store.setSettings(event, { changeId: 'm', fields, audit: '{}', nowUs: at(1) });
    await doAt(event, 2, 'close', { message: 'Sold out "für" alle' });
    const settings = parseSettings(await redis.hgetall(event.keys.meta));
    expect(settings).toMatchObject({ phase: 'closed', message: 'Sold out "für" alle', messageUntilMs: 0 });
    await doAt(event, 3, 'close', { message: 'really sold out' });
    expect(await redis.hget(event.keys.meta, 'message')).toBe('really sold out');
    await doAt(event, 4, 'close');
    expect(await redis.hget(event.keys.meta, 'message')).toBe('really sold out');
  });

  it('lets silence count anew when a closed event opens again', async () => {
    const { store } = line;
    const event = await line.event();
    await joinAt(store, event, 2, at(0), 1_000);
    await doAt(event, 1, 'close');
    expect(await store.expire(event, { nowUs: at(1_100) })).toEqual({ expired: 0, more: false });
    await sweepAt(store, event, at(597));
    await sweepAt(store, event, at(600));
    await doAt(event, 601, 'open');
    expect(await sweepAt(store, event, at(602))).toMatchObject({ silent: 0 });
    expect(await store.expire(event, { nowUs: at(602) })).toEqual({ expired: 0, more: false });
    expect(await enterAt(store, event, 1, at(603))).toMatchObject({ word: 'granted' });
  });

  it('keeps the settings of each revision, and the record with its revision and time', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await doAt(event, 1, 'pause');
    await doAt(event, 2, 'resume');
    const versions = await store.versions(event);
    expect(versions.map(({ revision, meta }) => [revision, meta.paused])).toEqual([
      [3, '0'],
      [2, '1'],
      [1, '0'],
    ]);
    const records = await redis.xrange(event.keys.audit, '-', '+');
    expect(records.at(-1)?.[1]).toEqual(['record', '{}', 'revision', '3', 'at', String(atMs(2))]);
  });

  it('writes down an opening that nobody had written before, with the change that comes first', async () => {
    const { redis } = line;
    const event = await line.event({ opensAtMs: atMs(10) });
    await doAt(event, 12, 'pause');
    expect(await stateOf(event)).toEqual({ phase: 'open', paused: true, revision: 2 });
    const records = await redis.xrange(event.keys.audit, '-', '+');
    expect(records.map(([, fields]) => [JSON.parse(fields[1] ?? '').action, fields[5]]).slice(1)).toEqual([
      ['queue.open', String(atMs(10))],
      [undefined, String(atMs(12))],
    ]);
    expect(await doAt(event, 13, 'advance')).toMatchObject({ word: 'unchanged' });
  });

  it('changes nothing for another incarnation', async () => {
    const event = await line.event();
    await expect(doAt({ ...event, incarnation: 'other' }, 1, 'pause')).rejects.toThrow('incarnation');
    expect(await stateOf(event)).toEqual({ phase: 'open', paused: false, revision: 1 });
  });
});
