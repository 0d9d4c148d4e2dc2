import { describe, expect, it } from 'vitest';
import type { BucketView, ChangeReply } from '../../../contract/admin-api.ts';
import { planText } from './plan.ts';

const bucket = (refillPerSec: BucketView['refillPerSec']): BucketView => ({
  tokens: 10,
  capacity: { now: 200, target: 200 },
  capacityIsDefault: false,
  refillPerSec,
  window: 200,
  revision: 3,
});

const limited = { now: 50, target: 50, until: '2026-11-21T05:00:00Z', after: 10 };

const planOf = (after: BucketView['refillPerSec']): string => {
  const plan: ChangeReply = {
    kind: 'Change',
    event: 'evt_x',
    applied: false,
    revision: 3,
    before: bucket(limited),
    after: bucket(after),
    warnings: [],
  };
  return planText(plan, {});
};

describe('the plan of a bucket change', () => {
  it('says that a value which was to go back will stay, also where the value is the same', () => {
    expect(planOf({ now: 50, target: 50 })).toMatch(
      /warning {3}refill was to go back to 10 at .*: this change makes it last/,
    );
  });

  it('says nothing of it while the return stays', () => {
    expect(planOf(limited)).not.toContain('warning');
  });
});
