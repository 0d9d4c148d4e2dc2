import { beforeEach, describe, expect, it } from 'vitest';
import { RecoveryStore } from '../../src/queue/recovery-store.ts';
import type { EventRef } from '../../src/queue/store.ts';
import type { WaitingToken } from '../../src/queue/waiting-token.ts';
import { at, atMs, digest, enterAt, joinAt, readJournal, useLine } from './line.ts';
import { forgetting, knownOf, recoverAt, refNow } from './loss.ts';
import { placesOf } from './sound.ts';

describe('give_back', () => {
  const line = useLine();
  let event: EventRef;

  const token = (seq: number, who: Partial<WaitingToken> = {}): WaitingToken => ({
    event: event.id,
    life: 'life0001',
    epoch: 1,
    seq,
    joinedMs: atMs(9),
    verified: false,
    ...who,
  });
  const giveBackAt = (sec: number, ...tokens: WaitingToken[]) =>
    new RecoveryStore(line.redis).giveBack(event, tokens, { nowUs: at(sec) });
  const states = async () => Object.fromEntries(await placesOf(line.redis, event));
  const counts = () => line.redis.hmget(event.keys.meta, 'waiting', 'skipped');

  /** Two places that Redis has and 3 to 12 that it lost; joins go on from 1,013. */
  beforeEach(async () => {
    const { redis, store } = line;
    event = await line.event({ run: 'r1', tiers: '1-=0', capacity: 100 });
    await joinAt(store, event, 2, at(0));
    const known = await forgetting(redis, event, async () => {
      await joinAt(store, event, 10, at(9));
      return knownOf(redis, event);
    });
    await recoverAt(redis, event, 10, known);
    event = await refNow(redis, event);
  });

  it('gives back places in their order, each once, as heard now', async () => {
    await joinAt(line.store, event, 1, at(11));
    expect(await giveBackAt(12, token(7), token(3), token(12))).toBe(3);
    expect(await giveBackAt(12, token(7), token(5))).toBe(1);
    expect(await states()).toEqual({ waiting: [1, 2, 3, 5, 7, 12, 1_013] });
    expect(await counts()).toEqual(['7', '1006']);
    expect((await readJournal(line.redis, event)).slice(-2)).toEqual([
      { kind: 'restored', nowMs: atMs(12), seqs: [3, 7, 12], skipped: 1_007 },
      { kind: 'restored', nowMs: atMs(12), seqs: [5], skipped: 1_006 },
    ]);
  });

  it('believes no token of the epoch itself, of a seq that was not lost, of an ended place, or after ten minutes', async () => {
    await new RecoveryStore(line.redis).merge(event, {
      worker: 'w1',
      through: true,
      places: [{ seq: 4, what: 'left' }],
      nowUs: at(11),
    });
    const tokens = [token(3, { epoch: 2 }), token(0), token(1_013), token(5_000), token(4)];
    expect(await giveBackAt(12, ...tokens)).toBe(0);
    expect(await giveBackAt(610, token(3))).toBe(0);
    expect(await giveBackAt(609, token(3))).toBe(1);
  });

  it('keeps the smaller seq of somebody who joined again meanwhile, and ends the newer', async () => {
    const { store } = line;
    const ann = { person: digest('ann') };
    await joinAt(store, event, [ann, {}], at(11));
    expect(await giveBackAt(12, token(5, ann))).toBe(1);
    expect(await states()).toEqual({ waiting: [1, 2, 5, 1_014], left: [1_013] });
    expect(await counts()).toEqual(['4', '1009']);
    const again = await joinAt(store, event, [ann], at(13));
    expect(again).toMatchObject({ exceptions: [{ what: 1, seq: 5, joinedMs: atMs(9) }] });
    expect((await readJournal(line.redis, event)).at(-1)).toEqual({
      kind: 'left',
      seq: 1_013,
      nowMs: atMs(12),
    });
  });

  it('keeps one of two lost places of one person, whichever comes first', async () => {
    const ann = { person: digest('ann') };
    expect(await giveBackAt(12, token(6, ann), token(4, ann), token(8, ann))).toBe(2);
    expect(await states()).toEqual({ waiting: [1, 2, 4], left: [6, 8] });
    expect(await counts()).toEqual(['3', '1007']);
  });

  it('gives no place back to somebody who was let in with a newer one', async () => {
    const { store } = line;
    const bob = { person: digest('bob'), verified: true };
    await joinAt(store, event, [{ person: bob.person }], at(11));
    expect(await enterAt(store, event, 1_013, at(40), { subject: bob.person })).toMatchObject({
      word: 'granted',
    });
    expect(await giveBackAt(41, token(5, bob))).toBe(0);
    expect(await states()).toEqual({ waiting: [1, 2], entered: [1_013], left: [5] });
  });

  it('notes whose the places are that gateways gave back or ended, so that nobody gets two', async () => {
    const { store, redis } = line;
    const [ann, bob] = [digest('ann'), digest('bob')];
    await new RecoveryStore(redis).merge(event, {
      worker: 'w1',
      through: true,
      places: [
        { seq: 3, what: 'waiting' },
        { seq: 4, what: 'entered' },
      ],
      nowUs: at(11),
    });
    expect(await giveBackAt(12, token(3, { person: ann }), token(4, { person: bob, verified: true }))).toBe(
      0,
    );
    const reply = await joinAt(store, event, [{ person: ann }, { person: bob }], at(13));
    expect(reply).toMatchObject({ exceptions: [{ what: 1, seq: 3 }, { what: 4 }] });
  });
});
