import { describe, expect, it } from 'vitest';
import { actionSchema } from './actions.ts';

const isTaken = (action: object): boolean => actionSchema.safeParse(action).success;

describe('an action', () => {
  it('sets no budget that would be none in the units that Redis counts in', () => {
    expect([5e-324, 0.000_000_1, 0, -1].map((perSec) => isTaken({ type: 'budget.set', perSec }))).toEqual(
      Array(4).fill(false),
    );
    expect([0.01, 200, null].map((perSec) => isTaken({ type: 'budget.set', perSec }))).toEqual(
      Array(3).fill(true),
    );
  });

  it('lasts no time that would be rounded to none, which means for ever', () => {
    const timed = (sec: number): object[] => [
      { type: 'bucket.set', refillPerSec: 5, rampSec: sec },
      { type: 'bucket.set', refillPerSec: 5, forSec: sec },
      { type: 'queue.drain', deadlineSec: sec },
      { type: 'queue.message', text: 'soon', forSec: sec },
    ];
    expect(timed(0.0001).map(isTaken)).toEqual(Array(4).fill(false));
    expect(timed(0.001).map(isTaken)).toEqual(Array(4).fill(true));
  });

  it('of a sale has no step that would be refused when its time comes', () => {
    const at = '2026-11-21T06:00:00Z';
    const saleOf = (step: object): object => ({
      ...{ type: 'sale.apply', opensAt: at, endsAt: at, visitors: 1 },
      steps: [{ id: '1.hpa', at, action: { type: 'hpa.patch', ...step } }],
    });
    const taken = [{ min: 10 }, { min: 10, holdSec: 86_400 }];
    const refused = [
      { holdSec: 60 },
      { min: 0 },
      { min: 10_001 },
      { min: 10, holdSec: 0 },
      { min: 10, holdSec: 86_401 },
    ];
    expect(taken.map(saleOf).map(isTaken)).toEqual([true, true]);
    expect(refused.map(saleOf).map(isTaken)).toEqual(Array(5).fill(false));
  });
});
