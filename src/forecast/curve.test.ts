import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Curve, limitedBy, type RatePiece } from './curve.ts';

const pieces = fc
  .array(fc.record({ atSec: fc.integer({ min: 0, max: 100 }), perSec: fc.integer({ min: 0, max: 50 }) }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((list) => list.toSorted((a, b) => a.atSec - b.atSec));

/** The rate at a time, straight from the definition. */
function rateAt(list: readonly RatePiece[], sec: number): number {
  const next = list.findIndex(({ atSec }) => atSec > sec);
  const to = next < 0 ? list.at(-1) : list[next];
  const from = next <= 0 ? to : list[next - 1];
  if (!to || !from || to.atSec === from.atSec) return to?.perSec ?? 0;
  return from.perSec + ((to.perSec - from.perSec) * (sec - from.atSec)) / (to.atSec - from.atSec);
}

describe('what a rate has brought', () => {
  it('is a triangle under a ramp, and a rectangle from there on', () => {
    const ramp = [
      { atSec: 0, perSec: 10 },
      { atSec: 20, perSec: 30 },
    ];
    expect(new Curve(ramp).totalAt(20)).toBe(400);
    expect(new Curve(ramp).totalAt(30)).toBe(700);
    expect(new Curve(ramp).when(400)).toBeCloseTo(20, 9);
    expect(new Curve(ramp).when(150)).toBeCloseTo(10, 9);
  });

  it('jumps where two pieces stand at one time, and begins within a piece that lies in the past', () => {
    const jump = [
      { atSec: -10, perSec: 0 },
      { atSec: 10, perSec: 20 },
      { atSec: 10, perSec: 100 },
    ];
    expect(new Curve(jump).totalAt(10)).toBe(150);
    expect(new Curve(jump).totalAt(11)).toBe(250);
  });

  it('is nothing without pieces, and then never comes to one', () => {
    expect(new Curve([]).totalAt(1e6)).toBe(0);
    expect(new Curve([]).when(1)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is reached at the end of a stretch and not behind the standstill after it', () => {
    const stop = [
      { atSec: 0, perSec: 0.1 },
      { atSec: 10, perSec: 0.1 },
      { atSec: 10, perSec: 0 },
      { atSec: 100, perSec: 0 },
      { atSec: 100, perSec: 1 },
    ];
    expect(new Curve(stop).when(1 + 1e-12)).toBeCloseTo(10, 6);
    expect(new Curve(stop).when(2)).toBeCloseTo(101, 9);
  });

  it('agrees with adding up small steps, for any course', () => {
    fc.assert(
      fc.property(pieces, (list) => {
        const curve = new Curve(list);
        let sum = 0;
        for (let step = 0; step < 1_200; step += 1) {
          sum += rateAt(list, step / 10 + 0.05) / 10;
          expect(curve.totalAt((step + 1) / 10)).toBeCloseTo(sum, 0);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('comes when it says, for any course', () => {
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 3_000 }), (list, total) => {
        const sec = new Curve(list).when(total);
        if (sec === Number.POSITIVE_INFINITY) expect(new Curve(list).totalAt(1e9)).toBeLessThan(total);
        else expect(new Curve(list).totalAt(sec)).toBeCloseTo(total, 5);
      }),
    );
  });
});

describe('a limit', () => {
  it('cuts a ramp where it crosses, on the way up and down', () => {
    const hill = [
      { atSec: 0, perSec: 0 },
      { atSec: 10, perSec: 100 },
      { atSec: 20, perSec: 0 },
    ];
    expect(limitedBy(hill, [{ atSec: 0, perSec: 50 }])).toEqual([
      { atSec: 0, perSec: 0 },
      { atSec: 5, perSec: 50 },
      { atSec: 10, perSec: 50 },
      { atSec: 15, perSec: 50 },
      { atSec: 20, perSec: 0 },
    ]);
    expect(limitedBy(hill, [{ atSec: 0, perSec: 100 }])).toEqual(hill);
  });

  it('may change itself: the lower of the two holds, before and after a jump', () => {
    const even = [{ atSec: 0, perSec: 60 }];
    const dropping = [
      { atSec: 0, perSec: 100 },
      { atSec: 10, perSec: 100 },
      { atSec: 10, perSec: 20 },
      { atSec: 18, perSec: 100 },
    ];
    expect(limitedBy(even, dropping)).toEqual([
      { atSec: 0, perSec: 60 },
      { atSec: 10, perSec: 60 },
      { atSec: 10, perSec: 20 },
      { atSec: 14, perSec: 60 },
      { atSec: 18, perSec: 60 },
    ]);
  });
});
