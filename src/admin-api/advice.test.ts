import { describe, expect, it } from 'vitest';
import type { BucketView } from '../contract/admin-api.ts';
import { burstWarnings } from './advice.ts';

const bucket = (change: Partial<BucketView>): BucketView => ({
  tokens: 0,
  capacity: { now: 200, target: 200 },
  capacityIsDefault: false,
  refillPerSec: { now: 50, target: 50 },
  window: 200,
  revision: 1,
  ...change,
});

describe('warnings about a bucket', () => {
  it('are silent at 4 s of refill, and name the value that would do below it', () => {
    expect(burstWarnings(bucket({}))).toEqual([]);
    const [warning] = burstWarnings(bucket({ capacity: { now: 199, target: 199 } }));
    expect(warning).toContain('set capacity to 200 or more');
    expect(burstWarnings(bucket({ window: 150 }))).toHaveLength(1);
  });

  it('hold each capacity against the refill of the same time', () => {
    const refillPerSec = { now: 20, target: 20, until: '2026-11-21T05:00:00Z', after: 50 };
    const capacity = { now: 100, target: 100, until: '2026-11-21T05:00:00Z', after: 200 };
    expect(burstWarnings(bucket({ refillPerSec, capacity }))).toEqual([]);
    expect(burstWarnings(bucket({ refillPerSec, capacity: { now: 100, target: 100 } }))).toHaveLength(1);
  });

  it('leave the default capacity alone: it follows the refill', () => {
    expect(burstWarnings(bucket({ capacityIsDefault: true, capacity: { now: 100, target: 100 } }))).toEqual(
      [],
    );
  });
});
