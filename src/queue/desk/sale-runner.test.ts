import { describe, expect, it } from 'vitest';
import { remaining } from './sale-runner.ts';

const bucket = { type: 'bucket.set', refillPerSec: 80 } as const;

describe('a step that is run late', () => {
  it('is done as it is within 5 s of its time', () => {
    const action = { ...bucket, rampSec: 60, forSec: 120 };
    expect(remaining(action, 4.9)).toBe(action);
  });

  it('gets what is left of its ramp and its time', () => {
    expect(remaining({ ...bucket, rampSec: 60, forSec: 120 }, 40)).toEqual({
      ...bucket,
      rampSec: 20,
      forSec: 80,
    });
    expect(remaining({ ...bucket, rampSec: 30, forSec: 120 }, 40)).toEqual({ ...bucket, forSec: 80 });
    expect(remaining({ type: 'queue.message', text: 'soon', forSec: 60 }, 20)).toEqual({
      type: 'queue.message',
      text: 'soon',
      forSec: 40,
    });
  });

  it('is left out where its time is over, and done in full where it has no end', () => {
    expect(remaining({ ...bucket, forSec: 30 }, 30)).toBeUndefined();
    expect(remaining({ type: 'queue.message', text: 'soon', forSec: 60 }, 61)).toBeUndefined();
    expect(remaining(bucket, 3_600)).toEqual(bucket);
    const window = { type: 'settings.set', window: 400 } as const;
    expect(remaining(window, 3_600)).toBe(window);
  });

  it('holds a floor of the gateways for what is left of its time', () => {
    const floor = { type: 'hpa.patch', min: 20 } as const;
    expect(remaining(floor, 3_600)).toEqual({ ...floor, takeOver: false });
    expect(remaining({ ...floor, holdSec: 600 }, 60)).toEqual({ ...floor, takeOver: false, holdSec: 540 });
    expect(remaining({ ...floor, holdSec: 600 }, 601)).toBeUndefined();
  });
});
