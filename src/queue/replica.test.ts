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
