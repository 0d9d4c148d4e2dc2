import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EndedIndex, type Ending, endings } from './ended-index.ts';

/** What BITFIELD SET u2 #seq writes, by its definition: two bits, counted from the most significant of the string. */
function setField(bytes: Buffer, seq: number, ending: Ending): void {
  const value = endings.indexOf(ending);
  for (const [place, bit] of [value >> 1, value & 1].entries()) {
    const at = seq * 2 + place;
    const mask = 128 >> (at & 7);
    bytes[at >> 3] = bit ? (bytes[at >> 3] ?? 0) | mask : (bytes[at >> 3] ?? 0) & ~mask;
  }
}

const endingsOf = fc.array(fc.tuple(fc.integer({ min: 0, max: 12_000 }), fc.constantFrom(...endings)), {
  maxLength: 200,
});

describe('how places ended', () => {
  it('reads what Redis writes: BITFIELD SET u2 #5 3 and #6 1 make 00 34 hex', () => {
    const index = new EndedIndex();
    index.load(0, Buffer.from('0034', 'hex'));
    expect([4, 5, 6, 7].map((seq) => index.get(seq))).toEqual(['none', 'expired', 'entered', 'none']);
  });

  it('agrees with the layout wherever a place stands, loaded in chunks or set one by one', () => {
    fc.assert(
      fc.property(endingsOf, (list) => {
        const bytes = Buffer.alloc(3_001);
        const set = new EndedIndex();
        for (const [seq, ending] of list) {
          setField(bytes, seq, ending);
          set.set(seq, ending);
        }
        const loaded = new EndedIndex();
        for (let at = 0; at < bytes.length; at += 2048) loaded.load(at, bytes.subarray(at, at + 2048));
        const model = new Map(list);
        for (const [seq, ending] of model) {
          expect([set.get(seq), loaded.get(seq)]).toEqual([ending, ending]);
          if (!model.has(seq + 1)) expect([set.get(seq + 1), loaded.get(seq + 1)]).toEqual(['none', 'none']);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('knows nothing of places that nobody spoke of, also far away', () => {
    const index = new EndedIndex();
    index.set(2 ** 33, 'left');
    expect([0, 2 ** 33 - 1, 2 ** 33, 2 ** 33 + 4096].map((seq) => index.get(seq))).toEqual([
      'none',
      'none',
      'left',
      'none',
    ]);
  });
});
