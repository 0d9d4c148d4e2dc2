import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusReply } from '../../src/contract/visitor-api.ts';
import type { Line } from '../../src/queue/line-types.ts';
import { eventsKey } from '../../src/queue/scripts.ts';
import { parseSettings } from '../../src/queue/settings.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { eventually } from '../helpers/eventually.ts';
import { as, joinAt, no, type Operator, openLine, openOperator, yes } from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

let server: TestRedis;
let operator: Operator;
let line: Line;
let changes = 0;

beforeAll(async () => {
  server = await startRedis();
  operator = await openOperator(server.port);
  line = await openLine(server.port);
});
afterAll(async () => {
  await line.close();
  operator.close();
  await server.stop();
});

/** Subscribes and gathers what is pushed, with the time of each push. */
async function watch(token: string) {
  const pushes: (StatusReply & { atMs: number })[] = [];
  const stop = yes(
    await line.subscribe(token, (reply) => pushes.push({ ...reply, atMs: performance.now() })),
  );
  return { pushes, stop, last: () => pushes.at(-1) };
}

const setFields = (event: EventRef, fields: Record<string, string>) => {
  changes += 1;
  return operator.store.setSettings(event, { changeId: `c${changes}`, fields, audit: '{}' });
};
const setPhase = (event: EventRef, action: 'pause' | 'resume' | 'close') => {
  changes += 1;
  return operator.store.setPhase(event, { action, changeId: `c${changes}`, audit: '{}' });
};

/** When Redis takes silence of a place to begin, ms. */
async function dueMs(event: EventRef, seq: number): Promise<number> {
  const bytes = await operator.redis.getrangeBuffer(event.keys.due, seq * 4, seq * 4 + 3);
  const { baseMs } = parseSettings(await operator.redis.hgetall(event.keys.meta));
  return bytes.readUInt32BE() * 100 + baseMs;
}

describe('a stream', () => {
  it('gets a status at once, and again as soon as the place is ready', async () => {
    const event = await operator.event({ capacity: 1, refillPerSec: 0.01 });
    const tokens = [];
    for (let place = 1; place <= 12; place += 1) tokens.push(await joinAt(line, event));
    const { pushes, stop, last } = await watch(tokens[11] ?? '');
    expect(pushes).toHaveLength(1);
    expect(last()).toMatchObject({ status: 'waiting', position: 12 });
    for (const token of tokens.slice(0, 2)) yes(await line.leave(token));
    await eventually(() => last()?.status === 'ready', { withinMs: 1_000 });
    expect(last()).toMatchObject({ position: 10, ready_for_entry: true });
    stop();
  });

  it('hears of pause, resume, message and close within half a second', async () => {
    const event = await operator.event();
    const { stop, last } = await watch(await joinAt(line, event));
    const within = { withinMs: 500 };
    await setPhase(event, 'pause');
    await eventually(() => last()?.paused === true && last()?.ready_for_entry === false, within);
    await setPhase(event, 'resume');
    await eventually(() => last()?.paused === false, within);
    await setFields(event, { message: 'Doors at eight.' });
    await eventually(() => last()?.message === 'Doors at eight.', within);
    await setPhase(event, 'close');
    await eventually(() => last()?.phase === 'closed' && last()?.status === 'expired', within);
    stop();
  });

  it('hears that the place was entered from elsewhere', async () => {
    const event = await operator.event();
    const token = await joinAt(line, event);
    const { stop, last } = await watch(token);
    yes(await line.enter(token, as('ann')));
    await eventually(() => last()?.status === 'entered', { withinMs: 500 });
    stop();
  });

  it('gets position and wait at the pace of poll_after_sec where nothing else happens', async () => {
    const event = await operator.event();
    const { pushes, stop } = await watch(await joinAt(line, event));
    await eventually(() => pushes.filter(({ status }) => status === 'ready').length >= 3, {
      withinMs: 9_000,
    });
    const ready = pushes.filter(({ status }) => status === 'ready');
    for (const [index, push] of ready.slice(1).entries()) {
      const before = ready[index];
      const lateMs = push.atMs - (before?.atMs ?? 0) - (before?.poll_after_sec ?? 0) * 1000;
      expect(lateMs).toBeGreaterThanOrEqual(-1);
      expect(lateMs).toBeLessThan(500);
    }
    stop();
  });

  it('is presence while it lasts, and silence 5 s after it was cut', async () => {
    const event = await operator.event();
    const { stop } = await watch(await joinAt(line, event));
    await eventually(async () => (await dueMs(event, 1)) > Date.now() + 15_000, { withinMs: 3_000 });
    stop();
    await eventually(async () => (await dueMs(event, 1)) < Date.now() + 6_500, { withinMs: 3_000 });
    expect(await dueMs(event, 1)).toBeGreaterThan(Date.now() + 3_000);
  });

  it('leaves its visitor as present as after a poll where it was handed over', async () => {
    const event = await operator.event();
    const { stop } = await watch(await joinAt(line, event));
    const handedMs = Date.now();
    stop(true);
    const marker = await operator.event();
    const { stop: cut } = await watch(await joinAt(line, marker));
    cut();
    await eventually(async () => (await dueMs(marker, 1)) < Date.now() + 6_500, { withinMs: 5_000 });
    expect(await dueMs(event, 1)).toBeGreaterThan(handedMs + 15_000);
  });

  it('does not make a visitor silent who has another one open', async () => {
    const event = await operator.event();
    const token = await joinAt(line, event);
    const first = await watch(token);
    const second = await watch(token);
    first.stop();
    first.stop();
    const heard = await operator.event();
    const marker = await watch(await joinAt(line, heard));
    marker.stop();
    await eventually(async () => (await dueMs(heard, 1)) < Date.now() + 6_500, { withinMs: 3_000 });
    expect(await dueMs(event, 1)).toBeGreaterThan(Date.now() + 10_000);
    second.stop();
  });

  it('ends with an expired place when its event is deleted, and is not pushed to again', async () => {
    const event = await operator.event({ kind: 'test' });
    const token = await joinAt(line, event);
    const { pushes, stop, last } = await watch(token);
    await operator.redis.srem(eventsKey, event.id);
    expect(await operator.store.deleteEvent(event)).toBe('deleted');
    await eventually(() => last()?.status === 'expired', { withinMs: 1_000 });
    expect(last()).toMatchObject({ position: 0, ready_for_entry: false });
    const count = pushes.length;
    expect(no(await line.subscribe(token, () => {})).code).toBe('TOKEN_NOT_FOUND');
    stop();
    expect(pushes).toHaveLength(count);
  });

  it('is refused for a token of nobody', async () => {
    expect(no(await line.subscribe('t1.k1.AAAA.AAAA', () => {})).code).toBe('TOKEN_NOT_FOUND');
  });
});
