import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Desk } from '../../src/queue/desk/desk.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Operator, openOperator } from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { act, actOn, openWholeDesk } from '../helpers/whole-desk.ts';

describe('a desk whose Redis goes away', () => {
  let server: TestRedis;
  let operator: Operator;
  let desk: Desk;
  const warnings: string[] = [];
  beforeAll(async () => {
    server = await startRedis({ aof: true });
    operator = await openOperator(server.port);
    desk = await openWholeDesk(server.port, { warnings });
  });
  afterAll(async () => {
    await desk.close();
    operator.close();
    await server.stop();
  });

  it('goes on showing what it knows with its age, says so to the rest, and is whole when Redis is back', async () => {
    const event = await operator.event({ refillPerSec: 12 });
    await actOn(desk, event.id, { type: 'bucket.set', refillPerSec: 15 });
    // The setting is heard before its line of the audit, which is read from the stream by itself.
    const known = await eventually(() => {
      const snapshot = desk.snapshot(event.id);
      return snapshot?.changes.length === 1 && snapshot;
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await server.kill();
    await eventually(() => (desk.snapshot(event.id)?.ageSec ?? 0) > 1.5);
    const old = desk.snapshot(event.id);
    expect(old).toMatchObject({
      stale: true,
      revision: known.revision,
      bucket: { refillPerSec: { now: 15 } },
    });
    expect(old?.changes.map(({ auditId }) => auditId)).toEqual(known.changes.map(({ auditId }) => auditId));
    const unavailable = { refusal: { code: 'UNAVAILABLE' } };
    await expect(desk.positions(event.id, { from: 1, limit: 5 })).resolves.toMatchObject({ waiting: 0 });
    await expect(desk.audit({ limit: 5 })).rejects.toMatchObject(unavailable);
    await expect(desk.listEvents()).rejects.toMatchObject(unavailable);
    await expect(desk.load('evt_other')).rejects.toMatchObject(unavailable);
    await expect(act(desk, { type: 'budget.set', perSec: 9 })).rejects.toMatchObject(unavailable);
    await server.restart();
    await eventually(() => desk.snapshot(event.id)?.stale === false, { withinMs: 10_000 });
    await eventually(async () => (await desk.audit({ event: event.id, limit: 5 })).length === 1);
    await eventually(
      () => desk.snapshot(event.id)?.alarms.some(({ id }) => id.includes('failover')) === true,
    );
  });

  it('finds events that cannot be opened no reason to leave the others alone', async () => {
    await eventually(() => operator.redis.status === 'ready');
    await operator.redis.hset('tacos:{evt_broken}:waiting', 'no', 'bitmap');
    await operator.redis.hset('tacos:{evt_broken}:meta', {
      kind: 'operator',
      life: 'x',
      n: 5,
      phase: 'open',
    });
    await operator.redis.sadd('tacos:events', 'evt_broken');
    await operator.redis.incr('tacos:events:version');
    const event = await operator.event({ refillPerSec: 3 });
    await eventually(() => desk.snapshot(event.id)?.bucket.refillPerSec.now === 3);
    // Each is opened by itself: nobody says which one first.
    await eventually(() => warnings.some((text) => text.includes('evt_broken')));
    expect(desk.snapshot('evt_broken')).toBeUndefined();
    await operator.redis.srem('tacos:events', 'evt_broken');
  });
});
