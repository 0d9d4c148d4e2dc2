import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Action, actRequestSchema } from '../../src/contract/actions.ts';
import { TacosError } from '../../src/contract/errors.ts';
import { microPerToken } from '../../src/contract/limits.ts';
import { Answering } from '../../src/queue/desk/actions/answering.ts';
import { Budget } from '../../src/queue/desk/budget.ts';
import type { ChangesParts } from '../../src/queue/desk/changes-parts.ts';
import { OpenSettings } from '../../src/queue/desk/open-settings.ts';
import { globalKeys, globalScripts } from '../../src/queue/global-scripts.ts';
import type { Line } from '../../src/queue/line-types.ts';
import { RedisClock } from '../../src/queue/redis-clock.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { connect, type RedisClient, whenReady } from '../../src/redis/client.ts';
import { openDesk, refused, type TestDesk } from '../helpers/desks.ts';
import { eventually } from '../helpers/eventually.ts';
import { joinAt, type Operator, openLine, openOperator } from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

let server: TestRedis;
let operator: Operator;
let desk: TestDesk;
let line: Line;
beforeAll(async () => {
  server = await startRedis();
  operator = await openOperator(server.port);
  desk = await openDesk(server.port);
  line = await openLine(server.port);
});
afterAll(async () => {
  await line.close();
  await desk.desk.close();
  operator.close();
  await server.stop();
});

const meta = (event: EventRef, field: string) => operator.redis.hget(event.keys.meta, field);

async function lineOf(people: number): Promise<{ event: EventRef; tokens: string[] }> {
  const event = await operator.event({ refillPerSec: 0.01 });
  const tokens: string[] = [];
  for (let at = 0; at < people; at += 1) tokens.push(await joinAt(line, event));
  await eventually(async () => {
    await desk.desk.load(event.id);
    return desk.desk.snapshot(event.id)?.waiting === people;
  });
  return { event, tokens };
}

describe('a plan that names visitors by position', () => {
  const actions: readonly Action[] = [
    { type: 'queue.remove', visitor: '#2' },
    { type: 'queue.expire', visitors: ['#1', '#2'] },
  ];
  it.each(actions)('is not done to others who stand there by then: $type', async (action) => {
    const { event, tokens } = await lineOf(4);
    const { hash } = await desk.plan([event.id], action);
    expect((await desk.plan([event.id], action)).hash).toBe(hash);
    await line.leave(tokens[0] ?? '');
    await eventually(() => desk.desk.snapshot(event.id)?.waiting === 3);
    const sent = { planHash: hash, confirm: event.id };
    expect((await refused(desk.one(event.id, action, sent))).code).toBe('VERSION_CONFLICT');
    expect(await meta(event, 'waiting')).toBe('3');
    const again = await desk.plan([event.id], action);
    expect((await desk.one(event.id, action, { ...sent, planHash: again.hash })).applied).toBe(true);
  });

  it('goes on to hold for a reference, wherever its visitor stands', async () => {
    const { event, tokens } = await lineOf(3);
    const { rows } = await desk.desk.positions(event.id, { from: 3, limit: 1 });
    const action = { type: 'queue.remove', visitor: rows[0]?.visitor ?? '' } as const;
    const { hash } = await desk.plan([event.id], action);
    await line.leave(tokens[0] ?? '');
    await eventually(() => desk.desk.snapshot(event.id)?.waiting === 2);
    expect((await desk.one(event.id, action, { planHash: hash })).applied).toBe(true);
  });
});

describe('a plan for many events', () => {
  it('foresees none of them, as that would keep everybody else waiting', async () => {
    const events: string[] = [];
    for (let at = 0; at < 9; at += 1) events.push((await lineOf(0)).event.id);
    const modelsOf = async (ids: readonly string[]) =>
      (await desk.plan(ids, { type: 'queue.pause' })).items.map(({ consequences }) =>
        consequences.some(({ model }) => model === 'forecast'),
      );
    expect(await modelsOf(events.slice(1))).toEqual(Array(8).fill(true));
    expect(await modelsOf(events)).toEqual(Array(9).fill(false));
  });
});

describe('an Idempotency-Key', () => {
  it('that was used for another change is refused, and nothing is said to be done', async () => {
    const { event } = await lineOf(0);
    const changeId = `key-of-${event.id}`;
    await desk.one(event.id, { type: 'bucket.set', refillPerSec: 20 }, { changeId });
    for (const action of [{ type: 'queue.pause' }, { type: 'bucket.set', refillPerSec: 30 }] as const)
      expect((await refused(desk.one(event.id, action, { changeId }))).code).toBe('IDEMPOTENCY_CONFLICT');
    expect([await meta(event, 'revision'), await meta(event, 'paused')]).toEqual(['2', '0']);
  });

  it('that comes for two events makes two records', async () => {
    const [a, b] = [await lineOf(0), await lineOf(0)];
    const sent = { changeId: `same-${a.event.id}` };
    const made = [];
    for (const { event } of [a, b]) made.push(await desk.one(event.id, { type: 'queue.pause' }, sent));
    expect(made.map(({ applied }) => applied)).toEqual([true, true]);
    expect(made[0]?.auditId).not.toBe(made[1]?.auditId);
    await desk.one(undefined, { type: 'undo', auditId: made[0]?.auditId ?? '' });
    expect([await meta(a.event, 'paused'), await meta(b.event, 'paused')]).toEqual(['0', '1']);
  });

  it('of an event that was made, but not put among the others, puts it there', async () => {
    const id = `evt_lost_${Date.now()}`;
    const sent = { changeId: `make-${id}` };
    await desk.one(id, { type: 'event.create' }, sent);
    await operator.redis.srem('tacos:events', id);
    expect((await desk.one(id, { type: 'event.create' }, sent)).applied).toBe(true);
    expect(await operator.redis.sismember('tacos:events', id)).toBe(1);
  });

  it('is no conflict of versions while the trail cannot be read', async () => {
    const { event } = await lineOf(0);
    const action = { type: 'bucket.set', refillPerSec: 20 } as const;
    const { hash } = await desk.plan([event.id], action);
    const sent = { changeId: `lost-${event.id}`, planHash: hash };
    await desk.one(event.id, action, sent);
    await operator.redis.rename(event.keys.audit, `${event.keys.audit}-kept`);
    await operator.redis.set(event.keys.audit, 'no stream');
    expect((await refused(desk.one(event.id, action, sent))).code).toBe('UNAVAILABLE');
    await operator.redis.rename(`${event.keys.audit}-kept`, event.keys.audit);
    expect(await desk.one(event.id, action, sent)).toMatchObject({ applied: true, revision: 2 });
  });
});

describe('a reason', () => {
  it('is more than blanks', () => {
    const request = { events: ['evt_x'], action: { type: 'queue.pause' } };
    const read = (reason: string) => actRequestSchema.safeParse({ ...request, reason });
    expect(read('          ').success).toBe(false);
    expect(read('  too short').data?.reason).toBe('too short');
  });
});

describe('the answer for several events', () => {
  it('is that it is not known, where that is so for one and the others refuse', async () => {
    const answering = new Answering({ log: { warn: () => {} } } as unknown as ChangesParts);
    const request = { events: ['a', 'b'], action: { type: 'queue.pause' }, override: false } as const;
    const targets = request.events.map((event) => ({ event, auditId: `aud_${event}` }));
    const refusal = new TacosError('GUARD_RAIL');
    for (const lost of [new Error('Command timed out'), new TacosError('UNAVAILABLE')]) {
      const done = [refusal, lost].map((error) => ({ ok: false as const, error }));
      await expect(answering.reply({ ...request, events: ['a', 'b'] }, targets, done)).rejects.toBe(lost);
    }
  });
});

describe('the share of an event in the budget', () => {
  let own: RedisClient;
  let clock: RedisClock;
  beforeAll(async () => {
    own = connect({ host: '127.0.0.1', port: server.port }, { name: 'test-budget', scripts: globalScripts });
    await whenReady(own, 5_000);
    clock = new RedisClock();
  });
  afterAll(() => own.disconnect());
  const micro = (perSec: number) => perSec * microPerToken;
  const shareOf = async ({ id }: EventRef) =>
    Number((await own.hget(globalKeys.budget, `event:${id}`))?.split(' ')[0]) / microPerToken;
  async function budgetOf(refillPerSec: number) {
    const event = await operator.event({ refillPerSec });
    const other = await operator.event({ refillPerSec });
    const settings = new OpenSettings(own, async () => [event.id, other.id]);
    await own.del(globalKeys.budget);
    const budget = new Budget({ redis: own, clock, settings, defaultPerSec: 100 });
    await budget.settle();
    return { budget, event, other };
  }

  it('is what its settings say when another one rises, whatever was noted of it', async () => {
    const { budget, event, other } = await budgetOf(30);
    // As one leaves it who gave back a share that a twin of theirs had used.
    await budget.giveBack(event.id, { micro: micro(30), before: micro(5) });
    expect(await shareOf(event)).toBe(5);
    expect(await budget.claim(other.id, micro(90), false)).toMatchObject({ word: 'over', others: micro(30) });
  });

  it('is not lowered by somebody who does not know of a rise since', async () => {
    const { budget, event } = await budgetOf(30);
    await budget.claim(event.id, micro(60), false);
    await budget.lower(event.id, { before: micro(30), after: micro(10) });
    expect(await shareOf(event)).toBe(60);
    await budget.lower(event.id, { before: micro(60), after: micro(10) });
    expect(await shareOf(event)).toBe(10);
  });
});
