import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../src/contract/audit.ts';
import { auditEntrySchema } from '../../src/contract/audit.ts';
import { parseSettings } from '../../src/queue/settings.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { constant } from '../../src/queue/timed-value.ts';
import { finishAt, runAt, startAt } from './jobs.ts';
import { at, atMs, enterAt, hearAt, joinAt, readJournal, sweepAt, useLine } from './line.ts';
import { expectSound } from './sound.ts';

describe('advance', () => {
  const line = useLine();
  let changes = 0;

  const advanceAt = (event: EventRef, sec: number) => line.store.advance(event, { nowUs: at(sec) });
  const drainAt = (event: EventRef, sec: number, deadlineMs = 0) => {
    changes += 1;
    const change = { action: 'drain', deadlineMs, changeId: `c${changes}`, audit: '{}' } as const;
    return line.store.setPhase(event, { ...change, nowUs: at(sec) });
  };
  const settingsOf = async (event: EventRef) => parseSettings(await line.redis.hgetall(event.keys.meta));

  /** Records of the system, as a reader of the trail makes them: time and revision from the stream's fields. */
  async function systemRecords(event: EventRef): Promise<AuditEntry[]> {
    const records = await line.redis.xrange(event.keys.audit, '-', '+');
    return records
      .map(([, [, json = '', , revision, , ms]]) => ({
        ...JSON.parse(json),
        revision: Number(revision),
        at: new Date(Number(ms)).toISOString(),
      }))
      .filter(({ actor }) => actor === 'system')
      .map((record) => auditEntrySchema.parse(record));
  }
  const told = async (event: EventRef) =>
    (await systemRecords(event)).map(({ action, at: time, rows, revision }) => [
      action,
      (Date.parse(time) - atMs(0)) / 1000,
      rows[0]?.before,
      rows[0]?.after,
      revision,
    ]);

  it('writes down what time has made of a scheduled event, and says so in the journal', async () => {
    const { redis } = line;
    const event = await line.event({ opensAtMs: atMs(20), prequeueFromMs: atMs(10) });
    expect(await advanceAt(event, 9.999)).toEqual({ word: 'unchanged', revision: 1 });
    expect(await advanceAt(event, 10)).toMatchObject({ word: 'applied', revision: 2 });
    expect(await settingsOf(event)).toMatchObject({ phase: 'prequeue' });
    expect(await advanceAt(event, 15)).toMatchObject({ word: 'unchanged' });
    expect(await advanceAt(event, 20)).toMatchObject({ word: 'applied', revision: 3 });
    expect(await settingsOf(event)).toMatchObject({ phase: 'open', revision: 3 });
    const phases = (await readJournal(redis, event)).map(
      (entry) => entry.kind === 'settings' && entry.meta.phase,
    );
    expect(phases).toEqual(['scheduled', 'prequeue', 'open']);
    expect((await line.store.versions(event)).map(({ revision }) => revision)).toEqual([3, 2, 1]);
    await expectSound(redis, event);
  });

  it('does not close a draining event into which people are being given back', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 3, at(0));
    const { auditId } = await runAt(store, event, 1, { kind: 'expire', seqs: [1, 2, 3] });
    await drainAt(event, 2);
    await startAt(store, event, 3, { kind: 'restore', undoes: auditId });
    expect(await advanceAt(event, 3.5)).toMatchObject({ word: 'unchanged' });
    await finishAt(store, event, 4);
    expect(await advanceAt(event, 5)).toMatchObject({ word: 'unchanged' });
    expect((await expectSound(redis, event)).get(1)).toBe('waiting');
    expect(await enterAt(store, event, 1, at(6))).toMatchObject({ word: 'granted' });
  });

  it('writes each opening in the trail once, with the time at which it was due', async () => {
    const event = await line.event({ opensAtMs: atMs(20), prequeueFromMs: atMs(10) });
    await Promise.all([advanceAt(event, 11), advanceAt(event, 11.5), advanceAt(event, 12)]);
    await Promise.all([advanceAt(event, 33), advanceAt(event, 33), advanceAt(event, 34)]);
    expect(await told(event)).toEqual([
      ['queue.open', 10, 'scheduled', 'prequeue', 2],
      ['queue.open', 20, 'prequeue', 'open', 3],
    ]);
    const [first] = await systemRecords(event);
    expect(first).toMatchObject({
      event: event.id,
      actor: 'system',
      role: 'system',
      client: 'gateway',
      reason: '',
    });
    expect(first?.auditId).toMatch(/^aud_[0-9a-f]{10}$/);
  });

  it('tells both openings where nobody swept in between', async () => {
    const event = await line.event({ opensAtMs: atMs(20), prequeueFromMs: atMs(10) });
    expect(await advanceAt(event, 60)).toMatchObject({ word: 'applied', revision: 2 });
    expect(await told(event)).toEqual([
      ['queue.open', 10, 'scheduled', 'prequeue', 2],
      ['queue.open', 20, 'prequeue', 'open', 2],
    ]);
  });

  it('closes a draining event when nobody waits and nobody is away', async () => {
    const { redis, store } = line;
    const event = await line.event({ window: 1 });
    await joinAt(store, event, 2, at(0), 0);
    await hearAt(store, event, [2], at(0));
    await drainAt(event, 1);
    await sweepAt(store, event, at(1));
    expect(await advanceAt(event, 2)).toMatchObject({ word: 'unchanged' });
    expect(await enterAt(store, event, 2, at(3))).toMatchObject({ word: 'granted' });
    expect(await redis.hget(event.keys.meta, 'waiting')).toBe('0');
    expect(await advanceAt(event, 4)).toMatchObject({ word: 'unchanged' });
    await store.leave(event, { seq: 1, nowUs: at(5) });
    expect(await advanceAt(event, 6)).toMatchObject({ word: 'applied' });
    expect(await settingsOf(event)).toMatchObject({ phase: 'closed' });
    await expectSound(redis, event);
  });

  it('closes a draining event at its deadline, whoever still waits', async () => {
    const { store } = line;
    const event = await line.event();
    await joinAt(store, event, 2, at(0));
    await drainAt(event, 1, 10_000);
    expect(await advanceAt(event, 10.999)).toMatchObject({ word: 'unchanged' });
    expect(await advanceAt(event, 11)).toMatchObject({ word: 'applied' });
    expect(await settingsOf(event)).toMatchObject({ phase: 'closed' });
  });

  it('says why an event closed, and when', async () => {
    const event = await line.event();
    await joinAt(line.store, event, 1, at(0));
    await drainAt(event, 1, 10_000);
    await advanceAt(event, 15);
    expect(await told(event)).toEqual([['queue.close', 11, 'draining', 'closed', 3]]);
    const empty = await line.event();
    await drainAt(empty, 1);
    await advanceAt(empty, 2);
    expect(await told(empty)).toEqual([['queue.close', 2, 'draining', 'closed', 3]]);
    const [[deadline], [drained]] = [await systemRecords(event), await systemRecords(empty)];
    expect(deadline?.summary).not.toBe(drained?.summary);
  });

  it('writes down the end of limited values once, without a new revision, and grants as before', async () => {
    const { redis, store } = line;
    const event = await line.event({ refillPerSec: 2, capacity: 20 });
    const timed = {
      refill: { to: 50_000_000, forMs: 10_000, rampMs: 2_000 },
      capacity: { to: 80_000_000, forMs: 20_000 },
    };
    const change = { changeId: 'limited', timed, audit: '{}' };
    await store.setSettings(event, { ...change, nowUs: at(1) });
    expect(await advanceAt(event, 10.999)).toMatchObject({ word: 'unchanged', revision: 2 });
    expect(await advanceAt(event, 11.4)).toMatchObject({ word: 'applied', revision: 2 });
    expect(await advanceAt(event, 11.5)).toMatchObject({ word: 'unchanged' });
    expect(await settingsOf(event)).toMatchObject({
      refill: constant(2_000_000),
      revision: 2,
      changedAtMs: atMs(1),
    });
    // 20 at 1 s; 52 in the ramp of 2 s, then 50 a second until it is full at 80; the capacity ends at 21 s.
    expect(Number(await redis.hget(event.keys.bucket, 'tokens'))).toBe(80_000_000);
    expect(await advanceAt(event, 22)).toMatchObject({ word: 'applied', revision: 2 });
    expect(await settingsOf(event)).toMatchObject({ capacity: constant(20_000_000) });
    expect(Number(await redis.hget(event.keys.bucket, 'tokens'))).toBe(20_000_000);
    expect(await told(event)).toEqual([
      ['bucket.return', 11, 50, 2, 0],
      ['bucket.return', 21, 80, 20, 0],
    ]);
    await expectSound(redis, event);
  });

  it('lets nobody fail who planned before a limited value ended', async () => {
    const { store } = line;
    const event = await line.event();
    const timed = { refill: { to: 50_000_000, forMs: 5_000 } };
    await store.setSettings(event, { changeId: 'a', timed, audit: '{}', nowUs: at(1) });
    await advanceAt(event, 7);
    const change = { changeId: 'b', ifRevision: 2, fields: { window: '7' }, audit: '{}', nowUs: at(8) };
    expect(await store.setSettings(event, change)).toMatchObject({ word: 'applied', revision: 3 });
  });

  it('clears a message at its end', async () => {
    const { store } = line;
    const event = await line.event();
    const fields = { message: 'Back at "nine"', messageUntil: String(atMs(30)) };
    await store.setSettings(event, { changeId: 'm', fields, audit: '{}', nowUs: at(1) });
    expect(await advanceAt(event, 29.999)).toMatchObject({ word: 'unchanged' });
    expect(await advanceAt(event, 31)).toMatchObject({ word: 'applied', revision: 2 });
    expect(await settingsOf(event)).toMatchObject({ message: '', messageUntilMs: 0 });
    expect(await told(event)).toEqual([['message.clear', 30, 'Back at "nine"', null, 0]]);
    const none = { fields: { messageUntil: String(atMs(40)) }, changeId: 'none', audit: '{}' };
    await store.setSettings(event, { ...none, nowUs: at(32) });
    expect(await advanceAt(event, 41)).toMatchObject({ word: 'unchanged' });
  });

  it('changes nothing for another incarnation', async () => {
    const event = await line.event({ opensAtMs: atMs(1) });
    await expect(advanceAt({ ...event, incarnation: 'other' }, 5)).rejects.toThrow('incarnation');
    expect(await settingsOf(event)).toMatchObject({ phase: 'scheduled' });
  });
});
