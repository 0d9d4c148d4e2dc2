import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EventRef, Store } from '../../src/queue/store.ts';
import type { RedisClient } from '../../src/redis/client.ts';
import { eventually } from '../helpers/eventually.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { expectTrue, openTailer, readTruth, type TestTailer } from '../helpers/replicas.ts';
import {
  at,
  beginAt,
  enterAt,
  freshEvent,
  hearAt,
  joinAt,
  joinMany,
  openStore,
  seeded,
  seqsFrom,
} from '../lua/line.ts';

let server: TestRedis;
let redis: RedisClient;
let store: Store;
beforeAll(async () => {
  server = await startRedis();
  ({ redis, store } = await openStore(server.port));
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

/** A random step of a line in test time; several of them run at once. */
async function step(event: EventRef, random: () => number, us: number): Promise<void> {
  const last = Number(await redis.hget(event.keys.meta, 'seq'));
  const seq = Math.max(1, last - Math.floor(random() * 300));
  const early = 1 + Math.floor(random() * 60);
  const dice = random();
  if (dice < 0.3) await joinAt(store, event, 1 + Math.floor(random() * 40), us, random() < 0.5 ? 0 : 60_000);
  else if (dice < 0.5) await store.leave(event, { seq: random() < 0.5 ? seq : early, nowUs: us });
  else if (dice < 0.7) await enterAt(store, event, random() < 0.5 ? early : seq, us);
  else if (dice < 0.85) await store.stepAside(event, { worker: 'w1', limit: 50, nowUs: us });
  else if (dice < 0.93) await hearAt(store, event, [early, seq], us, 60);
  else if (dice < 0.95) await store.expire(event, { limit: 20, nowUs: us });
  else if (dice < 0.96) {
    const [tomb] = await store.tombs(event);
    const own = { auditId: `aud_${us}`, changeId: String(us), audit: '{}', nowUs: us };
    if (tomb && random() < 0.5)
      await store.startJob(event, { ...own, kind: 'restore', undoes: tomb.auditId });
    else await store.startJob(event, { ...own, kind: 'expire', seqs: seqsFrom(early, early + 30) });
  } else if (dice < 0.97) await store.stepJob(event, { limit: 20, nowUs: us });
  else {
    const timed = { refill: { to: Math.floor(random() * 1e8) + 1, rampMs: 1_000 } };
    await store.setSettings(event, { changeId: String(us), timed, audit: '{}', nowUs: us });
  }
}

describe('a replica loaded while the line moves', () => {
  it.each([1, 2, 3, 4, 5])('equals the keys afterwards (seed %i)', async (seed) => {
    const random = seeded(seed);
    const wide = { refillPerSec: 50, capacity: 1_000, window: 1_000, tiers: '1-=0' };
    const event = await freshEvent(store, {
      ...wide,
      expireNearMs: 2_000,
      expireFarMs: 4_000,
      claimMs: 3_000,
    });
    await beginAt(redis, event, at(0));
    await joinMany(store, event, 200, at(0), 0);
    // A counter that jumped, so that the places lie in several chunks and far apart.
    await redis.hset(event.keys.meta, 'seq', 600_000 + seed);
    await joinMany(store, event, 200, at(1));
    const tails = await Promise.all([0, 1, 2].map(() => openTailer(server.port)));
    const loads: Promise<boolean>[] = [];
    // The line has been swept all along, so that silence counts.
    let sec = 400;
    await redis.hset(event.keys.meta, { sweptAt: at(sec) / 1000, sweeper: 'w1' });
    for (let round = 0; round < 60; round += 1) {
      sec += 0.2;
      const steps = Array.from({ length: 6 }, (_, index) => step(event, random, at(sec) + index));
      if (round % 20 === 3) loads.push((tails[loads.length] as TestTailer).tailer.follow(event.id));
      await Promise.all(steps);
    }
    expect(await Promise.all(loads)).toEqual([true, true, true]);
    const truth = await readTruth(redis, event);
    expect(new Set(truth.ends.map(([, how]) => how))).toEqual(new Set(['entered', 'left', 'expired']));
    for (const tail of tails) await expectTrue(tail, redis, event);
    for (const tail of tails) tail.close();
  });
});

describe('a replica of a line that an operator expires and restores', () => {
  it.each(['before', 'between', 'in the middle'])('has the order that was (loaded %s)', async (when) => {
    const event = await freshEvent(store);
    await joinMany(store, event, 1_500, at(0));
    await store.leave(event, { seq: 700 });
    await store.setPhase(event, { action: 'pause', changeId: 'p', audit: '{}' });
    const tail = await openTailer(server.port);
    if (when === 'before') await tail.tailer.follow(event.id);
    const own = (auditId: string) => ({ auditId, changeId: auditId, audit: '{}' });
    const before = (await readTruth(redis, event)).waits;
    await store.startJob(event, { ...own('aud_x'), kind: 'expire', all: true });
    for (let more = true; more; ) {
      const step = await store.stepJob(event);
      more = step.word === 'stepped' && step.more;
    }
    if (when === 'between') await tail.tailer.follow(event.id);
    await joinAt(store, event, 3, at(1));
    const [tomb] = await store.tombs(event);
    await store.startJob(event, { ...own('aud_r'), kind: 'restore', undoes: 'aud_x' });
    await store.stepJob(event);
    if (when === 'in the middle') await tail.tailer.follow(event.id);
    await expectTrue(tail, redis, event);
    const { settings, totals } = tail.replica(event);
    expect(settings.job).toEqual({ kind: 'restore', auditId: 'aud_r' });
    expect(totals.expired).toBeGreaterThan(900);
    expect(tail.replica(event).restorableUntil(1_499)).toBe(tomb?.untilMs);
    expect(tail.replica(event).restorableUntil(1)).toBe(0);
    expect(tail.replica(event).restorableUntil(700)).toBe(0);
    for (let more = true; more; ) {
      const step = await store.stepJob(event);
      more = step.word === 'stepped' && step.more;
    }
    await expectTrue(tail, redis, event);
    expect((await readTruth(redis, event)).waits).toEqual([...before, 1_501, 1_502, 1_503]);
    const replica = tail.replica(event);
    expect([replica.position(1), replica.position(1_503)]).toEqual([1, 1_502]);
    expect(replica.totals).toMatchObject({ expired: 0, left: 1 });
    expect(replica.settings.job).toBeUndefined();
    tail.close();
  });

  it('tells questions once, to those who follow already', async () => {
    const event = await freshEvent(store);
    const tail = await openTailer(server.port);
    await store.ask(event, { askId: 'before', what: 'seen', seq: 0, sinceMs: 0 });
    await tail.tailer.follow(event.id);
    await store.ask(event, { askId: 'after', what: 'story', seq: 4, sinceMs: 7 });
    await joinAt(store, event, 1, at(1));
    await expectTrue(tail, redis, event);
    expect(tail.asked.map(({ askId, what, seq, sinceMs }) => [askId, what, seq, sinceMs])).toEqual([
      ['after', 'story', 4, 7],
    ]);
    tail.close();
  });
});

describe('a replica that cannot go on from the journal', () => {
  let tail: TestTailer;
  let event: EventRef;
  beforeEach(async () => {
    tail = await openTailer(server.port);
    event = await freshEvent(store);
    await joinMany(store, event, 50, at(1));
    await tail.tailer.follow(event.id);
    return () => tail.close();
  });

  /** Leaves of places and then something done to the journal, as one step: no reader sees it half done. */
  const leaveAnd = (places: readonly number[], command: string): Promise<unknown> =>
    redis.eval(
      `local n = tonumber(redis.call('HGET', KEYS[1], 'n'))
       for _, seq in ipairs(ARGV) do
         n = n + 1
         redis.call('SETBIT', KEYS[2], seq, 0)
         redis.call('BITFIELD', KEYS[3], 'SET', 'u2', '#' .. seq, 2)
         redis.call('XADD', KEYS[4], n .. '-0', 'e', 'l ' .. seq .. ' 1')
       end
       redis.call('HSET', KEYS[1], 'n', n, 'waiting', redis.call('BITCOUNT', KEYS[2]))
       ${command}`,
      4,
      event.keys.meta,
      event.keys.waiting,
      event.keys.ended,
      event.keys.journal,
      ...places,
    );

  it.each([
    ['a hole in the middle', `redis.call('XDEL', KEYS[4], (n - 1) .. '-0')`],
    ['a hole at the end', `redis.call('XDEL', KEYS[4], n .. '-0')`],
    ['a journal trimmed past it', `redis.call('XTRIM', KEYS[4], 'MAXLEN', 1)`],
    ['a journal trimmed to nothing', `redis.call('XTRIM', KEYS[4], 'MAXLEN', 0)`],
    ['a journal that is gone', `redis.call('DEL', KEYS[4])`],
  ])('reads the event anew after %s', async (_, command) => {
    const before = tail.replica(event);
    await leaveAnd([3, 4, 5], command);
    await eventually(() => tail.replica(event) !== before && tail.followed(event).mode === 'live');
    await expectTrue(tail, redis, event);
    await joinAt(store, event, 7, at(2));
    await expectTrue(tail, redis, event);
    await eventually(() => !tail.tailer.isStale(tail.followed(event)));
  });

  it('reads the event anew after an entry that it cannot read, and goes on after one that it does not know', async () => {
    const before = tail.replica(event);
    await leaveAnd(
      [3],
      `n = n + 1 redis.call('HSET', KEYS[1], 'n', n) redis.call('XADD', KEYS[4], n .. '-0', 'e', 'z 1')`,
    );
    await expectTrue(tail, redis, event);
    expect(tail.replica(event)).toBe(before);
    await leaveAnd(
      [4],
      `n = n + 1 redis.call('HSET', KEYS[1], 'n', n) redis.call('XADD', KEYS[4], n .. '-0', 'e', 's 1 2 {broken')`,
    );
    await eventually(() => tail.replica(event) !== before);
    await expectTrue(tail, redis, event);
  });

  it('reads the event anew after an entry of a newer version that says something of places', async () => {
    const before = tail.replica(event);
    await redis.eval(
      `local n = redis.call('HINCRBY', KEYS[1], 'n', 1)
       redis.call('HINCRBY', KEYS[1], 'waiting', -1)
       redis.call('SETBIT', KEYS[2], 3, 0)
       redis.call('BITFIELD', KEYS[3], 'SET', 'u2', '#3', 2)
       redis.call('XADD', KEYS[4], n .. '-0', 'e', 'L 3 in words of tomorrow')`,
      4,
      event.keys.meta,
      event.keys.waiting,
      event.keys.ended,
      event.keys.journal,
    );
    await eventually(() => tail.replica(event) !== before);
    await expectTrue(tail, redis, event);
    expect(tail.replica(event).state(3)).toBe('left');
  });

  it('keeps what it counted of the flow of people', async () => {
    await store.leave(event, { seq: 9 });
    await eventually(() => tail.replica(event).totals.left === 1);
    const before = tail.replica(event);
    await leaveAnd([3], `redis.call('DEL', KEYS[4])`);
    await eventually(() => tail.replica(event) !== before);
    expect(tail.replica(event).flow.total('left')).toBeGreaterThanOrEqual(1);
  });

  it('notices a copy of older data', async () => {
    const names = Object.values(event.keys);
    const dumps = await Promise.all(names.map((key) => redis.dumpBuffer(key)));
    await store.leave(event, { seq: 3 });
    await joinAt(store, event, 20, at(2));
    await expectTrue(tail, redis, event);
    const restore = redis.multi().del(...names);
    for (const [index, key] of names.entries()) {
      const dump = dumps[index];
      if (dump) restore.restore(key, 0, dump);
    }
    await restore.exec();
    await eventually(() => tail.replica(event).maxSeq === 50);
    await expectTrue(tail, redis, event);
    expect(tail.replica(event).state(3)).toBe('waiting');
  });

  it('takes over another life that stands in the place of its event', async () => {
    const other = await freshEvent(store, { life: 'life0002', incarnation: 'inc00002' });
    await joinMany(store, other, 500, at(1));
    const swap = redis.multi().del(...Object.values(event.keys));
    for (const name of ['meta', 'waiting', 'due', 'bucket', 'journal', 'audit', 'senders'] as const) {
      swap.rename(other.keys[name], event.keys[name]);
    }
    await swap.exec();
    await eventually(() => tail.replica(event).settings.life === 'life0002');
    await expectTrue(tail, redis, event);
    expect(tail.replica(event).flow.total('joined')).toBe(0);
  });

  it('is gone with its event, and found again when it is made anew', async () => {
    await redis.del(...Object.values(event.keys));
    await eventually(() => tail.gone.includes(event.id));
    expect(tail.tailer.get(event.id)).toBeUndefined();
    expect(await tail.tailer.follow(event.id)).toBe(false);
    expect(tail.tailer.get(event.id)).toBeUndefined();
  });

  it('survives that its connection is cut, again and again', async () => {
    for (let cut = 0; cut < 5; cut += 1) {
      await redis.client('KILL', 'ID', await tail.redis.client('ID'));
      await joinAt(store, event, 3, at(2 + cut));
      await eventually(async () => tail.replica(event).n === Number(await redis.hget(event.keys.meta, 'n')));
    }
    await expectTrue(tail, redis, event);
  });
});
