import { describe, expect, it } from 'vitest';
import { Restorable } from './restorable.ts';

describe('places that can be given back', () => {
  it('are known by the latest time until which it works', () => {
    const restorable = new Restorable();
    restorable.add([3, 5], 1_000);
    restorable.add([5, 600_001], 2_000);
    restorable.add([4], 1_000);
    expect([2, 3, 4, 5, 600_001].map((seq) => restorable.until(seq))).toEqual([
      0, 1_000, 1_000, 2_000, 2_000,
    ]);
  });

  it('are forgotten when their time has come', () => {
    const restorable = new Restorable();
    restorable.add([1], 1_000);
    restorable.add([2], 2_000);
    restorable.forget(999);
    expect(restorable.until(1)).toBe(1_000);
    restorable.forget(1_000);
    expect([restorable.until(1), restorable.until(2)]).toEqual([0, 2_000]);
  });
});
