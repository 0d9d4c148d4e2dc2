import { describe, expect, it } from 'vitest';
import { nowMs, seenWith } from '../../../../test/helpers/seen.ts';
import type { BucketView } from '../../../contract/admin-api.ts';
import { constant } from '../../timed-value.ts';
import { endedLimitWarnings, burstWarnings as warningsOf } from './warnings.ts';

const bucket = (change: Partial<BucketView>): BucketView => ({
  tokens: 0,
  capacity: { now: 200, target: 200 },
  capacityIsDefault: false,
  refillPerSec: { now: 50, target: 50 },
  window: 200,
  revision: 1,
  ...change,
});

const burstWarnings = (view: BucketView) => warningsOf(view, { windowIsDefault: false });

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

  it('hold a window against the refill that a ramp goes to, and leave the default one alone', () => {
    const refillPerSec = { now: 20, target: 80 };
    const view = bucket({ refillPerSec, capacity: { now: 400, target: 400 }, window: 200 });
    expect(burstWarnings(view)[0]).toContain('set window to 320 or more');
    expect(warningsOf(view, { windowIsDefault: true })).toEqual([]);
  });
});

describe('a warning that a limit ends early', () => {
  const { settings } = seenWith();
  const limited = {
    ...settings,
    refill: { ...constant(50e6), untilMs: nowMs + 60_000, after: 10e6 },
  };

  it('names the value, its end and what was to come', () => {
    const after = { ...settings, refill: constant(20e6) };
    expect(endedLimitWarnings(limited, after, nowMs)).toEqual([
      `this ends refill 50/s early: it was to last until ${new Date(nowMs + 60_000).toISOString()}, then 10/s`,
    ]);
  });

  it('is silent once the limit is over, or left as it is', () => {
    expect(endedLimitWarnings(limited, { ...settings, refill: constant(20e6) }, nowMs + 60_000)).toEqual([]);
    expect(endedLimitWarnings(limited, { ...limited, name: 'x' }, nowMs)).toEqual([]);
  });
});
