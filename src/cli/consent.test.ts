import { describe, expect, it } from 'vitest';
import { consentNeeds, isTyped, obtainConsent } from './consent.ts';
import type { CliError } from './errors.ts';
import { eventPlanOf, planOf } from './testing/plans.ts';

const open = { isProtected: false, badge: 'DEV' };
const guarded = { isProtected: true, badge: 'PROD' };
const ofLevel = (level: 'S1' | 'S2' | 'S3') => planOf({ level });
const several = planOf({
  level: 'S3',
  items: [eventPlanOf(), eventPlanOf({ event: 'evt_y' })],
});

describe('what a plan needs', () => {
  it.each([
    ['S1', open, false, false, undefined],
    ['S1', guarded, true, false, undefined],
    ['S2', open, false, false, undefined],
    ['S2', guarded, true, true, undefined],
    ['S3', open, true, false, 'evt_x'],
    ['S3', guarded, true, true, 'evt_x'],
  ] as const)('%s at %j: ask %s, reason %s, typed %s', (level, place, ask, reason, typed) => {
    expect(consentNeeds(ofLevel(level), place)).toMatchObject({ ask, reason, typed });
  });

  it('is a reason wherever the context wants one', () => {
    expect(consentNeeds(ofLevel('S1'), { ...open, requireReason: true })).toMatchObject({
      ask: false,
      reason: true,
    });
  });

  it('of several events is all their ids, in any order, to the letter', () => {
    const { typed = '' } = consentNeeds(several, open);
    expect(typed).toBe('evt_x,evt_y');
    expect(isTyped(' evt_y, evt_x ', typed)).toBe(true);
    expect(['evt_x', 'EVT_X,evt_y', 'evt_x,evt_y,evt_z', '2'].map((text) => isTyped(text, typed))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

const asked: string[] = [];
const person =
  (...answers: string[]) =>
  async (question: string): Promise<string> => {
    asked.push(question);
    return answers.shift() ?? '';
  };
const failureOf = async (got: Promise<unknown>): Promise<CliError> => {
  const error = await got.then(
    () => undefined,
    (caught: CliError) => caught,
  );
  if (error === undefined) throw new Error('there was consent');
  return error;
};

describe('a person', () => {
  it('who listens to the screen types a number', async () => {
    asked.length = 0;
    const place = { ...guarded, isAccessible: true };
    expect(await obtainConsent(ofLevel('S1'), { place, given: {}, ask: person('1') })).toEqual({});
    expect(asked).toEqual(['Apply to PROD? Type 1 to apply, 2 to cancel: ']);
    const no = obtainConsent(ofLevel('S1'), { place, given: {}, ask: person('2') });
    expect((await failureOf(no)).details.exitCode).toBe(5);
  });

  it('is asked for the reason, then for a yes, and everything but yes is no', async () => {
    asked.length = 0;
    const given = { place: guarded, given: {} };
    const got = await obtainConsent(ofLevel('S2'), { ...given, ask: person('database failover', 'Y') });
    expect(got).toEqual({ reason: 'database failover' });
    expect(asked).toEqual(['Reason (at least 8 characters): ', 'Apply to PROD? [y/N] ']);
    for (const answer of ['', 'n', 'yep', 'evt_x']) {
      const no = await failureOf(
        obtainConsent(ofLevel('S1'), { place: guarded, given: {}, ask: person(answer) }),
      );
      expect(no.details.exitCode).toBe(5);
    }
  });

  it('types the id of what cannot be undone, and a slip changes nothing', async () => {
    asked.length = 0;
    const got = await obtainConsent(ofLevel('S3'), { place: open, given: {}, ask: person('evt_x') });
    expect([got, asked]).toEqual([{ confirm: 'evt_x' }, ['Type evt_x to apply to DEV: ']]);
    const slip = obtainConsent(ofLevel('S3'), { place: open, given: { yes: true }, ask: person('y') });
    expect((await failureOf(slip)).message).toBe('not applied, as asked');
  });

  it('with a reason too short is not asked further', async () => {
    const short = obtainConsent(ofLevel('S2'), { place: guarded, given: {}, ask: person('why', 'y') });
    expect((await failureOf(short)).message).toContain('at least 8 characters');
  });
});

describe('a script', () => {
  const script = (level: 'S1' | 'S2' | 'S3', given: object, place = guarded) =>
    obtainConsent(ofLevel(level), { place, given, ask: undefined });

  it.each([
    ['S1', {}, 'this change at PROD needs --yes'],
    ['S2', {}, 'this change at PROD needs --yes and --reason TEXT'],
    ['S2', { yes: true }, 'this change at PROD needs --reason TEXT'],
    ['S3', {}, 'this change at PROD needs --confirm evt_x and --reason TEXT'],
    ['S3', { confirm: 'evt_x' }, 'this change at PROD needs --reason TEXT'],
    [
      'S3',
      { yes: true, reason: 'dead bots' },
      '--yes is not enough for what cannot be fully undone: it needs --confirm evt_x',
    ],
    ['S3', { confirm: 'evt_y', reason: 'dead bots' }, '--confirm "evt_y" does not name evt_x'],
  ] as const)('%s with %j is exit 5: %s', async (level, given, message) => {
    const error = await failureOf(script(level, given));
    expect([error.message, error.details.exitCode]).toEqual([message, 5]);
  });

  it('consents by flags', async () => {
    expect(await script('S1', { yes: true })).toEqual({});
    expect(await script('S2', { yes: true, reason: 'failover' })).toEqual({ reason: 'failover' });
    expect(await script('S3', { confirm: 'evt_x', reason: 'dead bots' })).toEqual({
      reason: 'dead bots',
      confirm: 'evt_x',
    });
    expect(await script('S2', {}, open)).toEqual({});
    expect(await script('S3', { confirm: 'evt_x' }, open)).toEqual({ confirm: 'evt_x' });
  });
});

it('nobody can consent to a plan from data older than 5 s, by whatever means', async () => {
  const old = planOf({ level: 'S2', dataAgeSec: 5.1 });
  const given = { yes: true, reason: 'database failover' };
  const error = await failureOf(obtainConsent(old, { place: guarded, given, ask: undefined }));
  expect(error.details).toMatchObject({ code: 'STALE', exitCode: 7 });
  const small = obtainConsent(planOf({ dataAgeSec: 9 }), { place: open, given: {}, ask: person('y') });
  expect((await failureOf(small)).details.exitCode).toBe(7);
});
