import { describe, expect, it } from 'vitest';
import { nowMs, serve } from '../../test/helpers/served.ts';

describe('a replica', () => {
  it('puts those who are given back in front again, in order, and counts them as expired no more', () => {
    const { replica } = serve({ waiting: 6 });
    const untilMs = nowMs + 600_000;
    replica.apply(2, { kind: 'away', reason: 'silent', nowMs, seqs: [2] }, nowMs);
    replica.apply(3, { kind: 'expired', nowMs, seqs: [1, 2, 4], restorableUntilMs: untilMs }, nowMs);
    replica.apply(4, { kind: 'expired', nowMs, seqs: [5] }, nowMs);
    expect([1, 2, 3, 4, 5].map((seq) => replica.restorableUntil(seq))).toEqual([
      untilMs,
      untilMs,
      0,
      untilMs,
      0,
    ]);
    expect(replica.totals.expired).toBe(4);
    const back = { kind: 'restored', nowMs, seqs: [1, 2, 4] } as const;
    replica.apply(5, back, nowMs);
    replica.apply(6, back, nowMs);
    expect([1, 2, 3, 4, 6].map((seq) => replica.position(seq))).toEqual([1, 2, 3, 4, 5]);
    expect(replica.state(2)).toBe('waiting');
    expect(replica.totals.expired).toBe(1);
    expect(replica.restorableUntil(1)).toBe(0);
    // Silent again after they were given back: nobody can give that back.
    replica.apply(7, { kind: 'expired', nowMs, seqs: [1] }, nowMs);
    expect([replica.state(1), replica.restorableUntil(1)]).toEqual(['expired', 0]);
  });

  it('counts a place once whose ending changed', () => {
    const { replica } = serve({ waiting: 2 });
    replica.apply(2, { kind: 'expired', nowMs, seqs: [1] }, nowMs);
    replica.apply(3, { kind: 'left', nowMs, seq: 1 }, nowMs);
    expect(replica.totals).toMatchObject({ expired: 0, left: 1 });
    expect(replica.state(1)).toBe('left');
  });

  it('counts nobody for the numbers that a recovery left out, but those who turn out to have them', () => {
    const { replica } = serve({ waiting: 3, meta: { skipped: '997' } });
    replica.maxSeq = 1_000;
    expect(replica.totals.joined).toBe(3);
    replica.apply(2, { kind: 'restored', nowMs, seqs: [5, 6], skipped: 995 }, nowMs);
    replica.apply(3, { kind: 'remembered', how: 'entered', seqs: [1, 7], skipped: 994 }, nowMs);
    replica.apply(4, { kind: 'joined', firstSeq: 1_001, count: 2, nowMs }, nowMs);
    expect(replica.totals).toMatchObject({ joined: 8, entered: 2 });
    expect([1, 2, 5, 7, 8].map((seq) => replica.state(seq))).toEqual([
      'entered',
      'waiting',
      'waiting',
      'entered',
      'unknown',
    ]);
    expect([2, 3, 5, 6, 1_001].map((seq) => replica.position(seq))).toEqual([1, 2, 3, 4, 5]);
    // Whoever remembers has counted these admissions when they were.
    expect(replica.flow.sum('entered', nowMs, 60)).toBe(0);
  });

  it('keeps when places were granted for as long as a grant can be repeated', () => {
    const { replica } = serve({ waiting: 3 });
    const enter = (n: number, seq: number, atMs: number) =>
      replica.apply(
        n,
        { kind: 'entered', seq, tokensMicro: 0, refilledAtUs: atMs * 1000, wasAway: false },
        nowMs,
      );
    enter(2, 1, nowMs);
    enter(3, 2, nowMs + 30_000);
    expect([1, 2, 3].map((seq) => replica.grants.at(seq))).toEqual([nowMs, nowMs + 30_000, 0]);
    enter(4, 3, nowMs + 40_000);
    expect(replica.grants.at(1)).toBe(0);
  });

  it('is not changed by a question', () => {
    const { replica } = serve({ waiting: 2 });
    replica.apply(2, { kind: 'asked', askId: 'a', what: 'seen', seq: 0, sinceMs: 0 }, nowMs);
    expect([replica.n, replica.waiting.count]).toEqual([2, 2]);
  });

  it('forgets what can no longer be given back', () => {
    const { replica } = serve({ waiting: 2 });
    replica.apply(2, { kind: 'expired', nowMs, seqs: [1], restorableUntilMs: nowMs + 10 }, nowMs);
    replica.apply(3, { kind: 'expired', nowMs: nowMs + 11, seqs: [2] }, nowMs);
    expect(replica.restorableUntil(1)).toBe(0);
    expect(replica.state(1)).toBe('expired');
  });
});
