import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Action } from '../../src/contract/actions.ts';
import type { Finding } from '../../src/contract/doctor.ts';
import type { Desk } from '../../src/queue/desk/desk.ts';
import type { Line } from '../../src/queue/line-types.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { eventually } from '../helpers/eventually.ts';
import { joinAt, type Operator, openLine, openOperator } from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { actOn, openWholeDesk } from '../helpers/whole-desk.ts';
import { joinMany, seqsFrom } from '../lua/line.ts';

let server: TestRedis;
let operator: Operator;
let desk: Desk;
let line: Line;
let event: EventRef;

const webhook = { configured: false, failing: false };
const hourMs = 3_600_000;
const redisMs = async (): Promise<number> => Number((await operator.redis.time())[0]) * 1000;
const findings = (endsAt: string | null = null): Promise<Finding[]> =>
  desk.doctor(event.id, { certificateEndsAt: endsAt, webhook });
const acted = (action: Action) => actOn(desk, event.id, action, { override: true, confirm: event.id });
/** Waits until this is what doctor names first. */
const first = (expected: object, endsAt?: string) =>
  eventually(async () => expect((await findings(endsAt))[0]).toMatchObject(expected), {
    withinMs: 15_000,
    everyMs: 200,
  });
const healthy = () =>
  eventually(async () => expect((await findings()).filter(({ result }) => result !== 'pass')).toEqual([]), {
    withinMs: 15_000,
    everyMs: 200,
  });
const report = async (gateway: string, { ageMs, revision }: { ageMs: number; revision: number }) =>
  operator.redis.hset(
    event.keys.reporters,
    `${gateway}/w1`,
    `${(await redisMs()) - ageMs} ${revision} ${gateway}`,
  );

beforeAll(async () => {
  server = await startRedis({ aof: true });
  operator = await openOperator(server.port);
  desk = await openWholeDesk(server.port);
  line = await openLine(server.port);
});
beforeEach(async () => {
  event = await operator.event({ refillPerSec: 10 });
  await joinAt(line, event);
  await desk.load(event.id);
  await healthy();
});
afterAll(async () => {
  await line.close();
  await desk.close();
  operator.close();
  await server.stop();
});

describe('doctor names an induced fault first, with what ends it, and passes once it has ended', () => {
  it('a pause', async () => {
    await acted({ type: 'queue.pause' });
    await first({ check: 'paused', result: 'fail', next: `tacos queue resume ${event.id}` });
    await acted({ type: 'queue.resume' });
    await healthy();
  });

  it('an event that is not open yet', async () => {
    event = await operator.event({ refillPerSec: 10, opensAtMs: (await redisMs()) + 300_000 });
    await desk.load(event.id);
    await healthy();
    await acted({ type: 'queue.close' });
    await first({ check: 'not-open', result: 'warn', next: `tacos queue open ${event.id}` });
    await acted({ type: 'queue.open' });
    await healthy();
  });

  it('a bucket that is too small', async () => {
    await acted({ type: 'bucket.set', capacity: 15, refillPerSec: 50 });
    await first({
      check: 'capacity-small',
      result: 'fail',
      next: `tacos bucket set ${event.id} --capacity 200`,
    });
    await acted({ type: 'bucket.set', capacity: 200 });
    await healthy();
  });

  it('a window that is too small', async () => {
    await acted({ type: 'settings.set', window: 10 });
    await first({ check: 'window-small', next: `tacos queue settings set ${event.id} --window 100` });
    await acted({ type: 'settings.set', window: 100 });
    await healthy();
  });

  it('a thousand dead heads', async () => {
    const ms = await redisMs();
    await operator.redis.hset(event.keys.meta, 'base', ms - 600_000);
    await joinMany(operator.store, event, 1_000, ms * 1000);
    const long = Buffer.alloc(4);
    long.writeUInt32BE(100);
    for (const seq of seqsFrom(2, 1_001)) {
      await operator.redis.setrange(event.keys.due, seq * 4, long as unknown as string);
    }
    await first({
      check: 'dead-heads',
      result: 'fail',
      who: expect.stringContaining('25 s'),
    });
  });

  it('a gateway that stopped, and one that has not taken a change over', async () => {
    // Young enough to be seen before the sweep takes the report of the silent away.
    await report('box-7-11-beef', { ageMs: 2_000, revision: 1 });
    await first({ check: 'gateway-missing', result: 'fail', who: expect.stringContaining('box-7:') });
    event = await operator.event({ refillPerSec: 10 });
    await joinAt(line, event);
    await desk.load(event.id);
    await acted({ type: 'bucket.set', refillPerSec: 12 });
    const stuck = setInterval(() => report('box-8-12-cafe', { ageMs: 0, revision: 1 }), 500);
    try {
      await first({ check: 'revision-not-in-force', result: 'fail', who: expect.stringContaining('box-8:') });
    } finally {
      clearInterval(stuck);
    }
  });

  it('a Redis at its maxmemory', async () => {
    const used = Number(/used_memory:(\d+)/.exec(await operator.redis.info('memory'))?.[1]);
    await operator.redis.config('SET', 'maxmemory', Math.round(used * 1.05));
    await first({
      check: 'redis-memory',
      result: 'fail',
      who: "whoever runs Redis, as Redis's own admin",
      next: expect.stringMatching(/^redis-cli -h 127\.0\.0\.1 -p \d+ CONFIG SET maxmemory \d+mb$/),
    });
    await operator.redis.config('SET', 'maxmemory', '0');
    await healthy();
  });

  it('a Redis that throws places away when it is full', async () => {
    await operator.redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await first({
      check: 'noeviction',
      result: 'fail',
      next: `redis-cli -h 127.0.0.1 -p ${server.port} CONFIG SET maxmemory-policy noeviction`,
    });
    await operator.redis.config('SET', 'maxmemory-policy', 'noeviction');
    await healthy();
  });

  it('a Redis without an append-only file', async () => {
    await operator.redis.config('SET', 'appendonly', 'no');
    await first({
      check: 'aof-off',
      result: 'fail',
      next: `redis-cli -h 127.0.0.1 -p ${server.port} CONFIG SET appendonly yes`,
    });
    await operator.redis.config('SET', 'appendonly', 'yes');
    await healthy();
  });

  it('a certificate that ends today', async () => {
    const endsAt = new Date((await redisMs()) + 5 * hourMs).toISOString();
    await first({ check: 'certificate-ending', result: 'fail', who: expect.any(String) }, endsAt);
  });
});
