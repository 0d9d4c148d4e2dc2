import { describe, expect, it } from 'vitest';
import type { QueueSnapshot } from '../../contract/snapshot.ts';
import { snapshotOf } from '../testing/views.ts';
import { Bench } from '../tui/testing/seat.ts';
import { recoveryText } from './recovery-text.ts';
import { news } from './speech.ts';

type Recovery = NonNullable<QueueSnapshot['recovery']>;
const recoveryOf = (change: Partial<Recovery> = {}): Recovery => ({
  state: 'hearing',
  at: '2026-11-21T05:03:19.000Z',
  why: 'run',
  fromSeq: 1_200,
  skippedSeqs: 262_144,
  unheard: 3,
  placesGivenBack: 1_204,
  placesByTokens: 0,
  tokensUntil: '2026-11-21T05:13:19.000Z',
  endsApplied: 2,
  joinsHeldSec: 0,
  entersHeldSec: 2,
  ...change,
});
const hearing = recoveryOf();
const givingBack = recoveryOf({ state: 'givingBack', unheard: 0, placesByTokens: 7 });
const tokens = recoveryOf({ state: 'tokens', unheard: 0 });
const tokensOnly = recoveryOf({ state: 'over', why: 'tokens', unheard: 0 });

describe('a recovery in words', () => {
  const of = (recovery: QueueSnapshot['recovery'], paused = false): string =>
    recoveryText({ recovery, paused });

  it('says what runs, for how long, and how many are back', () => {
    expect(of(hearing)).toBe('recovering 2s: 3 gateways unheard, 1,204 back');
    expect(of(recoveryOf({ unheard: 1 }))).toBe('recovering 2s: 1 gateway unheard, 1,204 back');
    expect(of(recoveryOf({ unheard: 0 }))).toBe('recovering 2s: asking gateways, 1,204 back');
    expect(of(givingBack)).toBe('recovering 2s: nobody enters yet, 1,211 back');
  });

  it('says what to do where only tokens were left, until it is done', () => {
    expect(of(tokensOnly, true)).toBe('only tokens left: set its rate, then resume');
    expect(of(tokensOnly)).toBe('');
  });

  it('is silent else', () => {
    expect([of(null), of(tokens), of(tokens, true)]).toEqual(['', '', '']);
  });

  it('is spoken when it begins and when it ends', () => {
    const [before, now] = [snapshotOf(), snapshotOf({ recovery: hearing })];
    expect(news(before, now)).toEqual(['Redis lost writes: recovering 2s: 3 gateways unheard, 1,204 back.']);
    expect(news(now, snapshotOf({ recovery: givingBack }))).toEqual([]);
    expect(news(now, snapshotOf({ recovery: tokens }))).toEqual(['Recovered, people are let in again.']);
  });

  it('is not said to let people in while the queue is paused', () => {
    const heard = (recovery: Recovery) => snapshotOf({ recovery, paused: true });
    expect(news(heard(hearing), heard(tokens))).toEqual(['Recovered, the queue is paused.']);
    expect(news(heard(recoveryOf({ why: 'tokens' })), heard(tokensOnly))).toEqual([
      'Recovered, only tokens left: set its rate, then resume.',
    ]);
  });

  it('that is long over is not a new one when somebody pauses the queue', () => {
    const resumed = snapshotOf({ recovery: tokensOnly });
    const paused = snapshotOf({ recovery: tokensOnly, paused: true });
    expect(news(resumed, paused)).toEqual(['The queue is now paused.']);
    expect(news(snapshotOf({ paused: true }), paused)).toEqual([
      'Redis lost writes: only tokens left: set its rate, then resume.',
    ]);
  });
});

describe('a recovery on screens', () => {
  it.each([
    [80, 24],
    [140, 40],
  ])('stands with the state at %i columns, whole, while it runs', async (columns, rows) => {
    const bench = new Bench();
    const text = 'recovering 2s: 3 gateways unheard, 1,204 back';
    await bench.hear({ recovery: hearing });
    expect(bench.rows(columns, rows).filter((row) => row.includes(text))).toHaveLength(1);
    await bench.hear({ recovery: tokensOnly, paused: true });
    expect(bench.text(columns, rows)).toContain('only tokens left: set its rate, then resume');
    await bench.hear({ recovery: tokens, paused: false });
    expect(bench.text(columns, rows)).not.toContain('recovering');
  });
});
