import { beforeEach, describe, expect, it } from 'vitest';
import { CliError } from '../../errors.ts';
import { eventPlanOf, planOf, resultOf } from '../../testing/plans.ts';
import { asOf, auditOf, snapshotOf } from '../../testing/views.ts';
import { Bench, contextOf, settle } from '../testing/seat.ts';

let bench: Bench;
beforeEach(async () => {
  bench = new Bench();
  await bench.hear();
});
const text = () => bench.text(100, 40);
const reason = 'D1 faster, INC-4471';

/** Opens the form of the bucket and fills it in, up to the plan. */
const fillBucket = async (refill = '80') => {
  await bench.press('b', 'tab');
  await bench.type(refill);
  await bench.press('tab', 'tab', 'tab', 'tab');
  await bench.type(reason);
  await bench.wait(1_000);
};
const apply = () => bench.press('tab', 'return');

describe('a form', () => {
  it('begins on Cancel, and Enter there closes it', async () => {
    await bench.press('b', 'return');
    expect(text()).toContain('POSITIONS');
    expect(bench.api.acts).toEqual([]);
  });

  it('shows the plan of what is typed, fresh each second', async () => {
    await fillBucket();
    expect(text()).toContain('refill    50.0/s -> 80.0/s');
    expect(text()).toContain('plan ');
    expect(bench.api.plans.at(-1)).toEqual({
      events: ['evt_x'],
      action: { type: 'bucket.set', refillPerSec: 80 },
    });
    const before = bench.api.plans.length;
    await bench.wait(3_000);
    expect(bench.api.plans.length - before).toBe(3);
  });

  it('applies with the hash of the plan, the version, a key and the reason, and shows the receipt', async () => {
    await fillBucket();
    await apply();
    const [act] = bench.api.acts;
    expect(bench.api.acts).toHaveLength(1);
    expect(act?.request).toMatchObject({ planHash: expect.any(String), reason, events: ['evt_x'] });
    expect(act?.headers).toEqual({ ifRevision: 18, idempotencyKey: expect.stringMatching(/^[\da-f-]{36}$/) });
    expect(text()).toMatch(/ok: version 19 in force on 5 of 6 gateways .*seen 14:03:20\), audit\s+aud_7R0D/);
    expect(bench.made).toEqual([{ auditId: 'aud_7R0D', summary: 'refill 50.0/s -> 80.0/s  (+60%)' }]);
    await bench.press('return');
    expect(text()).toContain('POSITIONS');
  });

  it('wants a reason of 8 characters', async () => {
    await bench.press('p');
    await bench.wait(1_000);
    await bench.press('tab');
    await bench.type('short');
    await apply();
    expect(bench.api.acts).toEqual([]);
    expect(text()).toContain('a reason of at least 8 characters');
  });

  it('says what is wrong with a value, and asks for no plan of it', async () => {
    await bench.press('b', 'tab');
    await bench.type('fast');
    await bench.wait(1_000);
    expect(text()).toContain('refill/s: "fast" is not a number');
    expect(bench.api.plans).toEqual([]);
  });

  it('says which values would do, and asks for no plan of others', async () => {
    await bench.press('X', 'tab', 'tab');
    await bench.type('5s');
    await bench.wait(1_000);
    expect(bench.text()).toContain('silent for must be at least 10s');
    expect(bench.api.plans).toEqual([]);
    await bench.press('backspace', 'backspace');
    await bench.type('5m');
    await bench.wait(1_000);
    expect(bench.api.plans.at(-1)?.action).toEqual({ type: 'queue.expire', silentForSec: 300 });
  });

  it('keeps q, j and every other letter for its fields', async () => {
    await bench.press('b', 'tab', 'tab', 'tab', 'tab', 'tab');
    await bench.type('quiet jobs');
    expect(text()).toContain('[quiet jobs_');
    await bench.press('backspace', 'ctrl-u');
    bench.screen.paste('from the\nrunbook');
    expect(text()).toContain('[from the runbook_');
  });
});

describe('no consent', () => {
  it('is taken while the link is stale', async () => {
    await fillBucket();
    bench.nowMs += 6_000;
    await apply();
    expect(bench.api.acts).toEqual([]);
    expect(text()).toContain('blocked: the link is STALE');
  });

  it('is taken on a plan of old data', async () => {
    bench.api.planNow = planOf({ dataAgeSec: 7 });
    await fillBucket();
    await apply();
    expect(bench.api.acts).toEqual([]);
    expect(text()).toContain('blocked: data 7s old');
  });

  it('is taken on the plan of something else than what is typed', async () => {
    await fillBucket();
    await bench.press('shift-tab', 'shift-tab', 'shift-tab', 'shift-tab');
    bench.screen.press({ name: '9', text: '9' });
    for (let at = 0; at < 5; at += 1) bench.screen.press({ name: 'tab', text: '' });
    bench.screen.press({ name: 'return', text: '' });
    await settle();
    expect(bench.api.acts).toEqual([]);
  });

  it('passes a guard rail, unless an admin overrides it where that can be', async () => {
    const refusals = [{ code: 'BUDGET', text: 'over the budget of 120/s', canOverride: true }];
    bench.api.planNow = planOf({ items: [eventPlanOf({ refusals })] });
    await fillBucket();
    await apply();
    expect(text()).toContain('refused: over the budget of 120/s');
    expect(bench.api.acts).toEqual([]);
    bench.viewer = { ...bench.viewer, isAdmin: true };
    await bench.wait(1_000);
    await bench.press('shift-tab', ' ');
    await bench.wait(1_000);
    await apply();
    expect(bench.api.acts[0]?.request).toMatchObject({ override: true });
  });

  it('goes beyond the limits of the context', async () => {
    bench = new Bench({ context: contextOf({ limits: { maxRefill: 60 } }) });
    await bench.hear();
    await fillBucket();
    await apply();
    expect(bench.api.acts).toEqual([]);
    expect(text()).toContain('over the maxRefill of this context');
  });

  it('goes to a server that is not what the context says', async () => {
    bench = new Bench({ context: contextOf({ kind: 'staging' }) });
    await bench.hear();
    await fillBucket();
    await apply();
    expect(bench.api.acts).toEqual([]);
  });
});

describe('what cannot be undone', () => {
  it('wants the id of the event typed, letter by letter', async () => {
    bench.api.planNow = planOf({
      level: 'S3',
      action: 'queue.expire',
      items: [eventPlanOf({ people: 18_234 })],
      irreversible: ['their places are lost'],
    });
    await bench.press('X', 'tab', ' ', ' ');
    await bench.press('tab', 'tab', 'tab');
    await bench.type(reason);
    await bench.wait(1_000);
    expect(text()).toContain('IRREVERSIBLE');
    await bench.press('tab');
    await bench.type('evt_y');
    await apply();
    expect(bench.api.acts).toEqual([]);
    expect(text()).toContain('type evt_x');
    await bench.press('shift-tab', 'backspace');
    await bench.type('x');
    await apply();
    expect(bench.api.acts[0]?.request).toMatchObject({
      action: { type: 'queue.expire', all: true },
      confirm: 'evt_x',
    });
  });
});

describe('when it goes wrong', () => {
  const conflict = new CliError('the version is 19', { code: 'VERSION_CONFLICT', exitCode: 6 });

  it('a version that somebody else made keeps the form, with a plan on the values as they are', async () => {
    await fillBucket();
    bench.api.failures.act = conflict;
    bench.api.planNow = planOf({ items: [eventPlanOf({ revision: 19 })] });
    await apply();
    await bench.wait(500);
    expect(text()).toContain('somebody else was faster');
    expect(text()).toContain('version 19, data');
    expect(text()).toContain('[80 ');
    delete bench.api.failures.act;
    await bench.press('return');
    expect(bench.api.acts.at(-1)?.headers.ifRevision).toBe(19);
    expect(text()).toContain('ok:');
  });

  it('so does a conflict that comes as a result', async () => {
    await fillBucket();
    const error = { code: 'VERSION_CONFLICT', message: 'the version is 19' };
    bench.api.changeNow = {
      kind: 'Change',
      asOf,
      action: 'bucket.set',
      results: [resultOf({ applied: false, auditId: null, error })],
      warnings: [],
    };
    await apply();
    expect(text()).toContain('somebody else was faster');
    expect(bench.made).toEqual([]);
  });

  it('a lost answer is asked for again with the very same request and key', async () => {
    await fillBucket();
    bench.api.failures.act = new CliError('the answer was lost', { code: 'REPLY_LOST', exitCode: 9 });
    await apply();
    expect(text()).toContain('not known whether it was applied');
    delete bench.api.failures.act;
    bench.api.planNow = planOf({ hash: 'other' });
    await bench.wait(2_000);
    await bench.press('return');
    const [first, second] = bench.api.acts;
    expect(second).toEqual(first);
    expect(text()).toContain('ok:');
  });

  it('another change after a lost answer has a key of its own', async () => {
    await fillBucket();
    bench.api.failures.act = new CliError('the answer was lost', { code: 'REPLY_LOST', exitCode: 9 });
    await apply();
    delete bench.api.failures.act;
    await bench.press('tab', 'tab', 'backspace', 'backspace');
    await bench.type('70');
    await bench.wait(1_000);
    await bench.press('tab', 'tab', 'tab', 'tab', 'tab', 'return');
    const [first, second] = bench.api.acts;
    expect(second?.request).toMatchObject({ action: { refillPerSec: 70 } });
    expect(second?.headers.idempotencyKey).not.toBe(first?.headers.idempotencyKey);
  });

  it('a plan that cannot be made is said, and nothing is sent', async () => {
    bench.api.failures.plan = new CliError('refill 0.01 is refused: use pause', {
      code: 'GUARD_RAIL',
      exitCode: 6,
    });
    await fillBucket('0.01');
    await apply();
    expect(text()).toContain('refill 0.01 is refused: use pause');
    expect(bench.api.acts).toEqual([]);
  });

  it('Enter twice sends once', async () => {
    await fillBucket();
    await bench.press('tab');
    bench.screen.press({ name: 'return', text: '' });
    bench.screen.press({ name: 'return', text: '' });
    await settle();
    expect(bench.api.acts).toHaveLength(1);
  });
});

describe('the other forms', () => {
  it('p resumes what is paused', async () => {
    await bench.hear({ paused: true });
    await bench.press('p');
    await bench.wait(1_000);
    expect(text()).toContain('RESUME');
    expect(bench.api.plans[0]?.action).toEqual({ type: 'queue.resume' });
  });

  it('D drains at once or with a deadline', async () => {
    await bench.press('D', 'tab', 'tab');
    await bench.type('30m');
    await bench.wait(1_000);
    expect(bench.api.plans.at(-1)?.action).toEqual({ type: 'queue.drain', deadlineSec: 1_800 });
    await bench.press('shift-tab', ' ');
    await bench.wait(1_000);
    expect(bench.api.plans.at(-1)?.action).toEqual({ type: 'queue.drain', now: true });
  });

  it('X ends the places of those silent for a time, or of some visitors', async () => {
    await bench.press('X', 'tab', 'tab');
    await bench.type('5m');
    await bench.wait(1_000);
    expect(bench.api.plans.at(-1)?.action).toEqual({ type: 'queue.expire', silentForSec: 300 });
    await bench.press('shift-tab', ' ', 'tab', 'tab');
    await bench.type('v_abcd2345, #7');
    await bench.wait(1_000);
    expect(bench.api.plans.at(-1)?.action).toEqual({
      type: 'queue.expire',
      visitors: ['v_abcd2345', '#7'],
    });
  });

  it('u takes back the newest change that still can be, and says when there is none', async () => {
    await bench.press('u');
    expect(text()).toContain('no change that can be taken back');
    await bench.press('escape');
    const undone = auditOf({ auditId: 'aud_3', undoneBy: 'aud_4' });
    const old = auditOf({ auditId: 'aud_2', undoUntil: '2026-11-21T05:00:00.000Z' });
    await bench.hear({ ...snapshotOf(), changes: [undone, old, auditOf({ auditId: 'aud_1' })] });
    await bench.press('u');
    await bench.wait(1_000);
    expect(bench.api.plans.at(-1)).toEqual({ events: [], action: { type: 'undo', auditId: 'aud_1' } });
  });
});
