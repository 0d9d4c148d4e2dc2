import { describe, expect, it } from 'vitest';
import { recoveryFacts, recoveryFields, recoveryTotals, recoveryView } from './recovery-view.ts';

const atMs = Date.parse('2026-11-21T05:03:19.000Z');
type Fields = Partial<Record<(typeof recoveryFields)[number], string>>;
/** As Redis would answer. */
const facts = (fields: Fields, survivors: Record<string, string> = {}) =>
  recoveryFacts(
    recoveryFields.map((name) => fields[name] ?? null),
    survivors,
  );
const line = `3 abc 90 1200 263344 ${atMs}`;
const running: Fields = {
  recoveries: `2 xyz 40 700 900 ${atMs - 60_000}\n${line}`,
  recoverUntil: String(atMs + 5_000),
  recoverWhy: 'run',
  recoverGiven: '1204',
};

describe('what operators see of a recovery', () => {
  it('is nothing for an event that had none', () => {
    expect(recoveryView(facts({}), atMs, false)).toBeNull();
    expect(recoveryTotals(facts({}))).toEqual({ recoveries: 0, places: 0 });
  });

  it('tells of the last one: who was not heard of, and how long nobody was let in so far', () => {
    const workers = { 'gw-a/w1': 'm', 'gw-b/w1': 'w', 'gw-b/w2': 'w', 'gw-c/w1': 'w' };
    expect(recoveryView(facts(running, workers), atMs + 1_500, true)).toEqual({
      state: 'hearing',
      at: '2026-11-21T05:03:19.000Z',
      why: 'run',
      fromSeq: 1_200,
      skippedSeqs: 262_144,
      unheard: 2,
      placesGivenBack: 1_204,
      placesByTokens: 0,
      tokensUntil: '2026-11-21T05:13:19.000Z',
      endsApplied: 0,
      joinsHeldSec: 0,
      entersHeldSec: 1.5,
    });
    expect(recoveryView(facts(running, { 'gw-a/w1': 't', 'gw-b/w1': 'm' }), atMs, true)?.state).toBe(
      'givingBack',
    );
  });

  it('after a wipe asks whom nobody knows', () => {
    const workers = { 'gw-a/w1': 't', '?': 'w' };
    expect(recoveryView(facts(running, workers), atMs, true)).toMatchObject({ state: 'hearing', unheard: 0 });
  });

  it('keeps its report, and says until when tokens give places back', () => {
    const done = { ...running, recoverUntil: '0', recoverTokens: '3', recoverEnded: '2' };
    const ended = facts({ ...done, recoverJoins: '410', recoverTook: '730' }, { 'gw-b/w1': 'w' });
    const view = { unheard: 0, placesByTokens: 3, endsApplied: 2, joinsHeldSec: 0.41, entersHeldSec: 0.73 };
    expect(recoveryView(ended, atMs + 599_000, false)).toMatchObject({ state: 'tokens', ...view });
    expect(recoveryView(ended, atMs + 600_000, false)).toMatchObject({ state: 'over', ...view });
  });

  it('that took no time, or of a version that does not say how long, is no longer with every hour', () => {
    const heldSec = (fields: Fields) =>
      recoveryView(facts({ ...running, recoverUntil: '0', ...fields }), atMs + 3_600_000, false)
        ?.entersHeldSec;
    expect([heldSec({ recoverTook: '0' }), heldSec({})]).toEqual([0, 0]);
  });

  it('is over as soon as the journal says so, though the facts are a second old', () => {
    const view = recoveryView(facts(running, { 'gw-b/w1': 'w' }), atMs + 900, false);
    expect(view).toMatchObject({ state: 'tokens', unheard: 0, entersHeldSec: 0.9 });
  });

  it('says why as far as the recovery itself did', () => {
    const why = (fields: Fields) => recoveryView(facts({ ...running, ...fields }), atMs, true)?.why;
    expect(['behind', 'wipe', 'tokens'].map((recoverWhy) => why({ recoverWhy }))).toEqual([
      'behind',
      'wipe',
      'tokens',
    ]);
    // Of a version that did not say.
    expect([why({ recoverWhy: '' }), why({ recoverWhy: '', recoveries: line.replace('abc', '*') })]).toEqual([
      'run',
      'wipe',
    ]);
  });
});
