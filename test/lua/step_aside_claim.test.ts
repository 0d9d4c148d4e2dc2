import { describe, expect, it } from 'vitest';
import { settle } from '../../src/queue/bucket.ts';
import { parseSettings, windowAt } from '../../src/queue/settings.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { at, atMs, enterAt, hearAt, joinMany, readJournal, seqsFrom, sweepThrough, useLine } from './line.ts';
import { expectSound, readStates } from './sound.ts';

/** Long enough that nobody in these tests is ever silent. */
const alwaysDueMs = 10_000_000;

describe('step_aside of people who are there but never enter', () => {
  const line = useLine();

  /** When each place was stepped around as unclaimed, s since the beginning. */
  async function unclaimedAt(event: EventRef): Promise<Map<number, number>> {
    const times = new Map<number, number>();
    for (const entry of await readJournal(line.redis, event)) {
      if (entry.kind !== 'away' || entry.reason !== 'unclaimed') continue;
      for (const seq of entry.seqs) times.set(seq, (entry.nowMs - atMs(0)) / 1000);
    }
    return times;
  }

  /**
   * Everybody who is ready (position within tokens and window, wherever they are) enters `lagSec` after they first
   * were, but for those in `never`. Sweeps every half second.
   */
  async function liveThrough(
    event: EventRef,
    fromSec: number,
    toSec: number,
    options: { lagSec: (seq: number) => number; never: (seq: number) => boolean },
  ): Promise<{ grantedAt: Map<number, number> }> {
    const { redis, store } = line;
    const readySince = new Map<number, number>();
    const grantedAt = new Map<number, number>();
    for (let sec = fromSec; sec <= toSec; sec += 0.5) {
      await sweepThrough(store, event, sec, sec);
      const settings = parseSettings(await redis.hgetall(event.keys.meta));
      const [tokens, refilledAt] = await redis.hmget(event.keys.bucket, 'tokens', 'refilledAt');
      const bucket = settle(
        { tokensMicro: Number(tokens), refilledAtUs: Number(refilledAt) },
        settings,
        at(sec),
      );
      const reach = Math.min(Math.floor(bucket.tokensMicro / 1e6), windowAt(settings, atMs(sec)));
      let position = 1;
      for (const [seq, state] of await readStates(redis, event)) {
        if (position > reach) break;
        if (state !== 'waiting' && state !== 'unclaimed') continue;
        if (!readySince.has(seq)) readySince.set(seq, sec);
        const waited = sec - (readySince.get(seq) ?? sec);
        if (!options.never(seq) && waited >= options.lagSec(seq)) {
          if ((await enterAt(store, event, seq, at(sec))).word === 'granted') grantedAt.set(seq, sec);
        } else if (state === 'waiting') {
          position += 1;
        }
      }
    }
    return { grantedAt };
  }

  it('is due claim_sec after their turn had come, not earlier', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinMany(store, event, 100, at(0), alwaysDueMs);
    expect(await sweepThrough(store, event, 0.5, 60)).toEqual({ silent: 0, unclaimed: 0 });
    expect(await sweepThrough(store, event, 60.5, 60.5)).toEqual({ silent: 0, unclaimed: 100 });
    const away = { kind: 'away', reason: 'unclaimed', nowMs: atMs(60.5), seqs: seqsFrom(1, 100) };
    expect((await readJournal(redis, event)).at(-1)).toEqual(away);
    await expectSound(redis, event);
  });

  it('frees the front for those behind 100 faithful pollers, at the full rate', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinMany(store, event, 1_500, at(0), alwaysDueMs);
    const { grantedAt } = await liveThrough(event, 0, 120, { lagSec: () => 1, never: (seq) => seq <= 100 });
    const times = [...grantedAt.values()];
    expect(times.filter((sec) => sec < 60)).toEqual([]);
    // The full bucket at once, then 10 a second.
    expect(times.filter((sec) => sec <= 65).length).toBeGreaterThanOrEqual(100);
    expect(times.filter((sec) => sec > 65 && sec <= 120).length).toBeGreaterThanOrEqual(0.95 * 10 * 55);
    const states = await expectSound(redis, event);
    expect(seqsFrom(1, 100).every((seq) => states.get(seq) === 'unclaimed')).toBe(true);
  });

  it('clears 1,000 of them by claim_sec + 1 s where bucket and window hold 1,000', async () => {
    const { redis, store } = line;
    const event = await line.event({ capacity: 1_000, window: 1_000 });
    await joinMany(store, event, 1_000, at(0), alwaysDueMs);
    expect(await sweepThrough(store, event, 0.5, 61)).toEqual({ silent: 0, unclaimed: 1_000 });
    expect(await redis.hget(event.keys.meta, 'waiting')).toBe('0');
    await expectSound(redis, event);
  });

  it('clears 1,000 of them by claim_sec + 5 s with the default bucket at 200 a second', async () => {
    const { redis, store } = line;
    const event = await line.event({ refillPerSec: 200 });
    await joinMany(store, event, 1_000, at(0), alwaysDueMs);
    expect(await sweepThrough(store, event, 0.5, 65)).toEqual({ silent: 0, unclaimed: 1_000 });
    await expectSound(redis, event);
  });

  it('goes no further than the window and the tokens that were lost meanwhile', async () => {
    const { store } = line;
    const event = await line.event();
    await joinMany(store, event, 2_000, at(0), alwaysDueMs);
    await sweepThrough(store, event, 0, 120);
    const times = await unclaimedAt(event);
    expect([...times.keys()]).toEqual(seqsFrom(1, times.size));
    for (const [seq, sec] of times) {
      const turnSec = Math.max(0, (seq - 100) / 10);
      expect(sec, `place ${seq}`).toBeGreaterThanOrEqual(turnSec + 60);
      expect(sec, `place ${seq}`).toBeLessThanOrEqual(turnSec + 61.5);
    }
    expect(times.size).toBeGreaterThanOrEqual(690);
  });

  it('counts no token that was lost before the opening or while nobody swept', async () => {
    const { store } = line;
    const event = await line.event({ prequeueFromMs: atMs(0), opensAtMs: atMs(600) });
    await joinMany(store, event, 2_000, at(0), alwaysDueMs);
    await sweepThrough(store, event, 590, 665);
    const opened = await unclaimedAt(event);
    expect(Math.max(...opened.keys())).toBeLessThanOrEqual(100 + 10 * 6);
    await sweepThrough(store, event, 1_265, 1_330);
    const later = [...(await unclaimedAt(event))].filter(([, sec]) => sec > 1_000);
    expect(later.length).toBeLessThanOrEqual(100 + 10 * 6);
  });

  it('touches nobody while people enter within claim_sec of being ready', async () => {
    const { redis, store } = line;
    const event = await line.event({ capacity: 400, window: 400 });
    await joinMany(store, event, 2_000, at(0), alwaysDueMs);
    await liveThrough(event, 0, 150, { lagSec: (seq) => 5 + (seq % 25), never: () => false });
    expect((await unclaimedAt(event)).size).toBe(0);
    await expectSound(redis, event);
  });

  it('gives everybody the whole time again once the bucket is no longer full', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinMany(store, event, 2_500, at(0), alwaysDueMs);
    // The first hundred wait for 55 s, so that 550 tokens are lost; everybody after them takes 8 s.
    const lagSec = (seq: number) => (seq <= 100 ? 55 : 8);
    const { grantedAt } = await liveThrough(event, 0, 200, { lagSec, never: () => false });
    expect(Math.max(...grantedAt.keys())).toBeGreaterThan(1_400);
    const late = [...(await unclaimedAt(event)).keys()].filter((seq) => seq > 700);
    expect(late).toEqual([]);
    await expectSound(redis, event);
  });

  it('starts the clock anew for who tried to enter and came back', async () => {
    const { redis, store } = line;
    const event = await line.event({ window: 2, capacity: 2, claimMs: 10_000 });
    await joinMany(store, event, 2, at(0), alwaysDueMs);
    expect(await sweepThrough(store, event, 0, 10)).toMatchObject({ unclaimed: 2 });
    await store.setPhase(event, { action: 'pause', changeId: 'p', audit: '{}', nowUs: at(11) });
    expect(await enterAt(store, event, 1, at(12))).toMatchObject({ reason: 'paused' });
    await store.setPhase(event, { action: 'resume', changeId: 'r', audit: '{}', nowUs: at(12) });
    expect(await sweepThrough(store, event, 12, 21.5)).toMatchObject({ unclaimed: 0 });
    expect(await sweepThrough(store, event, 22, 22)).toMatchObject({ unclaimed: 1 });
    await expectSound(redis, event);
  });

  it('starts the clock anew for who was silent and came back, and for nobody else', async () => {
    const { redis, store } = line;
    const event = await line.event({ claimMs: 20_000 });
    await joinMany(store, event, 3, at(0), alwaysDueMs);
    await hearAt(store, event, [2], at(0), 5);
    expect(await sweepThrough(store, event, 0, 10)).toEqual({ silent: 1, unclaimed: 0 });
    await hearAt(store, event, [2], at(10), 1_000);
    await sweepThrough(store, event, 10, 40);
    expect([...(await unclaimedAt(event))]).toEqual([
      [1, 20],
      [3, 20],
      [2, 30],
    ]);
    await expectSound(redis, event);
  });

  it('starts the clocks anew after a pause and after a time in which nobody could be heard', async () => {
    const { store } = line;
    const event = await line.event({ claimMs: 10_000 });
    await joinMany(store, event, 5, at(0), alwaysDueMs);
    await sweepThrough(store, event, 0, 8);
    await store.setPhase(event, { action: 'pause', changeId: 'p', audit: '{}', nowUs: at(8) });
    await sweepThrough(store, event, 8, 60);
    await store.setPhase(event, { action: 'resume', changeId: 'r', audit: '{}', nowUs: at(60) });
    expect(await sweepThrough(store, event, 60, 69.5)).toMatchObject({ unclaimed: 0 });
    // Nobody swept until 80: Redis was away, so nobody could enter.
    expect(await sweepThrough(store, event, 80, 89.5)).toMatchObject({ unclaimed: 0 });
    expect(await sweepThrough(store, event, 90, 90)).toMatchObject({ unclaimed: 5 });
  });

  it("takes tokens that were lost while hardly anybody waited for nobody's turn", async () => {
    const { store } = line;
    const event = await line.event();
    await joinMany(store, event, 1, at(0), alwaysDueMs);
    await sweepThrough(store, event, 0, 50);
    await joinMany(store, event, 1_000, at(50), alwaysDueMs);
    await sweepThrough(store, event, 50.5, 115);
    const times = await unclaimedAt(event);
    expect(times.get(1)).toBe(60);
    for (const [seq, sec] of times) expect(sec).toBeGreaterThanOrEqual(60 + Math.max(0, seq - 100) / 10);
    expect(Math.max(...times.keys())).toBeLessThan(200);
  });

  it('keeps no mark of a sweep in which no new turn came', async () => {
    const { redis, store } = line;
    const event = await line.event();
    await joinMany(store, event, 5, at(0), alwaysDueMs);
    await sweepThrough(store, event, 0, 30);
    await joinMany(store, event, 5, at(30), alwaysDueMs);
    await sweepThrough(store, event, 30.5, 50);
    expect(await redis.lrange(event.keys.turns, 0, -1)).toEqual([`${atMs(0)} 5`, `${atMs(30.5)} 10`]);
  });

  it('counts a turn only when the tokens are there', async () => {
    const { store } = line;
    const event = await line.event({ capacity: 10, refillPerSec: 1, claimMs: 10_000, tiers: '1-=0' });
    await joinMany(store, event, 40, at(0), alwaysDueMs);
    // The tokens and the overdraft are gone at once: the next turn comes when the bucket is above zero again.
    for (let seq = 1; seq <= 20; seq += 1) await enterAt(store, event, seq, at(0));
    await sweepThrough(store, event, 0, 30);
    const times = await unclaimedAt(event);
    expect([...times.keys()]).toEqual(seqsFrom(21, 20 + times.size));
    for (const [seq, sec] of times) expect(sec).toBe(10 + (seq - 20) + 10);
    expect(times.size).toBe(10);
  });
});
