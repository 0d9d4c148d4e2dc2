import { describe, expect, it } from 'vitest';
import type { EventRef } from '../../src/queue/store.ts';
import { finishAt, runAt, startAt } from './jobs.ts';
import {
  at,
  atMs,
  digest,
  enterAt,
  hearAt,
  joinAt,
  joinMany,
  readJournal,
  seqsFrom,
  sweepAt,
  useLine,
} from './line.ts';
import { expectSound } from './sound.ts';

describe('step_job', () => {
  const line = useLine();
  let changes = 0;
  const phaseAt = (event: EventRef, sec: number, action: 'pause' | 'resume') => {
    changes += 1;
    return line.store.setPhase(event, { action, changeId: `c${changes}`, audit: '{}', nowUs: at(sec) });
  };
  const waitingOf = async (event: EventRef) =>
    [...(await expectSound(line.redis, event))].flatMap(([seq, state]) => (state === 'waiting' ? [seq] : []));
  const endedOf = async (event: EventRef, state: string) =>
    [...(await expectSound(line.redis, event))].flatMap(([seq, is]) => (is === state ? [seq] : []));
  const person = (seq: number) => ({ person: digest(`person ${seq}`) });

  it('expires listed places, waiting and away, and passes over those that ended', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, 6, at(0), 0);
    await hearAt(store, event, [1, 2, 4, 5, 6], at(0));
    await sweepAt(store, event, at(1));
    await store.leave(event, { seq: 5, nowUs: at(1) });
    const { places } = await runAt(store, event, 2, { kind: 'expire', seqs: [5, 3, 2, 99] });
    expect(places).toBe(2);
    expect(await endedOf(event, 'expired')).toEqual([2, 3]);
    expect(await endedOf(event, 'left')).toEqual([5]);
    expect(await enterAt(store, event, 3, at(3))).toEqual({ word: 'expired' });
    expect((await readJournal(redis, event)).find(({ kind }) => kind === 'expired')).toEqual({
      kind: 'expired',
      nowMs: atMs(2),
      seqs: [2, 3],
      restorableUntilMs: atMs(602),
    });
  });

  it('removes listed places as left, which nothing gives back', async () => {
    const { store } = line;
    const event = await line.event();
    await joinAt(store, event, 4, at(0));
    await runAt(store, event, 1, { kind: 'remove', seqs: [4, 1] });
    expect(await endedOf(event, 'left')).toEqual([1, 4]);
    expect(await store.tombs(event)).toEqual([]);
    expect(await enterAt(store, event, 1, at(2))).toEqual({ word: 'left' });
  });

  it('expires who was silent for so long, in the line and away, and nobody who was heard since', async () => {
    const { store } = line;
    // presenceMs 20 s: due = heard + 24 s here, so 36 s of silence are due + 16 s at the latest.
    const event = await line.event({ window: 3 });
    await joinAt(store, event, 8, at(0));
    await hearAt(store, event, [2, 5, 7], at(40));
    for (let sec = 40; sec <= 44; sec += 1) await sweepAt(store, event, at(sec));
    expect(await endedOf(event, 'silent')).toEqual([1, 3, 4, 6]);
    const { places } = await runAt(store, event, 56, { kind: 'expire', silentForMs: 36_000 });
    expect(await endedOf(event, 'expired')).toEqual([1, 3, 4, 6, 8]);
    expect(places).toBe(5);
    expect(await waitingOf(event)).toEqual([2, 5, 7]);
  });

  it('takes no silence for silence in which nobody could be heard', async () => {
    const { store } = line;
    const event = await line.event();
    await joinAt(store, event, 3, at(0), 0);
    await sweepAt(store, event, at(1));
    await sweepAt(store, event, at(400));
    expect((await runAt(store, event, 430, { kind: 'expire', silentForMs: 30_000 })).places).toBe(0);
    expect((await runAt(store, event, 449.9, { kind: 'expire', silentForMs: 30_000 })).places).toBe(0);
    expect((await runAt(store, event, 450, { kind: 'expire', silentForMs: 30_000 })).places).toBe(3);
  });

  it('expires everybody who was there at its start, in batches, and nobody who joined since', async () => {
    const { redis, store } = line;
    const event = await line.event({ window: 50 });
    await joinMany(store, event, 1_203, at(0), 0);
    await hearAt(store, event, seqsFrom(40, 1_203), at(1), 600);
    await sweepAt(store, event, at(2));
    await phaseAt(event, 3, 'pause');
    const { auditId } = await startAt(store, event, 4, { kind: 'expire', all: true });
    const first = await store.stepJob(event, { limit: 500, nowUs: at(4) });
    expect(first).toEqual({ word: 'stepped', auditId, places: 500, more: true });
    await joinAt(store, event, 5, at(4));
    // Somebody whom the walk has passed already comes back: they do not slip through.
    await hearAt(store, event, [7], at(4));
    expect(await finishAt(store, event, 5)).toMatchObject({ places: 1_203, more: false });
    expect(await waitingOf(event)).toEqual(seqsFrom(1_204, 1_208));
    expect((await store.stepJob(event, { nowUs: at(6) })).word).toBe('idle');
    expect(await redis.hget(event.keys.meta, 'jobDone')).toBe(`${auditId} 1203`);
  });

  it('gives everybody back in the order that was, after everybody was expired', async () => {
    const { redis, store } = line;
    const event = await line.event({ window: 50, capacity: 10 });
    await joinMany(store, event, 1_300, at(0), 600_000);
    await store.leave(event, { seq: 5, nowUs: at(0) });
    for (const seq of [1, 2, 3]) await enterAt(store, event, seq, at(0));
    const before = await waitingOf(event);
    await phaseAt(event, 1, 'pause');
    const { auditId } = await runAt(store, event, 2, { kind: 'expire', all: true });
    expect(await waitingOf(event)).toEqual([]);
    await joinAt(store, event, 2, at(3));
    await phaseAt(event, 4, 'resume');
    const { places } = await runAt(store, event, 5, { kind: 'restore', undoes: auditId });
    expect(places).toBe(before.length);
    expect(await waitingOf(event)).toEqual([...before, 1_301, 1_302]);
    expect(await store.tombs(event)).toEqual([]);
    expect(await redis.exists(event.keys.tombs)).toBe(0);
    expect(await enterAt(store, event, 4, at(6))).toMatchObject({ word: 'granted' });
    expect(await enterAt(store, event, 6, at(6))).toMatchObject({ word: 'granted' });
    const back = (await readJournal(redis, event)).flatMap((entry) =>
      entry.kind === 'restored' ? entry.seqs : [],
    );
    expect(back).toEqual(before);
  });

  it('lets nobody in until all are back, whoever races', async () => {
    const { store } = line;
    const event = await line.event({ window: 3_000, capacity: 3_000 });
    await joinMany(store, event, 1_400, at(0), 600_000);
    await phaseAt(event, 1, 'pause');
    const { auditId } = await runAt(store, event, 2, { kind: 'expire', all: true });
    await joinAt(store, event, 1, at(3));
    await phaseAt(event, 4, 'resume');
    await startAt(store, event, 5, { kind: 'restore', undoes: auditId });
    for (let more = true; more; ) {
      const [step, ...replies] = await Promise.all([
        store.stepJob(event, { nowUs: at(5) }),
        enterAt(store, event, 1_401, at(5)),
        enterAt(store, event, 1, at(5)),
      ]);
      more = step.word === 'stepped' && step.more;
      if (!more) break;
      for (const reply of replies)
        expect(reply.word === 'expired' || (reply.word === 'denied' && reply.reason === 'restoring')).toBe(
          true,
        );
    }
    expect(await enterAt(store, event, 1, at(6))).toMatchObject({ word: 'granted' });
  });

  it('is carried on by others when its caller dies in the middle', async () => {
    const { store } = line;
    const event = await line.event();
    await joinMany(store, event, 1_100, at(0), 600_000);
    await phaseAt(event, 1, 'pause');
    const { auditId } = await startAt(store, event, 2, { kind: 'expire', all: true });
    await store.stepJob(event, { nowUs: at(2) });
    // Minutes later another process goes on, several at once.
    for (let more = true; more; ) {
      const steps = await Promise.all([1, 2, 3].map(() => store.stepJob(event, { nowUs: at(90) })));
      more = steps.every((step) => step.word === 'stepped' && step.more);
    }
    expect(await endedOf(event, 'expired')).toEqual(seqsFrom(1, 1_100));
    await startAt(store, event, 100, { kind: 'restore', undoes: auditId });
    await store.stepJob(event, { nowUs: at(100) });
    await finishAt(store, event, 900);
    expect(await waitingOf(event)).toEqual(seqsFrom(1, 1_100));
  });

  it('counts everybody who is back as heard', async () => {
    const { store } = line;
    const event = await line.event();
    await joinAt(store, event, 3, at(0), 0);
    const { auditId } = await runAt(store, event, 1, { kind: 'expire', seqs: [1, 2, 3] });
    await sweepAt(store, event, at(490));
    await sweepAt(store, event, at(494.9));
    await runAt(store, event, 500, { kind: 'restore', undoes: auditId });
    for (let sec = 499; sec <= 545; sec += 4)
      expect(await sweepAt(store, event, at(sec))).toMatchObject({ silent: 0 });
    expect(await sweepAt(store, event, at(545.2))).toMatchObject({ silent: 3 });
  });

  it('gives people who joined again their old place, and ends the newer one', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinAt(store, event, [person(1), person(2), person(3)], at(0));
    const { auditId } = await runAt(store, event, 1, { kind: 'expire', seqs: [1, 2] });
    expect(await joinAt(store, event, [person(2), {}, person(1)], at(2))).toMatchObject({ exceptions: [] });
    await store.prune(event, { nowUs: at(3) });
    await runAt(store, event, 4, { kind: 'restore', undoes: auditId });
    expect(await waitingOf(event)).toEqual([1, 2, 3, 5]);
    expect(await endedOf(event, 'left')).toEqual([4, 6]);
    const again = await joinAt(store, event, [person(1), person(2)], at(5));
    expect(again).toMatchObject({ exceptions: [{ seq: 1, what: 1, joinedMs: atMs(0) }, { seq: 2 }] });
    expect(await redis.exists(event.keys.rejoined)).toBe(0);
  });

  it('does not give a place back to a person who got in with a newer one', async () => {
    const { store } = line;
    const event = await line.event();
    await joinAt(store, event, [person(1), person(2)], at(0));
    const { auditId } = await runAt(store, event, 1, { kind: 'expire', seqs: [1, 2] });
    await joinAt(store, event, [person(1), person(2)], at(2));
    expect(await enterAt(store, event, 3, at(3))).toMatchObject({ word: 'granted' });
    const { places } = await runAt(store, event, 4, { kind: 'restore', undoes: auditId });
    expect(places).toBe(1);
    expect([...(await expectSound(line.redis, event)).values()]).toEqual([
      'expired',
      'waiting',
      'entered',
      'left',
    ]);
  });

  it('keeps one place of a person whose newer places were expired as well', async () => {
    const { store } = line;
    const event = await line.event();
    await joinAt(store, event, [person(1)], at(0));
    const first = await runAt(store, event, 1, { kind: 'expire', seqs: [1] });
    await joinAt(store, event, [person(1)], at(2));
    const second = await runAt(store, event, 3, { kind: 'expire', seqs: [2] });
    await joinAt(store, event, [person(1)], at(4));
    await runAt(store, event, 5, { kind: 'restore', undoes: first.auditId });
    expect([...(await expectSound(line.redis, event)).values()]).toEqual(['waiting', 'left', 'left']);
    expect(await runAt(store, event, 6, { kind: 'restore', undoes: second.auditId })).toMatchObject({
      places: 0,
    });
    expect([...(await expectSound(line.redis, event)).values()]).toEqual(['waiting', 'left', 'left']);
  });

  it('changes nothing for another incarnation', async () => {
    const event = await line.event();
    await expect(line.store.stepJob({ ...event, incarnation: 'other' })).rejects.toThrow('incarnation');
    expect(await line.store.stepJob(event)).toEqual({ word: 'idle' });
  });
});
