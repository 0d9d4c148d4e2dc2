import { describe, expect, it } from 'vitest';
import { serve } from '../../test/helpers/served.ts';
import { ToldAnswers } from './told-answers.ts';

const replicaOf = (waiting: number, incarnation = 'one') => serve({ waiting, meta: { incarnation } }).replica;
/** The same event in its next incarnation, whose counter has jumped. */
function recovered(waiting: number) {
  const replica = replicaOf(waiting, 'two');
  replica.maxSeq = 1_000;
  return replica;
}

describe('what a process told', () => {
  it('are places that its replica did not know yet, each until it knows them', () => {
    const told = new ToldAnswers();
    told.joined(1, 3, replicaOf(0));
    told.joined(4, 2, replicaOf(2));
    expect(told.seq).toBe(5);
    expect(told.lost(recovered(1), 0).map(({ seq }) => seq)).toEqual([2, 3, 4, 5]);
    told.joined(6, 1, replicaOf(4));
    expect(told.lost(recovered(0), 0)).toEqual([4, 5, 6].map((seq) => ({ seq, what: 'waiting' })));
    expect(told.lost(replicaOf(0), 0)).toEqual([]);
  });

  it('stays where people join again before it was given back, and goes once it was', () => {
    const told = new ToldAnswers();
    told.joined(1, 2, replicaOf(0));
    const next = recovered(0);
    told.joined(1_001, 1, next);
    expect(told.lost(next, 0).map(({ seq }) => seq)).toEqual([1, 2]);
    told.settled('two');
    expect(told.lost(next, 0)).toEqual([]);
  });

  it('counts no more after a flush, but after a recovery', () => {
    const told = new ToldAnswers();
    told.follow({ incarnation: 'zero', epoch: 1 });
    told.entered(1, 5_000);
    told.follow({ incarnation: 'one', epoch: 2 });
    expect(told.lost(recovered(3), 0)).toHaveLength(1);
    told.follow({ incarnation: 'flushed', epoch: 2 });
    expect(told.lost(recovered(3), 0)).toEqual([]);
  });

  it('are ends; and grants to subjects even where others gave them back already', () => {
    const told = new ToldAnswers();
    const subject = Buffer.alloc(16, 9);
    told.joined(1, 4, replicaOf(0));
    told.entered(1, 5_000, subject);
    told.entered(2, 5_000);
    told.left(3);
    expect(told.subjectOf(1)).toBe(subject);
    expect(told.subjectOf(2)).toBeUndefined();
    const next = recovered(3);
    expect(told.lost(next, 0)).toEqual([
      { seq: 4, what: 'waiting' },
      { seq: 1, what: 'entered', grantedMs: 5_000, subject },
      { seq: 2, what: 'entered', grantedMs: 5_000 },
      { seq: 3, what: 'left' },
    ]);
    next.apply(2, { kind: 'remembered', how: 'entered', seqs: [1, 2], skipped: 1 }, 0);
    next.apply(3, { kind: 'remembered', how: 'left', seqs: [3], skipped: 0 }, 0);
    next.apply(4, { kind: 'restored', nowMs: 0, seqs: [4] }, 0);
    expect(told.lost(next, 5_000)).toEqual([{ seq: 1, what: 'entered', grantedMs: 5_000, subject }]);
    expect(told.lost(next, 5_001)).toEqual([]);
  });
});
