import { describe, expect, it } from 'vitest';
import { snapshotOf } from '../testing/views.ts';
import { filling } from './figures.ts';

const { bucket } = snapshotOf();
const fullIn = (change: Partial<typeof bucket>, admitPerSec = 48.7) =>
  filling(snapshotOf({ admitPerSec, bucket: { ...bucket, ...change } })).fullIn;

describe('when the bucket is full', () => {
  it('is said below ten minutes', () => {
    expect(fullIn({ tokens: 212 })).toBe('full in 3m42s');
    expect(fullIn({ tokens: 500 })).toBe('full');
    expect(fullIn({ tokens: 0 }, 49.2)).toBe('');
  });

  it('is not guessed while the refill ramps', () => {
    expect(fullIn({ refillPerSec: { ...bucket.refillPerSec, now: 50, target: 80 } })).toBe('');
  });
});
