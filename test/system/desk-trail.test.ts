import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuditEntry, auditEntrySchema } from '../../src/contract/audit.ts';
import { overviewSchema } from '../../src/contract/snapshot.ts';
import type { Desk } from '../../src/queue/desk/desk.ts';
import type { News } from '../../src/queue/desk/news.ts';
import { globalKeys } from '../../src/queue/global-scripts.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Operator, openOperator } from '../helpers/lines.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { act, actOn, openWholeDesk } from '../helpers/whole-desk.ts';

let server: TestRedis;
let operator: Operator;
let desks: [Desk, Desk];
let news: News[] = [];

const trail = (desk: Desk, event?: string): Promise<AuditEntry[]> =>
  desk.audit({ limit: 500, ...(event === undefined ? {} : { event }) });
const toldOf = (event: string): string[] =>
  news.flatMap((one) => (one.kind === 'audit' && one.entry.event === event ? [one.entry.auditId] : []));

beforeAll(async () => {
  server = await startRedis();
  operator = await openOperator(server.port);
  desks = [await openWholeDesk(server.port), await openWholeDesk(server.port)];
  for (const desk of desks) desk.onNews((one) => news.push(one));
});
afterAll(async () => {
  await Promise.all(desks.map((desk) => desk.close()));
  operator.close();
  await server.stop();
});

describe('the audit trail', () => {
  it('is the same at every desk, of one event and of all, and told once over both', async () => {
    const event = await operator.event();
    const ids: (string | null)[] = [];
    for (let round = 1; round <= 6; round += 1) {
      const desk = desks[round % 2] as Desk;
      const { auditId } = await actOn(desk, event.id, { type: 'bucket.set', refillPerSec: 10 + round });
      ids.unshift(auditId);
    }
    for (const desk of desks) {
      const own = await trail(desk, event.id);
      expect(own.map(({ auditId }) => auditId)).toEqual(ids);
      for (const entry of own) expect(auditEntrySchema.parse(entry)).toEqual(entry);
      expect((await trail(desk)).filter((entry) => entry.event === event.id)).toEqual(own);
      expect(await desk.auditEntry(ids[2] ?? '')).toEqual(own[2]);
      expect(JSON.stringify(own)).not.toContain('restore');
    }
    await eventually(() => toldOf(event.id).length >= 6);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(toldOf(event.id).sort()).toEqual(ids.slice().sort());
    expect(await operator.redis.hexists(globalKeys.auditSeen, event.id)).toBe(1);
  });

  it('says what can be undone until when, and by what it was undone', async () => {
    const event = await operator.event();
    const first = await actOn(desks[0], event.id, { type: 'bucket.set', refillPerSec: 20 });
    const second = await actOn(desks[0], event.id, { type: 'bucket.set', refillPerSec: 30 });
    const entries = async () => trail(desks[1], event.id);
    const [newest, older] = await entries();
    expect([newest?.auditId, older?.auditId]).toEqual([second.auditId, first.auditId]);
    expect(Date.parse(newest?.undoUntil ?? '') - Date.parse(newest?.at ?? '')).toBe(900_000);
    expect(older?.undoUntil).toBeUndefined();
    await act(desks[1], { type: 'undo', auditId: second.auditId ?? '' });
    const [undo, undone] = await entries();
    expect(undo).toMatchObject({ undoes: second.auditId, action: 'undo' });
    expect(undone).toMatchObject({ auditId: second.auditId, undoneBy: undo?.auditId });
    expect(undone?.undoUntil).toBeUndefined();
    await eventually(() => desks[0].snapshot(event.id)?.changes[1]?.undoneBy === undo?.auditId);
  });

  it('gives pages, and nothing behind a record that there is not', async () => {
    const event = await operator.event();
    for (let each = 1; each <= 5; each += 1)
      await actOn(desks[0], event.id, { type: 'bucket.set', refillPerSec: 10 + each });
    const all = (await trail(desks[0], event.id)).map(({ auditId }) => auditId);
    const page = async (limit: number, before?: string) =>
      (await desks[0].audit({ event: event.id, limit, ...(before ? { before } : {}) })).map(
        ({ auditId }) => auditId,
      );
    expect(await page(2)).toEqual(all.slice(0, 2));
    expect(await page(2, all[1])).toEqual(all.slice(2, 4));
    expect(await page(9, all[3])).toEqual(all.slice(4));
    expect(await page(9, 'aud_none')).toEqual([]);
    await expect(desks[0].auditEntry('aud_none')).rejects.toMatchObject({
      refusal: { code: 'AUDIT_NOT_FOUND' },
    });
  });

  it('outlives its event, and a desk that is started later sees all of it', async () => {
    const event = await operator.event({ kind: 'test', name: '\u001b]0;x\u0007"\\\n' });
    await actOn(desks[0], event.id, { type: 'event.set', name: '\u001b[2J\u0000 ü\u202e"' });
    await actOn(desks[0], event.id, { type: 'queue.drain', now: true }, { confirm: event.id });
    const before = await trail(desks[0], event.id);
    await actOn(desks[0], event.id, { type: 'event.delete' }, { confirm: event.id });
    expect(await operator.redis.exists(event.keys.meta, event.keys.audit)).toBe(0);
    const late = await openWholeDesk(server.port);
    try {
      const after = await trail(late, event.id);
      expect(after.map(({ action }) => action)).toEqual(['event.delete', 'queue.drain', 'event.set']);
      expect(after.slice(1).map(({ undoUntil: _, ...entry }) => entry)).toEqual(
        before.map(({ undoUntil: _, ...entry }) => entry),
      );
      expect(after[2]?.rows).toContainEqual(
        expect.objectContaining({ before: '\u001b]0;x\u0007"\\\n', after: '\u001b[2J\u0000 ü\u202e"' }),
      );
      expect(await late.auditEntry(after[0]?.auditId ?? '')).toEqual(after[0]);
    } finally {
      await late.close();
    }
  });

  it('of what has none of its own is told once too', async () => {
    const perSec = { type: 'budget.set', perSec: 5_000 } as const;
    const first = await act(desks[0], perSec, { changeId: 'budget-1' });
    await act(desks[0], perSec, { changeId: 'budget-1' });
    await act(desks[1], { type: 'budget.set', perSec: null });
    const told = news.filter((one) => one.kind === 'audit' && one.entry.event === null);
    expect(told).toHaveLength(2);
    expect(told[0]).toMatchObject({ entry: { auditId: first.results[0]?.auditId, action: 'budget.set' } });
    const [back, set] = await trail(desks[1]);
    expect([back?.event, set?.undoUntil]).toEqual([null, undefined]);
    expect(back?.undoUntil).toBeDefined();
  });

  it('has what was done to an event that no desk follows', async () => {
    const event = await operator.event({ kind: 'auto' });
    const audit = JSON.stringify({ auditId: 'aud_script', action: 'bucket.set', summary: 's', actor: 'x' });
    await operator.store.setSettings(event, { changeId: 'c', fields: { name: 'New' }, audit });
    expect(await desks[1].auditEntry('aud_script')).toMatchObject({ event: event.id, revision: 2 });
  });
});

describe('who watches', () => {
  it('is seen at every desk within 2 s, and not any more once they stop', async () => {
    const event = await operator.event();
    await Promise.all(desks.map((desk) => desk.load(event.id)));
    const names = (desk: Desk) => desk.snapshot(event.id)?.watchers.map(({ name }) => name);
    const stopVera = desks[0].watching({ event: event.id, name: 'vera', role: 'viewer', write: false });
    const stopOmar = desks[1].watching({ event: event.id, name: 'omar', role: 'operator', write: true });
    const stopAll = desks[1].watching({ event: null, name: 'ada', role: 'admin', write: false });
    for (const desk of desks)
      await eventually(() => names(desk)?.join() === 'omar,vera', { withinMs: 2_500 });
    expect(desks[0].snapshot(event.id)?.watchers[0]).toEqual({ name: 'omar', role: 'operator', write: true });
    stopVera();
    stopVera();
    for (const desk of desks) await eventually(() => names(desk)?.join() === 'omar', { withinMs: 2_500 });
    stopOmar();
    stopAll();
    for (const desk of desks) await eventually(() => names(desk)?.length === 0, { withinMs: 2_500 });
    expect(await operator.redis.hlen(globalKeys.watchers)).toBe(0);
  });

  it('does not include screens of a desk that died', async () => {
    const event = await operator.event();
    await desks[0].load(event.id);
    const [seconds] = await operator.redis.time();
    const screen = (at: number) =>
      JSON.stringify({ event: event.id, name: 'x', role: 'viewer', write: false, at });
    await operator.redis.hset(globalKeys.watchers, 'dead/1', screen(Number(seconds) * 1000 - 7_000));
    await operator.redis.hset(globalKeys.watchers, 'broken/1', '{');
    await eventually(async () => (await operator.redis.hlen(globalKeys.watchers)) === 0);
    expect(desks[0].snapshot(event.id)?.watchers).toEqual([]);
  });
});

describe('the overview', () => {
  it('has a row an event, closed ones last, and follows changes within two seconds', async () => {
    const [open, closed, auto] = await Promise.all([
      operator.event({ id: 'evt_zz_open', refillPerSec: 25 }),
      operator.event({ id: 'evt_aa_closed' }),
      operator.event({ id: 'evt_bb_auto', kind: 'auto' }),
    ]);
    await actOn(desks[0], closed.id, { type: 'queue.drain', now: true }, { confirm: closed.id });
    const seen: string[] = [];
    const stop = desks[0].onOverview(({ events }) => {
      const row = events.find(({ event }) => event === open.id);
      seen.push(`${row?.paused} ${row?.refillPerSec}`);
    });
    const overview = await desks[0].overview();
    expect(overviewSchema.parse(JSON.parse(JSON.stringify(overview)))).toEqual(overview);
    const ids = overview.events.map(({ event }) => event);
    expect(ids).toEqual(expect.arrayContaining([open.id, closed.id, auto.id]));
    expect(overview.events.at(-1)?.phase).toBe('closed');
    expect(overview.events.find(({ event }) => event === auto.id)).toMatchObject({ waiting: 0, tokens: 100 });
    await actOn(desks[1], open.id, { type: 'queue.pause' });
    await eventually(() => seen.includes('true 25'), { withinMs: 3_500 });
    stop();
    const list = await desks[0].listEvents();
    expect(list.map(({ event }) => event).sort()).toEqual([...ids].sort());
    expect(list.find(({ event }) => event === open.id)).toMatchObject({ paused: true, admitPerSec: 0 });
    expect((await desks[1].settings(open.id)).expireFarSec).toBe(1_800);
  });
});

describe('doctor', () => {
  it('finds that an event is paused, and says what ends it', async () => {
    const event = await operator.event();
    await actOn(desks[0], event.id, { type: 'queue.pause' });
    await eventually(() => desks[1].snapshot(event.id)?.paused === true);
    const facts = { certificateEndsAt: null, webhook: { configured: false, failing: false } };
    const findings = await desks[1].doctor(event.id, facts);
    const paused = findings.find(({ check }) => check === 'paused');
    expect(paused).toMatchObject({ result: 'fail', event: event.id, next: `tacos queue resume ${event.id}` });
    await expect(desks[1].doctor('evt_none', facts)).rejects.toMatchObject({
      refusal: { code: 'EVENT_NOT_FOUND' },
    });
    news = [];
  });
});
