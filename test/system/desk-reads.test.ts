import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type QueueSnapshot, queueSnapshotSchema } from '../../src/contract/snapshot.ts';
import { positionRowSchema, visitorStorySchema } from '../../src/contract/visitors.ts';
import type { Desk } from '../../src/queue/desk/desk.ts';
import { Keyring } from '../../src/queue/keyring.ts';
import type { Line } from '../../src/queue/line-types.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { eventually } from '../helpers/eventually.ts';
import { as, joinAt, type Operator, openLine, openOperator, yes } from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { actOn, openWholeDesk } from '../helpers/whole-desk.ts';
import { joinMany, seeded, seqsFrom } from '../lua/line.ts';

let server: TestRedis;
let operator: Operator;
let desk: Desk;
let lines: Line[] = [];

const keyring = new Keyring([{ kid: 'k1', secret: Buffer.alloc(32, 7) }]);
const nowUs = async (): Promise<number> => {
  const [seconds, micros] = await operator.redis.time();
  return Number(seconds) * 1e6 + Number(micros);
};
/** The reference of a place, as its visitor sees it. */
const referenceOf = async (event: EventRef, seq: number): Promise<string> => {
  const life = (await operator.redis.hget(event.keys.meta, 'life')) ?? '';
  return keyring.eventSecret('k1', event.id, life)?.reference(seq) ?? '';
};
/** Puts so many places in and waits until the desk has seen them. */
async function fill(event: EventRef, count: number): Promise<void> {
  await joinMany(operator.store, event, count, await nowUs());
  await desk.load(event.id);
  await eventually(() => (desk.snapshot(event.id)?.waiting ?? 0) >= count);
}
/** An event that was made ten minutes ago, so that somebody may have been silent since then. */
async function oldEvent(plan: Parameters<Operator['event']>[0]): Promise<EventRef> {
  const event = await operator.event(plan);
  await operator.redis.hset(event.keys.meta, 'base', Math.floor((await nowUs()) / 1000) - 600_000);
  return event;
}
/** Says since when a place is silent as its gateway would have, s ago; it was told to poll after 2 s. */
async function silentSince(event: EventRef, seqs: readonly number[], sec: number): Promise<void> {
  const base = Number(await operator.redis.hget(event.keys.meta, 'base'));
  const due = Math.ceil(((await nowUs()) / 1000 - sec * 1000 + 21_000 - base) / 100);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(Math.max(1, due));
  for (const seq of seqs) await operator.redis.setrange(event.keys.due, seq * 4, bytes as unknown as string);
}

beforeAll(async () => {
  server = await startRedis();
  operator = await openOperator(server.port);
  desk = await openWholeDesk(server.port);
});
afterEach(async () => {
  await Promise.all(lines.map((line) => line.close()));
  lines = [];
});
afterAll(async () => {
  await desk.close();
  operator.close();
  await server.stop();
});

describe('the positions of a line', () => {
  it('are the order of the joins without those who left, on every page', async () => {
    const event = await operator.event({ refillPerSec: 0.01 });
    await fill(event, 2_500);
    const random = seeded(5);
    const left = new Set(seqsFrom(1, 2_500).filter(() => random() < 0.4));
    for (const seq of left) await operator.store.leave(event, { seq });
    await eventually(() => desk.snapshot(event.id)?.waiting === 2_500 - left.size);
    const order = seqsFrom(1, 2_500).filter((seq) => !left.has(seq));
    const seen: string[] = [];
    for (let from = 1; from <= order.length; from += 400) {
      const { rows, waiting, away } = await desk.positions(event.id, { from, limit: 400 });
      expect([waiting, away]).toEqual([order.length, 0]);
      expect(rows.map(({ position }) => position)).toEqual(
        seqsFrom(from, Math.min(order.length, from + 399)),
      );
      seen.push(...rows.map(({ visitor }) => visitor));
    }
    expect(seen).toEqual(await Promise.all(order.map((seq) => referenceOf(event, seq))));
    expect((await desk.positions(event.id, { from: order.length + 1, limit: 10 })).rows).toEqual([]);
  });

  it('say when people joined, to the second, and what stands out', async () => {
    const event = await oldEvent({ refillPerSec: 0.01, capacity: 12, window: 30 });
    const startMs = (await nowUs()) / 1000;
    await fill(event, 40);
    await silentSince(event, [3, 35], 71);
    await operator.redis.setrange(event.keys.due, 20 * 4, Buffer.alloc(4) as unknown as string);
    const { rows } = await desk.positions(event.id, { from: 1, limit: 40 });
    for (const row of rows) {
      expect(positionRowSchema.parse(row)).toEqual(row);
      expect(Math.abs(Date.parse(row.joinedAt) - startMs)).toBeLessThan(1_500);
      expect(row.waitedSec).toBeLessThan(10);
    }
    expect(rows[2]).toMatchObject({ note: 'SILENT' });
    expect(Math.abs((rows[2]?.heardSec ?? 0) - 71)).toBeLessThanOrEqual(3);
    expect(rows.map(({ note }) => note).slice(0, 13)).toEqual([
      ...['TOP10', 'TOP10', 'SILENT', 'TOP10', 'TOP10', 'TOP10', 'TOP10', 'TOP10', 'TOP10', 'TOP10'],
      ...['READY', 'READY', null],
    ]);
    expect(rows[19]?.heardSec).toBeNull();
    expect(rows[11]?.etaSec).toBe(0);
    expect(rows[39]?.etaSec).toBeGreaterThan(60);
  });

  it('list who is away behind the page that holds the end of the window', async () => {
    const event = await oldEvent({ refillPerSec: 0.01, window: 5 });
    await fill(event, 20);
    await silentSince(event, [2, 4], 90);
    await operator.store.stepAside(event, { worker: 'w1' });
    await eventually(() => desk.snapshot(event.id)?.away === 2);
    const page = async (from: number, limit: number) => {
      const { rows } = await desk.positions(event.id, { from, limit });
      return rows.map(({ position, note }) => (position === null ? note : position));
    };
    expect(await page(1, 4)).toEqual([1, 2, 3, 4]);
    expect(await page(3, 4)).toEqual([3, 4, 5, 6, 'AWAY', 'AWAY']);
    expect(await page(6, 3)).toEqual([6, 7, 8]);
    const { rows } = await desk.positions(event.id, { from: 5, limit: 1 });
    expect(rows[1]).toMatchObject({ visitor: await referenceOf(event, 2), etaSec: null, confidence: null });
    await eventually(() => desk.snapshot(event.id)?.awayTop.length === 2, { withinMs: 3_000 });
  });
});

describe('a snapshot', () => {
  it('has every field of the contract, also for a queue where nobody is', async () => {
    const event = await operator.event({ name: '\u001b[31mFest\u0007 \u202e"x"' });
    await desk.load(event.id);
    const snapshot = desk.snapshot(event.id);
    expect(queueSnapshotSchema.parse(JSON.parse(JSON.stringify(snapshot)))).toEqual(snapshot);
    expect(snapshot).toMatchObject({ name: '\u001b[31mFest\u0007 \u202e"x"', top: [], alarms: [] });
    await fill(event, 30);
    const filled = desk.snapshot(event.id);
    expect(queueSnapshotSchema.parse(JSON.parse(JSON.stringify(filled)))).toEqual(filled);
    expect(filled?.top.map(({ position }) => position)).toEqual(seqsFrom(1, 20));
  });

  it('of one number is one state, whether asked for or sent, and numbers rise by one', async () => {
    const event = await operator.event({ refillPerSec: 0.01 });
    await desk.load(event.id);
    const sent = new Map<number, QueueSnapshot>();
    const order: number[] = [];
    const stop = desk.onChange(event.id, (snapshot) => {
      sent.set(snapshot.seq, snapshot);
      order.push(snapshot.seq);
    });
    const asked: QueueSnapshot[] = [];
    for (let round = 0; round < 60; round += 1) {
      if (round % 5 === 0) await joinMany(operator.store, event, 3, await nowUs());
      asked.push(desk.snapshot(event.id) as QueueSnapshot);
      await new Promise((resolve) => setTimeout(resolve, 35));
    }
    stop();
    expect(order.length).toBeGreaterThan(4);
    expect(order).toEqual(order.map((_, index) => (order[0] ?? 0) + index));
    const plain = (one: QueueSnapshot | undefined) => ({ ...one, ageSec: 0, asOf: '' });
    const both = asked.filter(({ seq }) => sent.has(seq));
    expect(both.length).toBeGreaterThan(10);
    for (const one of both) expect(plain(one)).toEqual(plain(sent.get(one.seq)));
  });

  it('is sent four times a second at most, and at once after a change of state', async () => {
    const event = await operator.event({ refillPerSec: 0.01 });
    await fill(event, 10);
    const times: number[] = [];
    let pausedMs = 0;
    const stop = desk.onChange(event.id, ({ paused }) => {
      times.push(performance.now());
      if (paused && pausedMs === 0) pausedMs = performance.now();
    });
    const startedMs = performance.now();
    for (let round = 0; round < 40; round += 1) {
      await joinMany(operator.store, event, 1, await nowUs());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    // Two seconds where the machine is not busy: 10 of them.
    const tookSec = (performance.now() - startedMs) / 1_000;
    expect(times.length).toBeLessThanOrEqual(Math.floor(4 * tookSec) + 2);
    await operator.store.setPhase(event, { action: 'pause', changeId: 'p', audit: '{"auditId":"aud_p"}' });
    const changedMs = performance.now();
    await eventually(() => pausedMs > 0);
    stop();
    expect(pausedMs - changedMs).toBeLessThan(150);
    // Its line of the audit is read from another stream than the setting.
    await eventually(() =>
      expect(desk.snapshot(event.id)?.changes[0]).toMatchObject({ auditId: 'aud_p', revision: 2 }),
    );
  });

  it('counts who was not heard for a minute, and offers what can be given back', async () => {
    const event = await oldEvent({ refillPerSec: 0.01 });
    await fill(event, 300);
    await silentSince(event, seqsFrom(101, 300), 95);
    await silentSince(event, seqsFrom(1, 100), 30);
    await eventually(() => desk.snapshot(event.id)?.silentOver60Sec === 200, { withinMs: 8_000 });
    await actOn(desk, event.id, { type: 'queue.pause' });
    const { auditId } = await actOn(
      desk,
      event.id,
      { type: 'queue.expire', all: true },
      { confirm: event.id },
    );
    await eventually(() => desk.snapshot(event.id)?.waiting === 0);
    await eventually(() => desk.snapshot(event.id)?.restorable !== null);
    expect(desk.snapshot(event.id)?.restorable).toMatchObject({ auditId, people: 300 });
  });

  it('knows how Redis does after two looks', async () => {
    const event = await operator.event();
    await desk.load(event.id);
    await operator.redis.eval('return redis.error_reply("bad")', 0).catch(() => {});
    await eventually(() => {
      const redis = desk.snapshot(event.id)?.redis;
      return redis?.cpuPercent !== null && redis?.p99Ms !== null;
    });
    await eventually(() => (desk.snapshot(event.id)?.redis.scriptErrorsPerMin ?? 0) > 0);
    const redis = desk.snapshot(event.id)?.redis;
    expect(redis).toMatchObject({ masters: 1, hottestNode: null, maxMemoryBytes: 0 });
    expect(redis?.slowPerMin).toBeGreaterThanOrEqual(0);
    expect(redis?.usedMemoryBytes).toBeGreaterThan(100_000);
  });
});

describe('a visitor', () => {
  it('has a story: what all gateways remember of them, and the body that they get now', async () => {
    const event = await operator.event({ refillPerSec: 0.01, capacity: 1, window: 100 });
    lines = await Promise.all([openLine(server.port), openLine(server.port)]);
    await eventually(async () => (await operator.redis.hlen(event.keys.reporters)) === 2);
    const [one, two] = lines as [Line, Line];
    const first = await joinAt(one, event);
    for (let each = 0; each < 14; each += 1) await joinAt(one, event);
    const token = await joinAt(one, event, { userId: 'anna', caller: as('anna') });
    await eventually(async () => yes(await two.status(token)).position === 16);
    for (const line of [one, one, two]) yes(await line.status(token));
    expect((await two.enter(token, as('anna'))).ok).toBe(false);
    await eventually(() => desk.snapshot(event.id)?.waiting === 16);
    const story = await desk.visitor(event.id, 'sub:anna');
    expect(visitorStorySchema.parse(story)).toEqual(story);
    expect(story).toMatchObject({
      visitor: await referenceOf(event, 16),
      status: 'waiting',
      position: 16,
      answered: { workers: 2, of: 2 },
      awaySince: null,
      refusals: [{ reason: expect.any(String) }],
      statusBody: { status: 'waiting', position: 16 },
    });
    expect(story.polls).toBeGreaterThanOrEqual(4);
    expect(JSON.stringify(story)).not.toContain(token.slice(8, 40));
    const again = await desk.visitor(event.id, story.visitor);
    expect([again.visitor, again.position, again.polls]).toEqual([story.visitor, 16, story.polls]);
    expect((await desk.visitor(event.id, '#1')).visitor).toBe(await referenceOf(event, 1));
    expect((await one.enter(first, as('ben'))).ok).toBe(true);
    const entered = async () => desk.visitor(event.id, await referenceOf(event, 1));
    await eventually(async () => (await entered()).status === 'entered');
    const { joinedAt, enteredAt } = await entered();
    expect(Date.parse(enteredAt ?? '')).toBeGreaterThanOrEqual(Date.parse(joinedAt));
    expect(Date.parse(enteredAt ?? '')).toBeLessThanOrEqual(Date.now() + 1_000);
  });

  it('whose place has ended is found by reference, with how it ended', async () => {
    const event = await operator.event({ refillPerSec: 0.01 });
    await fill(event, 3);
    await operator.store.leave(event, { seq: 2 });
    await eventually(() => desk.snapshot(event.id)?.waiting === 2);
    const story = await desk.visitor(event.id, await referenceOf(event, 2));
    expect(story).toMatchObject({ status: 'left', position: null, statusBody: null, answered: { of: 0 } });
  });

  it('who is nobody is not found', async () => {
    const event = await operator.event({ refillPerSec: 0.01 });
    await fill(event, 3);
    const beyond = await referenceOf(event, 4);
    for (const name of ['#4', '#0', 'user:nobody', 'sub:nobody', beyond, 'v_abcdefgh'])
      await expect(desk.visitor(event.id, name)).rejects.toMatchObject({
        refusal: { code: 'VISITOR_NOT_FOUND' },
      });
    await expect(desk.visitor('evt_none', '#1')).rejects.toMatchObject({
      refusal: { code: 'EVENT_NOT_FOUND' },
    });
  });

  it('of another life of the event is nobody either', async () => {
    const event = await operator.event({ kind: 'test', refillPerSec: 0.01 });
    await fill(event, 3);
    const reference = await referenceOf(event, 3);
    await actOn(desk, event.id, { type: 'queue.flush' }, { confirm: event.id });
    await eventually(() => desk.snapshot(event.id)?.waiting === 0);
    const incarnation = (await operator.redis.hget(event.keys.meta, 'incarnation')) ?? '';
    await fill({ ...event, incarnation }, 2);
    const { rows } = await desk.positions(event.id, { from: 1, limit: 5 });
    expect(rows).toHaveLength(2);
    expect(Date.parse(rows[0]?.joinedAt ?? '')).toBeGreaterThan(Date.now() - 10_000);
    expect((await desk.visitor(event.id, reference)).position).toBeNull();
  });

  it('has no name at a desk that does not know the key of the event, which says so', async () => {
    const event = await operator.event({ refillPerSec: 0.01 });
    await fill(event, 3);
    const warnings: string[] = [];
    const stranger = await openWholeDesk(server.port, {
      waitingTokenKeys: [{ kid: 'k9', secret: Buffer.alloc(32, 9) }],
      warnings,
    });
    try {
      await stranger.load(event.id);
      const { rows } = await stranger.positions(event.id, { from: 1, limit: 3 });
      expect(rows.map(({ visitor }) => visitor)).toEqual(Array(3).fill('v_????????'));
      await expect(stranger.visitor(event.id, await referenceOf(event, 1))).rejects.toMatchObject({
        refusal: { code: 'VISITOR_NOT_FOUND' },
      });
      expect((await stranger.visitor(event.id, '#2')).position).toBe(2);
      expect(warnings.some((text) => text.includes(event.id))).toBe(true);
    } finally {
      await stranger.close();
    }
  });
});
