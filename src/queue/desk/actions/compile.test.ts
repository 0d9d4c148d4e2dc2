import { describe, expect, it } from 'vitest';
import { inSec, seenWith } from '../../../../test/helpers/seen.ts';
import type { Plan } from '../../../contract/actions.ts';
import { countBits } from './await-receipt.ts';
import { settleAll } from './bounded.ts';
import { bucketSet } from './bucket.ts';
import { planHash, refusalOf } from './compile.ts';
import { checkConsent, checkRole } from './consent.ts';
import { consequencesOf, foresee } from './consequences.ts';
import { guardsOf } from './guards.ts';
import { message } from './message.ts';
import { open } from './phase.ts';
import { auditIdOf } from './record.ts';

const noBudget = { othersMicro: 20e6, perSecMicro: null };
const behaviour = { use: 1, noShow: 0, joinPerSec: 0, isSteady: false };
const raise = (seen = seenWith(), refillPerSec = 50) => bucketSet(seen, { type: 'bucket.set', refillPerSec });

describe('consequences', () => {
  it('name the model of each figure', () => {
    const draft = raise(seenWith({ waiting: 1_000, tokens: 0 }));
    const foreseen = foresee(draft, behaviour);
    const consequences = consequencesOf(draft, { foreseen, budget: noBudget });
    expect(consequences.map(({ code, model }) => [code, model])).toEqual([
      ['emptyIn', 'forecast'],
      ['tailWait', 'forecast'],
      ['waitingIn60Sec', 'forecast'],
      ['admittedIn60Sec', 'forecast'],
      ['allEvents', 'sum'],
      ['people', 'count'],
    ]);
    const [emptyIn] = consequences;
    expect(emptyIn?.before).toBeCloseTo(100, -1);
    expect(emptyIn?.after).toBeCloseTo(20, -1);
  });

  it('say of Redis what is measured, and nothing where nothing is', () => {
    const cpuOf = (options: object) =>
      consequencesOf(raise(seenWith(options)), { budget: noBudget }).find(({ code }) => code === 'redisCpu');
    expect(cpuOf({ cpuPercent: 40, opsPerSec: 4_800 })).toEqual({
      code: 'redisCpu',
      unit: 'percent',
      model: 'share',
      before: 40,
      after: 44,
    });
    expect(cpuOf({ cpuPercent: 40 })).toBeUndefined();
    expect(cpuOf({})).toBeUndefined();
  });

  it('are none where a change moves nobody', () => {
    const draft = message(seenWith(), { type: 'queue.message', text: 'Hi' });
    expect(foresee(draft, behaviour)).toBeUndefined();
    expect(consequencesOf(draft, { budget: noBudget })).toEqual([]);
  });
});

describe('guard rails', () => {
  const budget = { othersMicro: 60e6, perSecMicro: 100e6 };

  it('stand where a rise passes the budget', () => {
    expect(guardsOf(raise(seenWith(), 40), budget).refusals).toEqual([]);
    expect(guardsOf(raise(seenWith(), 41), budget).refusals).toMatchObject([
      { code: 'BUDGET', canOverride: true },
    ]);
    expect(guardsOf(raise(seenWith({ refillPerSec: 90 }), 80), budget).refusals).toEqual([]);
  });

  it('stand where Redis is too busy for a rise, and warn before', () => {
    expect(guardsOf(raise(seenWith({ cpuPercent: 86 })), noBudget).refusals).toMatchObject([
      { code: 'REDIS_BUSY', canOverride: true },
    ]);
    expect(guardsOf(raise(seenWith({ cpuPercent: 71 })), noBudget)).toMatchObject({
      refusals: [],
      warnings: [expect.stringContaining('71 %')],
    });
    expect(guardsOf(raise(seenWith({ cpuPercent: 70 })), noBudget)).toEqual({ refusals: [], warnings: [] });
    expect(guardsOf(raise(seenWith({ cpuPercent: 99 }), 5), noBudget)).toEqual({
      refusals: [],
      warnings: [],
    });
  });

  it('warn of an opening at a time that will pass the budget', () => {
    const closed = seenWith({ refillPerSec: 50, meta: { phase: 'closed' } });
    const at = open(closed, { type: 'queue.open', at: inSec(60) });
    expect(guardsOf(at, budget)).toMatchObject({
      refusals: [],
      warnings: [expect.stringContaining('once this event opens')],
    });
  });

  it('are passed by an override only where they may be', () => {
    const item = (canOverride: boolean, code = 'X') => ({
      event: 'evt_a',
      revision: 7,
      rows: [],
      consequences: [],
      warnings: [],
      refusals: [{ code, text: 'no', canOverride }],
      people: 0,
      unchanged: false,
    });
    expect(refusalOf(item(true), true)).toBeUndefined();
    expect(refusalOf(item(true), false)?.refusal).toMatchObject({
      code: 'GUARD_RAIL',
      message: 'no.',
      hint: expect.stringContaining('--override'),
    });
    expect(refusalOf(item(false), true)?.refusal).toMatchObject({ code: 'GUARD_RAIL' });
    expect(refusalOf(item(false, 'VERSION_CONFLICT'), true)?.refusal.code).toBe('VERSION_CONFLICT');
  });
});

describe('the hash of a plan', () => {
  const action = { type: 'queue.pause' } as const;
  const hash = planHash(action, [
    { event: 'a', revision: 1 },
    { event: 'b', revision: 2 },
  ]);

  it('is that of the action and the versions, in whichever order', () => {
    expect(hash).toMatch(/^[0-9a-f]{8}$/);
    expect(
      planHash(action, [
        { event: 'b', revision: 2 },
        { event: 'a', revision: 1 },
      ]),
    ).toBe(hash);
    expect(
      planHash(action, [
        { event: 'a', revision: 2 },
        { event: 'b', revision: 2 },
      ]),
    ).not.toBe(hash);
    expect(
      planHash({ type: 'queue.resume' }, [
        { event: 'a', revision: 1 },
        { event: 'b', revision: 2 },
      ]),
    ).not.toBe(hash);
  });
});

describe('consent', () => {
  const plan = (change: Partial<Plan>): Plan => ({
    kind: 'Plan',
    hash: '',
    asOf: '',
    dataAgeSec: 0.4,
    action: 'queue.pause',
    level: 'S1',
    items: [],
    undoSec: 0,
    irreversible: [],
    warnings: [],
    ...change,
  });
  const names = ['evt_a', 'evt_b'];
  const check =
    (request: object, change: Partial<Plan>, isProtected = true) =>
    () =>
      checkConsent(request, { plan: plan(change), names }, { isProtected });

  it('is not possible on data older than 5 s', () => {
    expect(check({}, { dataAgeSec: 5 })).not.toThrow();
    expect(check({ reason: 'long enough' }, { dataAgeSec: 5.1 })).toThrow('5.1 s old');
  });

  it('needs a reason from S2 on where it is protected, and the typed ids for S3 everywhere', () => {
    expect(check({}, { level: 'S2' })).toThrow('reason');
    expect(check({}, { level: 'S2' }, false)).not.toThrow();
    expect(check({ reason: 'long enough' }, { level: 'S3' }, false)).toThrow('confirmed by name');
    expect(check({ confirm: 'evt_a' }, { level: 'S3' }, false)).toThrow();
    expect(check({ confirm: 'evt_b, evt_a' }, { level: 'S3' }, false)).not.toThrow();
    expect(check({ confirm: 'evt_a,evt_b' }, { level: 'S3' })).toThrow('reason');
  });

  it('is for operators, and overrides for admins', () => {
    const author = (role: 'viewer' | 'operator' | 'admin') => ({ name: 'x', role, client: 'y' });
    expect(() => checkRole({ override: false }, author('viewer'))).toThrow();
    expect(() => checkRole({ override: true }, author('operator'))).toThrow();
    expect(() => checkRole({ override: true }, author('admin'))).not.toThrow();
  });
});

describe('small things', () => {
  it('name a record after the change, and each event of several apart', () => {
    expect(auditIdOf('c1', undefined)).toMatch(/^aud_[0-9a-f]{10}$/);
    expect(auditIdOf('c1', undefined)).toBe(auditIdOf('c1', undefined));
    expect(new Set([auditIdOf('c1', undefined), auditIdOf('c1', 'a'), auditIdOf('c1', 'b')]).size).toBe(3);
  });

  it('count people once who are in several bitmaps', () => {
    expect(countBits([])).toBe(0);
    expect(countBits([Buffer.from([0b1010_0000]), Buffer.from([0b1000_0001, 0b1])])).toBe(4);
  });

  it('do many things side by side, each to its own end', async () => {
    let running = 0;
    let most = 0;
    const all = await settleAll([3, 1, 2, 0], 2, async (one) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, one));
      running -= 1;
      if (one === 1) throw new Error('one');
      return one;
    });
    expect(most).toBe(2);
    expect(all.map((one) => (one.ok ? one.value : String(one.error)))).toEqual([3, 'Error: one', 2, 0]);
  });
});
