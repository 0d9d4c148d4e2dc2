import { describe, expect, it } from 'vitest';
import { dueIn, stretchesOf } from './dues.ts';

describe('stretches of due', () => {
  it('join places that are close and part those that are not', () => {
    expect(stretchesOf([])).toEqual([]);
    expect(stretchesOf([5, 6, 900, 5_000, 5_001])).toEqual([
      { firstSeq: 5, lastSeq: 900 },
      { firstSeq: 5_000, lastSeq: 5_001 },
    ]);
  });

  it('are bounded, however many places stand close', () => {
    const seqs = Array.from({ length: 200 }, (_, index) => 1 + index * 1_000);
    const stretches = stretchesOf(seqs);
    for (const { firstSeq, lastSeq } of stretches) expect(lastSeq - firstSeq).toBeLessThan(64 * 1024);
    expect(stretches[0]?.firstSeq).toBe(1);
    expect(stretches.at(-1)?.lastSeq).toBe(199_001);
  });

  it('answer 0 beyond their ends', () => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(7, 4);
    expect([9, 10, 11, 12].map((seq) => dueIn({ firstSeq: 10, bytes }, seq))).toEqual([0, 0, 7, 0]);
  });
});
