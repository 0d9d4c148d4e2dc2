import { describe, expect, it } from 'vitest';
import { serve } from '../../test/helpers/served.ts';
import type { JournalEntry } from './journal.ts';
import { hasLost, knowledge, lostPlaces } from './knowledge.ts';
import type { Replica } from './replica.ts';

/** A replica of `waiting` places after these entries. */
function replicaOf(
  waiting: number,
  entries: readonly JournalEntry[] = [],
  meta: Record<string, string> = {},
): Replica {
  const { replica } = serve({ waiting, meta });
  for (const entry of entries) replica.apply(replica.n + 1, entry, 0);
  return replica;
}

const entered = (seq: number): JournalEntry => ({
  kind: 'entered',
  seq,
  tokensMicro: 0,
  refilledAtUs: 7_000_500,
  wasAway: false,
});
const left = (seq: number): JournalEntry => ({ kind: 'left', seq, nowMs: 0 });
const expired = (seq: number): JournalEntry => ({ kind: 'expired', nowMs: 0, seqs: [seq] });

describe('what Redis lost', () => {
  it('is found by another run, an older epoch or an older entry of the same incarnation', () => {
    const known = replicaOf(3, [left(1)], { run: 'r1', epoch: '2' });
    const loaded = (meta: Record<string, string>, entries: JournalEntry[] = [left(1)]) =>
      replicaOf(3, entries, { run: 'r1', epoch: '2', ...meta });
    expect(hasLost(known, loaded({}), 'r1')).toBe(false);
    expect(hasLost(known, loaded({}), 'r2')).toBe(true);
    expect(hasLost(known, loaded({}), undefined)).toBe(false);
    expect(hasLost(known, loaded({ run: '' }), 'r2')).toBe(false);
    expect(hasLost(known, loaded({ epoch: '1' }), 'r1')).toBe(true);
    expect(hasLost(known, loaded({}, []), 'r1')).toBe(true);
    expect(hasLost(known, loaded({ incarnation: 'other' }, []), 'r1')).toBe(false);
    expect(hasLost(known, loaded({ life: 'another1', epoch: '1' }, []), 'r1')).toBe(false);
  });

  it('is known up to the highest seq of all that a process had or told', () => {
    const replica = replicaOf(5, [], { epoch: '3' });
    expect(knowledge(replica, [], 0)).toEqual({
      life: 'life0001',
      incarnation: 'inc00001',
      n: 1,
      epoch: 3,
      revision: 1,
      seq: 5,
    });
    expect(knowledge(replica, [replicaOf(9), replicaOf(50, [], { life: 'another1' })], 0).seq).toBe(9);
    expect(knowledge(replica, [replicaOf(9)], 12).seq).toBe(12);
  });

  it('are places in the line of which nothing is known, and ends of places that are not known to have ended', () => {
    const before = replicaOf(8, [entered(1), left(2), expired(3), entered(4), left(5)]);
    before.apply(before.n + 1, { kind: 'away', reason: 'silent', nowMs: 0, seqs: [8] }, 0);
    const subject = Buffer.alloc(16, 1);
    const now = replicaOf(4, [left(4)]);
    now.maxSeq = 100;
    const range = { from: 1, to: 8 };
    expect(lostPlaces(before, now, range, (seq) => (seq === 1 ? subject : undefined))).toEqual([
      { seq: 1, what: 'entered', grantedMs: 7_000, subject },
      { seq: 2, what: 'left' },
      { seq: 3, what: 'expired' },
      { seq: 4, what: 'entered', grantedMs: 7_000 },
      { seq: 5, what: 'left' },
      { seq: 6, what: 'waiting' },
      { seq: 7, what: 'waiting' },
      { seq: 8, what: 'waiting' },
    ]);
    expect(lostPlaces(before, now, { from: 7, to: 7 })).toEqual([{ seq: 7, what: 'waiting' }]);
    expect(lostPlaces(before, before, range)).toEqual([]);
  });

  it('are not ends that Redis has otherwise, nor places that it ended', () => {
    const before = replicaOf(4, [left(1), expired(2)]);
    const now = replicaOf(4, [entered(1), left(2), left(3), expired(4)]);
    expect(lostPlaces(before, now, { from: 1, to: 4 })).toEqual([]);
  });
});
