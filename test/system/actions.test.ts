import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Line } from '../../src/queue/line-types.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { openDesk, refused, type TestDesk } from '../helpers/desks.ts';
import { eventually } from '../helpers/eventually.ts';
import { joinAt, type Operator, openLine, openOperator } from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

let server: TestRedis;
let operator: Operator;
/** Two admin processes of the same queues. */
let first: TestDesk;
let second: TestDesk;
let lines: Line[];

const served = (event: EventRef) =>
  lines.flatMap((line) => line.gauges().events.filter((one) => one.event === event.id));
const meta = (event: EventRef, field: string) => operator.redis.hget(event.keys.meta, field);
const refillOf = async (event: EventRef) => Number((await meta(event, 'refill'))?.split(' ')[2]) / 1e6;
const records = async (event: EventRef) =>
  (await operator.redis.xrange(event.keys.audit, '-', '+')).map(([, fields]) =>
    JSON.parse(fields[1] ?? '{}'),
  );

/** An event that both gateways serve, with people in its line. */
async function eventWith(people: number, plan: Parameters<Operator['event']>[0] = {}): Promise<EventRef> {
  const event = await operator.event({ refillPerSec: 10, ...plan });
  await eventually(async () => (await operator.redis.hlen(event.keys.reporters)) === lines.length);
  await Promise.all(
    Array.from({ length: people }, (_, index) => joinAt(lines[index % lines.length] as Line, event)),
  );
  await eventually(async () => {
    await first.desk.load(event.id);
    return first.desk.snapshot(event.id)?.joinedTotal === people;
  });
  return event;
}

beforeAll(async () => {
  server = await startRedis();
  operator = await openOperator(server.port);
  [first, second] = await Promise.all([openDesk(server.port), openDesk(server.port)]);
  lines = await Promise.all([openLine(server.port), openLine(server.port)]);
});
afterAll(async () => {
  await Promise.all(lines.map((line) => line.close()));
  await Promise.all([first.desk.close(), second.desk.close()]);
  operator.close();
  await server.stop();
});

describe('an action', () => {
  it('does what its plan said, on all gateways within a second, with a record', async () => {
    const event = await eventWith(20);
    const action = { type: 'bucket.set', refillPerSec: 50 } as const;
    const plan = await first.plan([event.id], action);
    expect(plan).toMatchObject({ level: 'S1', undoSec: 900, action: 'bucket.set' });
    expect(plan.items[0]?.consequences.map(({ code }) => code)).toContain('emptyIn');
    expect(await refillOf(event)).toBe(10);
    const result = await first.one(event.id, action, { planHash: plan.hash, reason: 'faster now' });
    expect(result.rows).toEqual(plan.items[0]?.rows);
    expect(result).toMatchObject({ applied: true, revision: 2, receipt: { inForce: 2, of: 2, missing: [] } });
    expect(result.receipt?.afterMs).toBeLessThan(1_000);
    expect(served(event).map(({ revision }) => revision)).toEqual([2, 2]);
    expect(await refillOf(event)).toBe(50);
    expect((await records(event)).at(-1)).toMatchObject({
      auditId: result.auditId,
      actor: 'the operator',
      action: 'bucket.set',
      summary: 'refill 10/s -> 50/s, capacity 100 -> 200, window 100 -> 200',
      reason: 'faster now',
      planHash: plan.hash,
      restore: { refill: '10000000 0 10000000 0 0 10000000' },
    });
  });

  it('is refused where the settings are not those of its plan, with the values as they are', async () => {
    const event = await eventWith(0);
    const action = { type: 'bucket.set', refillPerSec: 50 } as const;
    const { hash } = await first.plan([event.id], action);
    expect((await first.plan([event.id], action)).hash).toBe(hash);
    await second.one(event.id, { type: 'bucket.set', refillPerSec: 20 });
    const refusal = await refused(first.one(event.id, action, { planHash: hash }));
    expect(refusal).toMatchObject({ code: 'VERSION_CONFLICT', body: { revision: 2 } });
    expect(refusal.body?.current).toContainEqual({
      name: 'refillPerSec',
      unit: 'perSec',
      before: 20,
      after: 50,
    });
    expect(await refillOf(event)).toBe(20);
  });

  it('wins once of two with the same version, from two admin processes', async () => {
    const event = await eventWith(0);
    const acts = await Promise.allSettled([
      first.one(event.id, { type: 'bucket.set', refillPerSec: 30 }, { ifRevision: 1 }),
      second.one(event.id, { type: 'bucket.set', refillPerSec: 40 }, { ifRevision: 1 }),
    ]);
    expect(acts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const lost = acts.find((act) => act.status === 'rejected');
    const won = await refillOf(event);
    expect(lost?.reason.refusal).toMatchObject({ code: 'VERSION_CONFLICT', body: { revision: 2 } });
    expect(lost?.reason.refusal.body.current[0]).toMatchObject({ name: 'refillPerSec', before: won });
  });

  it('is made once when it comes twice at once, and answers both alike', async () => {
    const event = await eventWith(0);
    const action = { type: 'bucket.set', refillPerSec: 33 } as const;
    const sent = { changeId: `twice-${event.id}` };
    const [one, two] = await Promise.all([
      first.one(event.id, action, sent),
      second.one(event.id, action, sent),
    ]);
    expect(two).toMatchObject({
      applied: true,
      auditId: one.auditId,
      revision: one.revision,
      rows: one.rows,
    });
    expect(await meta(event, 'revision')).toBe('2');
    await first.one(event.id, { type: 'bucket.set', refillPerSec: 11 });
    const again = await second.one(event.id, action, { ...sent, ifRevision: 1 });
    expect(again).toMatchObject({ applied: true, auditId: one.auditId, revision: 2, rows: one.rows });
    expect(again.undoUntil).toBeDefined();
    expect(await refillOf(event)).toBe(11);
    expect(await records(event)).toHaveLength(3);
  });

  it('loses no change of two that name no version', async () => {
    const event = await eventWith(0);
    const both = await Promise.all([
      first.one(event.id, { type: 'bucket.set', refillPerSec: 30 }),
      second.one(event.id, { type: 'settings.set', window: 500 }),
    ]);
    expect(both.map(({ applied }) => applied)).toEqual([true, true]);
    expect([await refillOf(event), await meta(event, 'window'), await meta(event, 'revision')]).toEqual([
      30,
      '500',
      '3',
    ]);
  });

  it('changes nothing where it is so already', async () => {
    const event = await eventWith(0);
    const result = await first.one(event.id, { type: 'queue.resume' });
    expect(result).toMatchObject({ applied: false, auditId: null, revision: 1 });
    expect(await records(event)).toHaveLength(1);
  });

  it('pauses all events that are not closed, each with a receipt, within a second', async () => {
    const events = await Promise.all([eventWith(0), eventWith(3), eventWith(0)]);
    const closed = await eventWith(0);
    await first.one(closed.id, { type: 'queue.close' });
    const startMs = performance.now();
    const { results } = await first.act('all', { type: 'queue.pause' });
    expect(performance.now() - startMs).toBeLessThan(1_500);
    const own = results.filter(({ event }) => events.some(({ id }) => id === event));
    expect(own.map(({ receipt }) => [receipt?.inForce, receipt?.of])).toEqual(Array(3).fill([2, 2]));
    expect(own.every(({ receipt }) => (receipt?.afterMs ?? 9_999) < 1_000)).toBe(true);
    expect(new Set(own.map(({ auditId }) => auditId)).size).toBe(3);
    expect(results.some(({ event }) => event === closed.id)).toBe(false);
    expect(await Promise.all(events.map((event) => meta(event, 'paused')))).toEqual(['1', '1', '1']);
    await first.act('all', { type: 'queue.resume' });
  });

  it('is done for the other events where one of them is not there', async () => {
    const event = await eventWith(0);
    const { results } = await first.act([event.id, 'evt_nowhere'], { type: 'queue.pause' });
    expect(results.map(({ applied, error }) => [applied, error?.code])).toEqual([
      [true, undefined],
      [false, 'EVENT_NOT_FOUND'],
    ]);
    expect(await refused(first.act(['evt_nowhere', 'evt_none'], { type: 'queue.pause' }))).toMatchObject({
      code: 'EVENT_NOT_FOUND',
    });
  });

  it('is not done for a viewer, nor past a guard rail by an operator', async () => {
    const event = await eventWith(0);
    const action = { type: 'queue.pause' } as const;
    expect((await refused(first.one(event.id, action, { role: 'viewer' }))).code).toBe('FORBIDDEN');
    expect((await refused(first.one(event.id, action, { override: true }))).code).toBe('FORBIDDEN');
    expect(await meta(event, 'paused')).toBe('0');
  });

  it('wants a reason for what is felt, and the typed id for what is final, where it is protected', async () => {
    const guarded = await openDesk(server.port, { environment: { isProtected: true } });
    const event = await eventWith(2);
    const pause = { type: 'queue.pause' } as const;
    expect((await guarded.plan([event.id], pause)).level).toBe('S2');
    expect((await refused(guarded.one(event.id, pause))).code).toBe('CONSENT_REQUIRED');
    expect((await guarded.one(event.id, pause, { reason: 'as the test wants' })).applied).toBe(true);
    const expire = { type: 'queue.expire', all: true } as const;
    const reason = 'as the test wants';
    expect((await refused(guarded.one(event.id, expire, { reason }))).code).toBe('CONSENT_REQUIRED');
    expect((await refused(guarded.one(event.id, expire, { reason, confirm: 'evt_other' }))).code).toBe(
      'CONSENT_REQUIRED',
    );
    expect((await refused(guarded.one(event.id, expire, { confirm: event.id }))).code).toBe(
      'CONSENT_REQUIRED',
    );
    expect((await guarded.one(event.id, expire, { reason, confirm: event.id })).people).toBe(2);
    await guarded.desk.close();
  });
});

describe('events', () => {
  it('are made once for a change id, and not over others', async () => {
    const id = `evt_made_${process.pid}`;
    const action = { type: 'event.create', name: 'Made', refillPerSec: 20, test: true } as const;
    const sent = { changeId: `make-${id}` };
    const both = await Promise.all([first.one(id, action, sent), second.one(id, action, sent)]);
    expect(both.map(({ applied, revision }) => [applied, revision])).toEqual([
      [true, 1],
      [true, 1],
    ]);
    expect((await first.one(id, action, sent)).auditId).toBe(both[0]?.auditId);
    expect((await refused(second.one(id, action))).code).toBe('EVENT_EXISTS');
    expect((await refused(second.plan([id], action))).code).toBe('EVENT_EXISTS');
    const confirm = id;
    const gone = await first.one(id, { type: 'event.delete' }, { confirm, changeId: `drop-${id}` });
    expect(gone.applied).toBe(true);
    expect(await operator.redis.sismember('tacos:events', id)).toBe(0);
    const again = await second.one(id, { type: 'event.delete' }, { confirm, changeId: `drop-${id}` });
    expect(again.auditId).toBe(gone.auditId);
    expect(await first.desk.auditEntry(gone.auditId ?? '')).toMatchObject({
      action: 'event.delete',
      event: id,
    });
  });

  it('are neither made in a time zone that nobody knows nor opened in the past', async () => {
    const bad = { type: 'event.create', timeZone: 'Mars/Olympus' } as const;
    expect((await refused(first.plan(['evt_nowhere'], bad))).code).toBe('BAD_REQUEST');
    const past = { type: 'event.create', opensAt: '2020-01-01T00:00:00Z' } as const;
    expect((await refused(first.one('evt_nowhere', past))).code).toBe('BAD_REQUEST');
    expect(await operator.redis.exists('tacos:{evt_nowhere}:meta')).toBe(0);
  });

  it('open at a time that is set, and no sooner', async () => {
    const later = Date.now() + 3_600_000;
    const event = await eventWith(0, { opensAtMs: later });
    // Long enough for the change to be made, with its receipt, and looked at.
    const at = new Date(Date.now() + 3_000).toISOString();
    const result = await first.one(event.id, { type: 'queue.open', at });
    expect(result.rows).toEqual([
      { name: 'opensAt', unit: 'time', before: new Date(later).toISOString(), after: at },
    ]);
    expect(first.desk.snapshot(event.id)?.phase).toBe('scheduled');
    await eventually(() => first.desk.snapshot(event.id)?.phase === 'open', { withinMs: 10_000 });
    expect((await refused(first.one(event.id, { type: 'queue.open', at }))).code).toBe('BAD_REQUEST');
  });
});

describe('the message', () => {
  it('says how many have seen it so far', async () => {
    const event = await eventWith(0);
    const tokens = await Promise.all(Array.from({ length: 5 }, () => joinAt(lines[0] as Line, event)));
    const telling = first.one(event.id, { type: 'queue.message', text: 'Ten minutes late', forSec: 60 });
    const poll = async (): Promise<void> => {
      for (const token of tokens.slice(0, 3)) await (lines[0] as Line).status(token);
    };
    const timer = setInterval(() => void poll(), 50);
    const result = await telling.finally(() => clearInterval(timer));
    expect(result.people).toBe(3);
    expect(await meta(event, 'message')).toBe('Ten minutes late');
    await first.one(event.id, { type: 'queue.message', text: null });
    expect(await meta(event, 'message')).toBe('');
  });
});
