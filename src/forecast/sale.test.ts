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
    const limited = model({ steps: [{ atSec: 5, refillPerSec: 500, forSec: 10 }], capacity: 2_000 });
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
});
