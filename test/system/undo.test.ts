import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Action } from '../../src/contract/actions.ts';
import type { Line } from '../../src/queue/line-types.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { openDesk, refused, type TestDesk } from '../helpers/desks.ts';
import { eventually } from '../helpers/eventually.ts';
import { joinAt, type Operator, openLine, openOperator, yes } from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

let server: TestRedis;
let operator: Operator;
let desk: TestDesk;
let line: Line;

const meta = (event: EventRef, ...fields: string[]) => operator.redis.hmget(event.keys.meta, ...fields);
const undo = (auditId: string | null) => desk.one(undefined, { type: 'undo', auditId: auditId ?? '' });
const expireAll = (event: EventRef, rest: { changeId?: string } = {}) =>
  desk.one(event.id, { type: 'queue.expire', all: true }, { confirm: event.id, ...rest });

/** An event with people in its line, and their tokens in order. */
async function lineOf(people: number, plan: Parameters<Operator['event']>[0] = {}) {
  const event = await operator.event({ refillPerSec: 0.01, ...plan });
  const tokens: string[] = [];
  for (let at = 0; at < people; at += 1) tokens.push(await joinAt(line, event));
  await eventually(async () => (await operator.redis.hlen(event.keys.reporters)) === 1);
  await eventually(async () => {
    await desk.desk.load(event.id);
    return desk.desk.snapshot(event.id)?.waiting === people;
  });
  return { event, tokens };
}
const positions = (tokens: readonly string[]) =>
  Promise.all(tokens.map(async (token) => yes(await line.status(token)).position));
const statuses = (tokens: readonly string[]) =>
  Promise.all(tokens.map(async (token) => yes(await line.status(token)).status));

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

describe('undo of settings', () => {
  const cases: readonly [string, Action, readonly string[]][] = [
    ['a bucket', { type: 'bucket.set', refillPerSec: 20, capacity: 300, forSec: 60 }, ['refill', 'capacity']],
    [
      'settings',
      { type: 'settings.set', window: 400, tiers: [{ first: 1, last: 0, waitSec: 3 }] },
      ['window', 'tiers'],
    ],
    ['a name', { type: 'event.set', name: 'Another' }, ['name']],
    ['a message', { type: 'queue.message', text: 'Late', forSec: 60 }, ['message', 'messageUntil']],
    ['a pause', { type: 'queue.pause' }, ['paused']],
    ['a drain', { type: 'queue.drain', deadlineSec: 60 }, ['phase', 'deadline']],
    ['a close that keeps the line', { type: 'queue.close', keep: true }, ['phase', 'paused']],
    ['a close with a text', { type: 'queue.close', soldOut: 'Sold out' }, ['phase', 'message']],
  ];

  it.each(cases)('gives back what was before: %s', async (_, action, fields) => {
    const { event } = await lineOf(1);
    const before = await meta(event, ...fields);
    const done = await desk.one(event.id, action);
    expect(done.undoUntil).toBeDefined();
    const changed = await meta(event, ...fields);
    expect(changed).not.toEqual(before);
    const undone = await undo(done.auditId);
    expect(undone).toMatchObject({
      applied: true,
      event: event.id,
      revision: 3,
      receipt: { inForce: 1, of: 1 },
    });
    expect(await meta(event, ...fields)).toEqual(before);
    const entry = await desk.desk.auditEntry(undone.auditId ?? '');
    expect(entry).toMatchObject({ action: 'undo', undoes: done.auditId });
    expect((await desk.desk.auditEntry(done.auditId ?? '')).undoneBy).toBe(undone.auditId);
  });

  it('can be undone itself', async () => {
    const { event } = await lineOf(0);
    const done = await desk.one(event.id, { type: 'bucket.set', refillPerSec: 20 });
    const undone = await undo(done.auditId);
    await undo(undone.auditId);
    expect((await meta(event, 'refill'))[0]?.split(' ')[2]).toBe('20000000');
  });

  it('is refused once something was changed since, and says what', async () => {
    const { event } = await lineOf(0);
    const done = await desk.one(event.id, { type: 'bucket.set', refillPerSec: 20 });
    const later = await desk.one(event.id, { type: 'settings.set', window: 222 });
    const refusal = await refused(undo(done.auditId));
    expect(refusal.code).toBe('VERSION_CONFLICT');
    expect(refusal.message).toContain(`window 100 -> 222 by the operator (${later.auditId})`);
    expect((await meta(event, 'revision'))[0]).toBe('3');
  });

  it('is made once of two at once', async () => {
    const { event } = await lineOf(0);
    const done = await desk.one(event.id, { type: 'bucket.set', refillPerSec: 20 });
    const both = await Promise.allSettled([undo(done.auditId), undo(done.auditId)]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await meta(event, 'revision'))[0]).toBe('3');
  });

  it('does not know what nobody did, nor give back what cannot be', async () => {
    const { event } = await lineOf(1);
    expect((await refused(undo('aud_nothing'))).code).toBe('AUDIT_NOT_FOUND');
    const seen = await desk.desk.positions(event.id, { from: 1, limit: 1 });
    const visitor = seen.rows[0]?.visitor ?? '';
    const removed = await desk.one(event.id, { type: 'queue.remove', visitor });
    expect(removed).toMatchObject({ applied: true, people: 1 });
    expect((await refused(undo(removed.auditId))).code).toBe('BAD_REQUEST');
  });
});

describe('expire', () => {
  it('of all ends every place, and its undo gives each back in the same order', async () => {
    const { event, tokens } = await lineOf(60);
    const confirm = event.id;
    expect((await refused(expireAll(event))).code).toBe('GUARD_RAIL');
    await desk.one(event.id, { type: 'queue.pause' });
    const plan = await desk.plan([event.id], { type: 'queue.expire', all: true });
    expect(plan).toMatchObject({ level: 'S3', undoSec: 600, items: [{ people: 60 }] });
    expect((await refused(desk.one(event.id, { type: 'queue.expire', all: true }))).code).toBe(
      'CONSENT_REQUIRED',
    );
    const done = await expireAll(event, { changeId: `all-${confirm}` });
    expect(done).toMatchObject({ applied: true, people: 60 });
    await eventually(async () => (await statuses(tokens)).every((status) => status === 'expired'));
    expect(await expireAll(event, { changeId: `all-${confirm}` })).toMatchObject({
      auditId: done.auditId,
      people: 60,
    });
    const undone = await undo(done.auditId);
    expect(undone).toMatchObject({ applied: true, people: 60 });
    await eventually(async () => (await statuses(tokens)).every((status) => status !== 'expired'));
    expect(await positions(tokens)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
    const again = await refused(undo(done.auditId));
    expect(again.code).toBe('GUARD_RAIL');
  });

  it('of some ends these and nobody else, also where the settings were changed before the undo', async () => {
    const { event, tokens } = await lineOf(6);
    const { rows } = await desk.desk.positions(event.id, { from: 1, limit: 6 });
    const visitors = [rows[1]?.visitor ?? '', '#4'];
    const done = await desk.one(event.id, { type: 'queue.expire', visitors }, { confirm: event.id });
    expect(done.people).toBe(2);
    await eventually(
      async () => (await statuses(tokens)).filter((status) => status === 'expired').length === 2,
    );
    expect((await statuses(tokens)).map((status) => status === 'expired')).toEqual([
      false,
      true,
      false,
      true,
      false,
      false,
    ]);
    await desk.one(event.id, { type: 'bucket.set', refillPerSec: 0.02 });
    expect((await undo(done.auditId)).people).toBe(2);
    await eventually(async () => (await statuses(tokens)).every((status) => status !== 'expired'));
    expect(await positions(tokens)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('of the silent counts as it ends them', async () => {
    const { event } = await lineOf(4);
    const action = { type: 'queue.expire', silentForSec: 3_600 } as const;
    expect((await desk.plan([event.id], action)).items[0]?.people).toBe(0);
    // Two of them were last heard two hours ago.
    await operator.redis.hincrby(event.keys.meta, 'base', -7_200_000);
    const due = await operator.redis.getBuffer(event.keys.due);
    for (const seq of [2, 3]) {
      const now = due?.readUInt32BE(seq * 4) ?? 0;
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(now + 72_000);
      await operator.redis.setrange(event.keys.due, seq * 4, bytes);
    }
    await desk.one(event.id, { type: 'event.set', name: 'tells the new base' });
    await eventually(async () => (await desk.plan([event.id], action)).items[0]?.people === 2);
    const done = await desk.one(event.id, action, { confirm: event.id });
    expect(done.people).toBe(2);
  });

  it('wants exactly one way, and people who are there', async () => {
    const { event } = await lineOf(1);
    for (const action of [
      { type: 'queue.expire' },
      { type: 'queue.expire', all: true, silentForSec: 60 },
    ] as const)
      expect((await refused(desk.plan([event.id], action))).code).toBe('BAD_REQUEST');
    const nobody: Action = { type: 'queue.expire', visitors: ['v_aaaaaaaa'] };
    expect((await refused(desk.plan([event.id], nobody))).code).toBe('VISITOR_NOT_FOUND');
  });
});

describe('drain at once', () => {
  it('closes, and its undo opens the line with everybody in it', async () => {
    const { event, tokens } = await lineOf(5);
    const action = { type: 'queue.drain', now: true } as const;
    expect((await refused(desk.one(event.id, action))).code).toBe('CONSENT_REQUIRED');
    const done = await desk.one(event.id, action, { confirm: event.id });
    expect(await meta(event, 'phase')).toEqual(['closed']);
    await undo(done.auditId);
    expect(await meta(event, 'phase')).toEqual(['open']);
    await eventually(async () => (await statuses(tokens)).every((status) => status !== 'expired'));
    expect(await positions(tokens)).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('flush', () => {
  it('empties a test event, and no other', async () => {
    const { event } = await lineOf(2);
    const refusal = await refused(desk.one(event.id, { type: 'queue.flush' }, { confirm: event.id }));
    expect(refusal).toMatchObject({ code: 'GUARD_RAIL' });
    const test = await lineOf(3, { kind: 'test' });
    const { id } = test.event;
    const done = await desk.one(id, { type: 'queue.flush' }, { confirm: id, changeId: `flush-${id}` });
    expect(done).toMatchObject({ applied: true, people: 3 });
    await eventually(() => desk.desk.snapshot(id)?.waiting === 0);
    const again = await desk.one(id, { type: 'queue.flush' }, { confirm: id, changeId: `flush-${id}` });
    expect(again.auditId).toBe(done.auditId);
  });
});

describe('bucket history', () => {
  it('names the versions and who made them, and goes back to one of them', async () => {
    const { event } = await lineOf(0, { refillPerSec: 10 });
    await desk.one(event.id, { type: 'bucket.set', refillPerSec: 20, capacity: 200 });
    await desk.one(event.id, { type: 'settings.set', window: 333 });
    await desk.one(event.id, { type: 'bucket.set', refillPerSec: 30, forSec: 600 });
    const history = await desk.desk.history(event.id);
    expect(
      history.map(({ revision, refillPerSec, capacity, actor }) => [revision, refillPerSec, capacity, actor]),
    ).toEqual([
      [4, 30, 200, 'the operator'],
      [2, 20, 200, 'the operator'],
      [1, 10, 100, 'system'],
    ]);
    expect(history[0]?.until).toBeDefined();
    const restored = await desk.one(event.id, { type: 'bucket.restore', toRevision: 2 });
    expect(restored.rows).toContainEqual({ name: 'refillPerSec', unit: 'perSec', before: 30, after: 20 });
    expect(await meta(event, 'refill', 'window')).toEqual(['20000000 0 20000000 0 0 20000000', '333']);
    await desk.one(event.id, { type: 'bucket.reset' });
    expect(await meta(event, 'refill', 'capacity')).toEqual(['10000000 0 10000000 0 0 10000000', '']);
    expect((await refused(desk.plan([event.id], { type: 'bucket.restore', toRevision: 77 }))).code).toBe(
      'BAD_REQUEST',
    );
  });
});
