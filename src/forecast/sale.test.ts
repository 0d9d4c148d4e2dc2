import { describe, expect, it } from 'vitest';
import { type SaleModel, saleForecast } from './sale.ts';

const sale: SaleModel = {
  visitors: 10_000,
  joinPerSec: 1_000,
  openAtSec: 0,
  noShow: 0,
  refillPerSec: 50,
  capacity: 200,
  capacityIsDefault: true,
  steps: [],
};
const model = (more: Partial<SaleModel>) => saleForecast({ ...sale, ...more });

describe('a sale through the model', () => {
  it('empties at the rate of its steps: jump, ramp, and back after a limited time', () => {
    expect(model({}).emptyInSec).toBeCloseTo(10_000 / 50, -1.2);
    expect(model({ steps: [{ atSec: 0, refillPerSec: 200 }] }).emptyInSec).toBeCloseTo(10_000 / 200, -1.2);
    // 100 s at 50, then a ramp to 100 in 20 s (1,500 people), then 100: 5,000 + 1,500 + 3,500.
    const ramped = model({ steps: [{ atSec: 100, refillPerSec: 100, rampSec: 20 }] });
    expect(ramped.emptyInSec ?? 0).toBeGreaterThan(145);
    expect(ramped.emptyInSec ?? 0).toBeLessThan(162);
    // 10 s at 500, then 50 again: 5,000 in 10 s, 5,000 more in 100 s.
    const limited = model({
      steps: [{ atSec: 5, refillPerSec: 500, forSec: 10 }],
      capacity: 2_000,
      capacityIsDefault: false,
    });
    expect(limited.emptyInSec ?? 0).toBeLessThan(110);
    expect(limited.emptyInSec ?? 0).toBeGreaterThan(60);
    expect(limited.peakRefillPerSec).toBe(500);
  });

  it('lets nobody in before the opening: who came in the pre-queue waits for it, and the line is as long as all of them', () => {
    const found = model({ openAtSec: 300 });
    expect(found.peakWaiting).toBe(10_000);
    expect(found.waitP50Sec ?? 0).toBeGreaterThan(300);
    // From the opening on, as without one.
    expect(found.emptyInSec).toBeCloseTo(10_000 / 50, -1.3);
  });

  it('leaves those out who never come, and says null where a day is not enough', () => {
    expect(model({ noShow: 0.5 }).admitted).toBe(5_000);
    expect(model({ visitors: 1_000_000, refillPerSec: 1 }).emptyInSec).toBeNull();
  });

  it('takes a step that comes within a ramp from where the ramp is', () => {
    const steps = [
      { atSec: 0, refillPerSec: 150, rampSec: 100 },
      { atSec: 50, refillPerSec: 100 },
    ];
    // 50 s from 50 to 100: 3,750 people; then 100 a second.
    expect(model({ steps }).emptyInSec ?? 0).toBeCloseTo(50 + 6_250 / 100, -1.1);
  });

  it('lowers the bucket with its steps: what is above the new capacity is lost, wherever before the opening that is', () => {
    const few = { visitors: 200, joinPerSec: 20, refillPerSec: 10, capacity: 100 };
    const later = { atSec: 30, refillPerSec: 4 };
    // As an event that was made so.
    const asMade = model({ ...few, refillPerSec: 2, capacity: 10, capacityIsDefault: false, steps: [later] });
    expect(asMade.peakRefillPerSec).toBe(4);
    for (const atSec of [0, -5, -3_600]) {
      const steps = [{ atSec, refillPerSec: 2, capacity: 10 }, later];
      const found = model({ ...few, steps });
      for (const name of ['emptyInSec', 'waitP50Sec', 'longestWaitSec'] as const)
        expect(found[name] ?? 0, `${name}, ${atSec}`).toBeCloseTo(asMade[name] ?? 0, 6);
      expect(found.peakRefillPerSec).toBe(4);
    }
    // A limited value that is over before anybody can join is as if it had not been.
    const over = [{ atSec: -600, refillPerSec: 80, forSec: 300 }, later];
    const plain = model({ ...few, steps: [later] }).emptyInSec ?? 0;
    expect(model({ ...few, steps: over }).emptyInSec ?? 0).toBeCloseTo(plain, 6);
  });

  it('fills a raised bucket at the refill, and cuts a lowered one in the middle of the sale', () => {
    // 1,000 tokens would be there at once; 100 are, and 10 a second.
    const raised = model({ visitors: 300, refillPerSec: 10, steps: [{ atSec: 0, capacity: 1_000 }] });
    expect(raised.emptyInSec ?? 0).toBeGreaterThan(9);
    // Full at 500 until nobody comes: a pre-queue of 400 would pass at once, were it not cut 1 s before the opening.
    const crowd = { visitors: 400, openAtSec: 60, refillPerSec: 10, capacity: 500, capacityIsDefault: false };
    expect(model(crowd).emptyInSec ?? 99).toBeLessThan(10);
    expect(model({ ...crowd, steps: [{ atSec: 59, capacity: 50 }] }).emptyInSec ?? 0).toBeGreaterThan(30);
  });
});
