import { describe, expect, it } from 'vitest';
import { knowledgeOf, mayComeBack, parseRecoveries } from './recoveries.ts';

const text = '2 aaaa 40 10 1000 5000\n3 bbbb 90 1200 2200 9000';

describe('recoveries', () => {
  it('are read as they are kept, without what makes no sense', () => {
    expect(parseRecoveries(text)).toEqual([
      { epoch: 2, incarnation: 'aaaa', n: 40, from: 10, to: 1000, atMs: 5000 },
      { epoch: 3, incarnation: 'bbbb', n: 90, from: 1200, to: 2200, atMs: 9000 },
    ]);
    expect(parseRecoveries('')).toEqual([]);
    expect(parseRecoveries('7 short')).toEqual([]);
  });

  it('let a place come back that was left out, of an older epoch, for ten minutes', () => {
    const recoveries = parseRecoveries(text);
    const back = (seq: number, epoch: number, nowMs = 10_000) =>
      mayComeBack(recoveries, { seq, epoch }, nowMs);
    expect([10, 11, 1000, 1001].map((seq) => back(seq, 1))).toEqual([false, true, true, false]);
    expect([1200, 1201, 2200, 2201].map((seq) => back(seq, 2))).toEqual([false, true, true, false]);
    expect([back(11, 2), back(1201, 3)]).toEqual([false, false]);
    expect([back(11, 1, 604_999), back(11, 1, 605_000)]).toEqual([true, false]);
  });

  it('ask those who know what Redis lost, for what is final those who may, and nobody of another history', () => {
    const recoveries = parseRecoveries(text);
    const of = (incarnation: string, n: number, epoch: number) =>
      knowledgeOf(recoveries, { incarnation, n, epoch });
    expect([of('aaaa', 41, 1), of('aaaa', 40, 1)]).toEqual(['all', 'final']);
    expect([of('bbbb', 91, 2), of('bbbb', 12, 2)]).toEqual(['all', 'final']);
    // Of the epoch itself there is nothing to give back; of an epoch that was lost as a whole, all.
    expect([of('cccc', 500, 3), of('lost', 5, 2)]).toEqual(['nothing', 'all']);
    expect(knowledgeOf([], { incarnation: 'aaaa', n: 9, epoch: 0 })).toBe('nothing');
    const wiped = parseRecoveries('5 * 0 0 9000 1');
    expect(knowledgeOf(wiped, { incarnation: 'any', n: 1, epoch: 2 })).toBe('all');
  });
});
