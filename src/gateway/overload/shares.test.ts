import { describe, expect, it } from 'vitest';
import { fairPart, refusedShares, workOf } from './shares.ts';

describe('what is refused', () => {
  it('leaves an event alone that asks for less than its part, and cuts the others to one size', () => {
    expect(fairPart([10, 500, 100], 210)).toBe(100);
    expect(fairPart([10, 500, 300], 210)).toBe(100);
    expect(fairPart([100], 40)).toBe(40);
    expect(fairPart([], 40)).toBe(Number.POSITIVE_INFINITY);
    expect(fairPart([10, 20], 31)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is new joins first, then polls, and enters last', () => {
    const asked = { join: 100, status: 100, enter: 10 };
    const all = workOf(asked);
    const left = (part: number) => refusedShares(asked, part);
    expect(left(all)).toEqual({ join: 0, status: 0, enter: 0 });
    expect(left(all - workOf({ join: 50, status: 0, enter: 0 }))).toEqual({ join: 0.5, status: 0, enter: 0 });
    expect(left(all - workOf({ join: 100, status: 20, enter: 0 }))).toEqual({
      join: 1,
      status: 0.2,
      enter: 0,
    });
    expect(left(workOf({ join: 0, status: 0, enter: 8 }))).toEqual({ join: 1, status: 1, enter: 0.2 });
  });
});
