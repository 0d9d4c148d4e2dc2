import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TacosError } from '../../src/contract/errors.ts';
import type { Desk } from '../../src/queue/desk/desk.ts';
import { globalKeys } from '../../src/queue/global-scripts.ts';
import { eventually } from '../helpers/eventually.ts';
import { FakeAutoscaler } from '../helpers/fake-autoscaler.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { type ActingOptions, act, openWholeDesk } from '../helpers/whole-desk.ts';

let redis: TestRedis;
const desks: Desk[] = [];

beforeAll(async () => {
  redis = await startRedis();
});
afterEach(async () => {
  await Promise.all(desks.splice(0).map((desk) => desk.close()));
  await redis.client().flushall();
});
afterAll(() => redis.stop());

async function open(autoscaler?: FakeAutoscaler): Promise<Desk> {
  const desk = await openWholeDesk(redis.port, autoscaler === undefined ? {} : { autoscaler });
  desks.push(desk);
  return desk;
}

const patch = (desk: Desk, values: { min?: number; holdSec?: number }, options: ActingOptions = {}) =>
  act(desk, { type: 'hpa.patch', ...values }, { events: [], ...options });
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: TacosError) => error.refusal?.code ?? String(error),
  );
const records = async (): Promise<string[]> =>
  (await redis.client().xrange(globalKeys.audit, '-', '+')).map(
    ([, fields]) => JSON.parse(fields[1] ?? '{}').action,
  );

describe('a step of a sale', () => {
  it('raises the floor at its time, also where Kubernetes is away at first', async () => {
    const autoscaler = new FakeAutoscaler();
    const desk = await open(autoscaler);
    const inSec = (sec: number): string => new Date(Date.now() + sec * 1000).toISOString();
    await act(desk, { type: 'event.create', opensAt: inSec(90), test: true }, { events: ['evt_s'] });
    // So late that the sale is applied before, and Kubernetes away.
    const floorMs = Date.now() + 5_000;
    const at = new Date(floorMs).toISOString();
    const steps = [{ id: 'floor', at, action: { type: 'hpa.patch', min: 12, holdSec: 3_600 } }] as const;
    await act(
      desk,
      { type: 'sale.apply', opensAt: inSec(60), endsAt: inSec(600), visitors: 1_000, steps: [...steps] },
      { events: ['evt_s'] },
    );
    autoscaler.isGone = true;
    await sleep(floorMs + 1_000 - Date.now());
    expect((await desk.sales.view('evt_s')).steps.at(-1)).toMatchObject({ step: 'floor', state: 'pending' });
    autoscaler.isGone = false;
    await eventually(() => autoscaler.min === 12, { withinMs: 10_000 });
    await eventually(
      async () => (await desk.sales.view('evt_s')).steps.every(({ state }) => state === 'done'),
      { withinMs: 10_000 },
    );
    expect([autoscaler.applied, await records()]).toEqual([1, expect.arrayContaining(['hpa.patch'])]);
  }, 40_000);
});

describe('the list before a sale', () => {
  const checked = async (desk: Desk) => {
    const server = { certificateEndsAt: null, webhook: { configured: false, failing: false } };
    const ask = {
      opensAt: '2027-05-01T11:00:00Z',
      endsAt: '2027-05-01T13:00:00Z',
      visitors: 9,
      joinPerSec: 1,
    };
    const found = await desk.sales.check('evt_c', ask, { server, webhookTook: null });
    return found.find(({ check }) => check === 'sale-hpa');
  };

  it('fails where the floor is not reached, or nobody can tell; passes once it is', async () => {
    const autoscaler = new FakeAutoscaler();
    const desk = await open(autoscaler);
    await act(desk, { type: 'event.create', test: true }, { events: ['evt_c'] });
    expect(await checked(desk)).toMatchObject({ result: 'pass' });
    // Six pods are ready.
    await patch(desk, { min: 12 });
    expect(await checked(desk)).toMatchObject({
      result: 'fail',
      text: '6 gateways are ready and the floor is 12',
      next: 'kubectl -n shop describe deployment/gateway',
    });
    await patch(desk, { min: 5 });
    expect(await checked(desk)).toMatchObject({ result: 'pass' });
    autoscaler.isGone = true;
    await eventually(
      async () => expect(await checked(desk)).toMatchObject({ result: 'fail', next: 'tacos hpa get' }),
      { withinMs: 10_000, everyMs: 200 },
    );
    expect(await checked(await open())).toMatchObject({ result: 'skip' });
  }, 40_000);
});

describe('a change of the autoscaler', () => {
  it('whose answer was lost is written down once, and sent again it says that it was made', async () => {
    const autoscaler = new FakeAutoscaler();
    const desk = await open(autoscaler);
    autoscaler.next = 'lost';
    expect(await codeOf(patch(desk, { min: 10 }, { changeId: 'one' }))).toBe('CLUSTER_REPLY_LOST');
    autoscaler.next = 'done';
    const { results } = await patch(desk, { min: 10 }, { changeId: 'one' });
    expect(results).toMatchObject([{ applied: true, revision: 1, rows: [{ before: 3, after: 10 }] }]);
    expect([autoscaler.applied, await records()]).toEqual([1, ['hpa.patch']]);
  });

  it('that never got there leaves no record, and is made when it is sent again', async () => {
    const autoscaler = new FakeAutoscaler();
    const desk = await open(autoscaler);
    autoscaler.next = 'unsent';
    expect(await codeOf(patch(desk, { min: 10 }, { changeId: 'one' }))).toBe('CLUSTER_REPLY_LOST');
    expect(await records()).toEqual([]);
    autoscaler.next = 'done';
    expect((await patch(desk, { min: 10 }, { changeId: 'one' })).results[0]?.applied).toBe(true);
    expect([autoscaler.applied, await records()]).toEqual([1, ['hpa.patch']]);
  });

  it('stays open while nobody can look, and is settled by whoever can', async () => {
    const autoscaler = new FakeAutoscaler();
    const desk = await open(autoscaler);
    autoscaler.next = 'lost';
    expect(await codeOf(patch(desk, { min: 10 }, { changeId: 'one' }))).toBe('CLUSTER_REPLY_LOST');
    autoscaler.isGone = true;
    expect(await codeOf(patch(desk, { min: 10 }, { changeId: 'one' }))).toBe('CLUSTER_REPLY_LOST');
    autoscaler.isGone = false;
    await desk.close();
    desks.splice(0);
    await open(autoscaler);
    await eventually(async () => expect(await records()).toEqual(['hpa.patch']), { withinMs: 15_000 });
  });

  it('of two admin processes at once is made one after the other', async () => {
    const autoscaler = new FakeAutoscaler();
    const [one, other] = [await open(autoscaler), await open(autoscaler)];
    const codes = await Promise.all([codeOf(patch(one, { min: 10 })), codeOf(patch(other, { min: 20 }))]);
    expect(codes.filter((code) => code !== 'done' && code !== 'VERSION_CONFLICT')).toEqual([]);
    const made = codes.filter((code) => code === 'done').length;
    expect([autoscaler.applied, (await records()).length]).toEqual([made, made]);
    expect(made).toBeGreaterThan(0);
  });

  it('is refused where no autoscaler is steered', async () => {
    const desk = await open();
    expect(await codeOf(patch(desk, { min: 10 }))).toBe('CLUSTER_NOT_SET');
    expect(await codeOf(desk.hpa())).toBe('CLUSTER_NOT_SET');
  });
});

describe('a floor that is held', () => {
  it('comes back once, however many admin processes there are, and one of them tells of it', async () => {
    const autoscaler = new FakeAutoscaler();
    const all = await Promise.all([open(autoscaler), open(autoscaler), open(autoscaler)]);
    const told: string[] = [];
    for (const desk of all) desk.onNews((news) => news.kind === 'audit' && told.push(news.entry.action));
    await patch(all[0] as Desk, { min: 10, holdSec: 4 });
    expect((await all[1]?.hpa())?.hold).toMatchObject({ min: 10, minBefore: 3, actor: 'op' });
    await eventually(() => autoscaler.min === 3, { withinMs: 15_000 });
    await eventually(async () => expect(await records()).toEqual(['hpa.patch', 'hpa.return']));
    await eventually(() => expect(told).toEqual(['hpa.patch', 'hpa.return']));
    expect(autoscaler.applied).toBe(2);
  });

  it('says why it cannot come back, and comes back when it can', async () => {
    const autoscaler = new FakeAutoscaler();
    const desk = await open(autoscaler);
    await patch(desk, { min: 10, holdSec: 3 });
    autoscaler.next = 'unsent';
    await eventually(async () => (await desk.hpa()).hold?.problem !== undefined, { withinMs: 15_000 });
    autoscaler.next = 'done';
    await eventually(() => autoscaler.min === 3, { withinMs: 15_000 });
  });

  it('is not touched by a process that steers another one', async () => {
    const [autoscaler, other] = [new FakeAutoscaler(), new FakeAutoscaler('other')];
    const [desk, stranger] = [await open(autoscaler), await open(other)];
    await patch(desk, { min: 10, holdSec: 600 });
    expect((await stranger.hpa()).hold).toBeNull();
    expect(await codeOf(patch(stranger, { min: 5 }))).toBe('GUARD_RAIL');
    expect([other.min, autoscaler.min]).toEqual([3, 10]);
  });
});
