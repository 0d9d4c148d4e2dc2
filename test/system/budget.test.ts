import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { globalKeys } from '../../src/queue/global-scripts.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { openDesk, refused, type TestDesk } from '../helpers/desks.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Operator, openOperator } from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

let server: TestRedis;
let operator: Operator;
/** Two admin processes with the same budget in their environment. */
let first: TestDesk;
let second: TestDesk;

const refillOf = async ({ keys }: EventRef) =>
  Number((await operator.redis.hget(keys.meta, 'refill'))?.split(' ')[2]) / 1e6;
const claimOf = async ({ id }: EventRef) =>
  Number((await operator.redis.hget(globalKeys.budget, `event:${id}`))?.split(' ')[0]) / 1e6;
const rise = (desk: TestDesk, { id }: EventRef, refillPerSec: number, rest: object = {}) =>
  desk.one(id, { type: 'bucket.set', refillPerSec }, rest);

/** The only two events there are, both of 30 a second, and a budget of 100. */
async function twoEvents(): Promise<[EventRef, EventRef]> {
  await operator.redis.flushall();
  const events = [
    await operator.event({ refillPerSec: 30 }),
    await operator.event({ refillPerSec: 30 }),
  ] as const;
  await eventually(async () => {
    await Promise.all([first, second].flatMap(({ desk }) => events.map(({ id }) => desk.load(id))));
    return (await claimOf(events[0])) === 30 && (await claimOf(events[1])) === 30;
  });
  return [...events];
}

beforeAll(async () => {
  server = await startRedis();
  operator = await openOperator(server.port);
  const environment = { isProtected: false, defaultBudgetPerSec: 100 };
  [first, second] = await Promise.all([
    openDesk(server.port, { environment }),
    openDesk(server.port, { environment }),
  ]);
});
afterAll(async () => {
  await Promise.all([first.desk.close(), second.desk.close()]);
  operator.close();
  await server.stop();
});

describe('the budget', () => {
  it('is shown by every plan that takes of it', async () => {
    const [event] = await twoEvents();
    const plan = await first.plan([event.id], { type: 'bucket.set', refillPerSec: 50 });
    const { consequences = [], refusals } = plan.items[0] ?? {};
    expect(consequences.filter(({ model }) => model === 'sum')).toEqual([
      { code: 'allEvents', unit: 'perSec', model: 'sum', before: 60, after: 80 },
      { code: 'budget', unit: 'perSec', model: 'sum', before: 100, after: 100 },
    ]);
    expect(refusals).toEqual([]);
  });

  it('lets one of two rises at once pass, each of which fits alone', async () => {
    for (let round = 0; round < 3; round += 1) {
      const [a, b] = await twoEvents();
      const both = await Promise.allSettled([rise(first, a, 60), rise(second, b, 60)]);
      const lost = both.filter(({ status }) => status === 'rejected');
      expect(lost.map((one) => one.status === 'rejected' && one.reason.refusal.code)).toEqual(['GUARD_RAIL']);
      expect((await refillOf(a)) + (await refillOf(b))).toBe(90);
    }
  });

  it('says in its refusal what is left', async () => {
    const [a] = await twoEvents();
    const refusal = await refused(rise(first, a, 71));
    expect(refusal.code).toBe('GUARD_RAIL');
    expect(refusal.message).toContain('would use 101/s, the budget is 100/s: 70/s is left for this one');
    expect(await refillOf(a)).toBe(30);
    expect(await claimOf(a)).toBe(30);
  });

  it('counts where a ramp goes and what comes after a limit', async () => {
    const [a, b] = await twoEvents();
    await first.one(a.id, { type: 'bucket.set', refillPerSec: 60, rampSec: 600 });
    expect((await refused(rise(second, b, 41))).code).toBe('GUARD_RAIL');
    await first.one(a.id, { type: 'bucket.set', refillPerSec: 5, forSec: 600 });
    expect((await refused(rise(second, b, 41))).code).toBe('GUARD_RAIL');
    expect((await rise(second, b, 40)).applied).toBe(true);
  });

  it('is passed by an admin who says so', async () => {
    const [a] = await twoEvents();
    expect((await rise(first, a, 200, { override: true, role: 'admin' })).applied).toBe(true);
    expect((await rise(first, a, 150)).applied).toBe(true);
  });

  it('gets a share back that was taken for a change which was not made', async () => {
    const [a, b] = await twoEvents();
    const both = await Promise.allSettled([
      rise(first, a, 70, { ifRevision: 1 }),
      rise(second, a, 69, { ifRevision: 1 }),
    ]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await rise(first, a, 40);
    expect(await claimOf(a)).toBe(40);
    expect((await rise(second, b, 60)).applied).toBe(true);
  });

  it('is taken by an event once it is open, paused or not, and by none that is closed', async () => {
    const [a, b] = await twoEvents();
    await first.one(a.id, { type: 'queue.pause' });
    expect((await refused(rise(second, b, 71))).code).toBe('GUARD_RAIL');
    await first.one(a.id, { type: 'queue.close' });
    expect((await rise(second, b, 100)).applied).toBe(true);
    const refusal = await refused(first.one(a.id, { type: 'queue.open' }));
    expect(refusal).toMatchObject({ code: 'GUARD_RAIL' });
    expect((await first.desk.budget()).usedPerSec).toBe(100);
  });

  it('is a guard rail for a new event too, and a warning for one that opens later', async () => {
    await twoEvents();
    const refusal = await refused(first.one('evt_new', { type: 'event.create', refillPerSec: 50 }));
    expect(refusal.code).toBe('GUARD_RAIL');
    const opensAt = new Date(Date.now() + 3_600_000).toISOString();
    const plan = await first.plan(['evt_new'], { type: 'event.create', refillPerSec: 50, opensAt });
    expect(plan.items[0]?.warnings[0]).toContain(
      'once this event opens, all events together would use 110/s',
    );
    expect((await first.one('evt_new', { type: 'event.create', refillPerSec: 40 })).applied).toBe(true);
  });

  it('can be set, undone, and is changed by one of two at once', async () => {
    const [a] = await twoEvents();
    const plan = await first.plan([], { type: 'budget.set', perSec: 50 });
    expect(plan.items[0]).toMatchObject({
      event: null,
      revision: 0,
      warnings: [expect.stringContaining('use 60/s already')],
    });
    const set = { ifRevision: 0, role: 'admin' } as const;
    const done = await first.one(undefined, { type: 'budget.set', perSec: 150 }, set);
    expect(done).toMatchObject({ applied: true, event: null, revision: 1 });
    const late = second.one(
      undefined,
      { type: 'budget.set', perSec: 90 },
      { planHash: plan.hash, role: 'admin' },
    );
    expect(await refused(late)).toMatchObject({ code: 'VERSION_CONFLICT', body: { revision: 1 } });
    expect((await rise(second, a, 110)).applied).toBe(true);
    expect((await second.desk.budget()).perSec).toBe(150);
    const undo = { type: 'undo', auditId: done.auditId ?? '' } as const;
    expect((await refused(second.one(undefined, undo))).code).toBe('FORBIDDEN');
    expect((await second.desk.budget()).revision).toBe(1);
    const undone = await second.one(undefined, undo, { role: 'admin' });
    expect(undone).toMatchObject({ applied: true, event: null, revision: 2 });
    expect((await first.desk.budget()).perSec).toBe(100);
    expect((await refused(first.one(undefined, { type: 'budget.set', perSec: null }))).code).toBe(
      'FORBIDDEN',
    );
    await first.one(undefined, { type: 'budget.set', perSec: null }, { role: 'admin' });
    expect((await rise(second, a, 1_000)).applied).toBe(true);
  });

  it('is put right after a desk that died between claim and change', async () => {
    const [a, b] = await twoEvents();
    await operator.redis.hset(globalKeys.budget, `event:${a.id}`, `70000000 ${Date.now()}`);
    expect((await refused(rise(first, b, 40))).code).toBe('GUARD_RAIL');
    await eventually(async () => (await claimOf(a)) === 30, { withinMs: 15_000 });
    expect((await rise(first, b, 40)).applied).toBe(true);
  });
});
