import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { planRequestSchema } from '../../src/contract/actions.ts';
import type { Desk } from '../../src/queue/desk/desk.ts';
import type { Line } from '../../src/queue/line-types.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { eventually } from '../helpers/eventually.ts';
import { joinAt, type Operator, openLine, openOperator } from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { act, actOn, author, openWholeDesk } from '../helpers/whole-desk.ts';

let server: TestRedis;
let operator: Operator;
let desk: Desk;
let lines: Line[] = [];

const change = (event: EventRef, refillPerSec: number, ifRevision?: number) =>
  actOn(desk, event.id, { type: 'bucket.set', refillPerSec }, ifRevision === undefined ? {} : { ifRevision });
const served = (event: EventRef) =>
  lines.flatMap((line) => line.gauges().events.filter((one) => one.event === event.id));

/** Opens lines and waits until all serve the event and have said so. */
async function open(event: EventRef, count: number): Promise<void> {
  lines = await Promise.all(Array.from({ length: count }, () => openLine(server.port)));
  await eventually(async () => (await operator.redis.hlen(event.keys.reporters)) === count);
}

beforeAll(async () => {
  server = await startRedis();
  operator = await openOperator(server.port);
  desk = await openWholeDesk(server.port);
});
afterEach(() => Promise.all(lines.map((line) => line.close())));
afterAll(async () => {
  await desk.close();
  operator.close();
  await server.stop();
});

describe('the receipt of a change', () => {
  it('says that all gateways have it, within a second, and they have', async () => {
    const event = await operator.event();
    await open(event, 3);
    for (const refillPerSec of [20, 50, 7]) {
      const reply = await change(event, refillPerSec);
      expect(reply.receipt).toMatchObject({ inForce: 3, of: 3, missing: [] });
      expect(reply.receipt?.afterMs).toBeLessThan(1_000);
      expect(served(event).map(({ revision }) => revision)).toEqual(Array(3).fill(reply.revision));
    }
  });

  it('says so for an event with people waiting too', async () => {
    const event = await operator.event({ refillPerSec: 0.01 });
    await open(event, 2);
    await Promise.all(lines.flatMap((line) => Array.from({ length: 50 }, () => joinAt(line, event))));
    expect((await change(event, 30)).receipt).toMatchObject({ inForce: 2, of: 2 });
  });

  it('does not count a gateway that said goodbye', async () => {
    const event = await operator.event();
    await open(event, 2);
    await lines.pop()?.close();
    expect((await change(event, 20)).receipt).toMatchObject({ inForce: 1, of: 1, missing: [] });
  });

  it('names a gateway that does not answer, and waits no longer than a second for it', async () => {
    const event = await operator.event();
    await open(event, 1);
    const [seconds] = await operator.redis.time();
    await operator.redis.hset(event.keys.reporters, 'dead/w1', `${Number(seconds) * 1000 + 500} 1 dead`);
    const { receipt } = await change(event, 20);
    expect(receipt).toMatchObject({ inForce: 1, of: 2, missing: [{ gateway: 'dead' }] });
    expect(receipt?.afterMs).toBeGreaterThanOrEqual(1_000);
    expect(receipt?.afterMs).toBeLessThan(1_500);
  });

  it('comes for a paused event as well', async () => {
    const event = await operator.event();
    await open(event, 2);
    await operator.store.setPhase(event, { action: 'pause', changeId: 'pause', audit: '{}' });
    const { receipt, revision } = await change(event, 20);
    expect([receipt?.inForce, receipt?.of, revision]).toEqual([2, 2, 3]);
  });

  it('is not given for a change that another one passed by', async () => {
    const event = await operator.event();
    await open(event, 1);
    const { revision } = await change(event, 20, 1);
    await expect(change(event, 30, 1)).rejects.toMatchObject({
      refusal: { code: 'VERSION_CONFLICT', body: { revision } },
    });
    expect((await operator.redis.hget(event.keys.meta, 'refill'))?.split(' ')[2]).toBe('20000000');
  });

  it('is not waited for by a plan, which changes nothing', async () => {
    const event = await operator.event();
    const action = { type: 'bucket.set', refillPerSec: 50 } as const;
    const plan = await desk.plan(planRequestSchema.parse({ events: [event.id], action }), author);
    const rows = plan.items[0]?.rows ?? [];
    expect(rows.find(({ name }) => name === 'refillPerSec')).toMatchObject({ before: 10, after: 50 });
    expect(await operator.redis.hget(event.keys.meta, 'revision')).toBe('1');
  });
});

describe('the desk', () => {
  it('refuses an event in a time zone that nobody knows, and writes nothing', async () => {
    const action = { type: 'event.create', timeZone: 'Mars/Olympus' } as const;
    await expect(act(desk, action, { events: ['evt_nowhere'] })).rejects.toMatchObject({
      refusal: { code: 'BAD_REQUEST' },
    });
    expect(await operator.redis.exists('tacos:{evt_nowhere}:meta')).toBe(0);
  });

  it('keeps every watcher of an event that several ask for at once', async () => {
    const event = await operator.event();
    await Promise.all([desk.load(event.id), desk.load(event.id), desk.load(event.id)]);
    const seen: number[] = [];
    const stop = desk.onChange(event.id, (snapshot) => seen.push(snapshot.waiting));
    await open(event, 1);
    await joinAt(lines[0] as Line, event);
    await eventually(() => seen.includes(1));
    stop();
    expect(desk.snapshot(event.id)?.waiting).toBe(1);
  });
});
