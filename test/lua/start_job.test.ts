import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../src/queue/settings.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { finishAt, runAt, startAt } from './jobs.ts';
import { at, atMs, joinAt, seqsFrom, useLine } from './line.ts';
import { expectSound } from './sound.ts';

describe('start_job', () => {
  const line = useLine();
  const settingsOf = async (event: EventRef) => parseSettings(await line.redis.hgetall(event.keys.meta));
  const pauseAt = (event: EventRef, sec: number) =>
    line.store.setPhase(event, { action: 'pause', changeId: 'pause', audit: '{}', nowUs: at(sec) });

  it('says in settings and journal what is under way, and raises no revision', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 3, at(0));
    const { auditId, reply } = await startAt(store, event, 1, { kind: 'expire', seqs: [2] });
    expect(reply).toEqual({ word: 'started', nowMs: atMs(1) });
    expect(await settingsOf(event)).toMatchObject({ job: { kind: 'expire', auditId }, revision: 1 });
    expect([...(await expectSound(redis, event)).values()]).toEqual(['waiting', 'waiting', 'waiting']);
    await finishAt(store, event, 1);
    expect((await settingsOf(event)).job).toBeUndefined();
    await expectSound(redis, event);
    const records = await redis.xrange(event.keys.audit, '-', '+');
    expect(records.at(-1)?.[1]).toEqual(['record', '{}', 'revision', '0', 'at', String(atMs(1))]);
  });

  it('runs one job at a time, and says which', async () => {
    const { store } = line;
    const event = await line.event();
    await joinAt(store, event, 3, at(0));
    const { auditId } = await startAt(store, event, 1, { kind: 'remove', seqs: [1] });
    const { reply } = await startAt(store, event, 1, { kind: 'expire', seqs: [2] });
    expect(reply).toEqual({ word: 'busy', auditId });
    await finishAt(store, event, 1);
    expect((await startAt(store, event, 1, { kind: 'expire', seqs: [2] })).reply.word).toBe('started');
  });

  it('starts a job once that is sent again, also when it has finished', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 3, at(0));
    const job = { kind: 'expire', seqs: [2], changeId: 'mine' } as const;
    const [first, copy] = await Promise.all([startAt(store, event, 1, job), startAt(store, event, 1, job)]);
    expect(copy.reply).toEqual(first.reply);
    await finishAt(store, event, 2);
    expect((await startAt(store, event, 3, job)).reply).toEqual({ word: 'started', nowMs: atMs(1) });
    expect(await store.stepJob(event, { nowUs: at(3) })).toMatchObject({ word: 'idle' });
    expect(await redis.xlen(event.keys.audit)).toBe(2);
    expect(await store.tombs(event)).toHaveLength(1);
  });

  it('expires everybody only while the event is paused', async () => {
    const { store } = line;
    const event = await line.event();
    await joinAt(store, event, 3, at(0));
    const { reply } = await startAt(store, event, 1, { kind: 'expire', all: true });
    expect(reply).toEqual({ word: 'not_paused' });
    await pauseAt(event, 2);
    expect((await startAt(store, event, 3, { kind: 'expire', all: true })).reply.word).toBe('started');
  });

  it('gives back nothing that it does not know, or whose time is over', async () => {
    const { store } = line;
    const event = await line.event();
    await joinAt(store, event, 3, at(0));
    const { auditId } = await runAt(store, event, 1, { kind: 'expire', seqs: [1, 2] });
    expect((await startAt(store, event, 2, { kind: 'restore', undoes: 'aud_no' })).reply).toEqual({
      word: 'gone',
    });
    expect((await startAt(store, event, 601, { kind: 'restore', undoes: auditId })).reply).toEqual({
      word: 'gone',
    });
    const restore = await startAt(store, event, 600.999, { kind: 'restore', undoes: auditId });
    expect(restore.reply.word).toBe('started');
    await finishAt(store, event, 602);
    expect((await startAt(store, event, 602, { kind: 'restore', undoes: auditId })).reply).toEqual({
      word: 'gone',
    });
  });

  it('lists what can be given back, and until when', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 20, at(0));
    const { auditId } = await runAt(store, event, 1, { kind: 'expire', seqs: seqsFrom(3, 9) });
    // The test's time is ahead of the real one, so nothing is over yet.
    expect(await store.tombs(event)).toEqual([{ auditId, untilMs: atMs(601), places: 7 }]);
    await redis.hset(event.keys.tombs, 'index', `aud_old 1000 5`);
    expect(await store.tombs(event)).toEqual([]);
  });

  it('writes nothing for a job that it does not understand', async () => {
    const { redis, store } = line;
    const event = await line.event();
    const before = await redis.hgetall(event.keys.meta);
    await expect(startAt(store, event, 1, { kind: 'expire' })).rejects.toThrow('no scope');
    await expect(startAt(store, event, 1, { kind: 'remove', silentForMs: 1 })).rejects.toThrow('no scope');
    await expect(startAt(store, event, 1, { kind: 'remove', seqs: seqsFrom(1, 501) })).rejects.toThrow(
      'at most',
    );
    await expect(
      startAt(store, { ...event, incarnation: 'other' }, 1, { kind: 'remove', seqs: [1] }),
    ).rejects.toThrow('incarnation');
    expect(await redis.hgetall(event.keys.meta)).toEqual(before);
    expect(await redis.exists(event.keys.tombs)).toBe(0);
  });
});
