import { describe, expect, it } from 'vitest';
import { JournalTally } from './sale-report.ts';

describe('the tally of a journal', () => {
  it('takes each wait from the batch that the place was joined in', () => {
    const tally = new JournalTally();
    for (const value of ['j 1 2 1000', 'j 3 1 5000', 'e 3 0 9000000 w', 'e 1 0 11000000 w', 'l 2 12000'])
      tally.take(value);
    expect(tally.waits(() => undefined)).toEqual([4_000, 10_000]);
    expect(tally.left).toBe(1);
  });

  it('asks elsewhere for places that were joined before it begins, and leaves out whom nobody knows', () => {
    const tally = new JournalTally();
    for (const value of ['j 10 5 50000', 'e 4 0 60000000 w', 'e 5 0 61000000 a']) tally.take(value);
    expect(tally.waits((seq) => (seq === 4 ? 20_000 : undefined))).toEqual([40_000]);
  });

  it('counts who expired, less who was given back', () => {
    const tally = new JournalTally();
    for (const value of ['x 1000 1-3,7', 'r 2000 2', 'r 3000 8-9 12', 'zz what a later version wrote'])
      tally.take(value);
    expect(tally.expired).toBe(3);
  });
});
