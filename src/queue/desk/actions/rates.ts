/** The courses of refill and capacity once a change is made, as lua/set_settings.lua makes them. */
import { type BucketRates, capacityAt } from '../../bucket.ts';
import type { TimedChange } from '../../store.ts';
import { constant, type TimedValue, valueAt } from '../../timed-value.ts';

/** What a change will make of a timed value; for plans only. */
export function planTimed(old: TimedValue, change: TimedChange, nowMs: number): TimedValue {
  const rampMs = change.rampMs ?? 0;
  const forMs = change.forMs ?? 0;
  return {
    from: rampMs > 0 ? valueAt(old, nowMs) : change.to,
    fromAtMs: nowMs,
    to: change.to,
    toAtMs: nowMs + rampMs,
    untilMs: forMs > 0 ? nowMs + forMs : 0,
    after: forMs > 0 ? valueAt(old, Number.POSITIVE_INFINITY) : change.to,
  };
}

/** Rates after a change, for its plan. */
export function planRates(
  rates: BucketRates,
  change: { readonly refill?: TimedChange; readonly capacity?: TimedChange },
  nowMs: number,
): BucketRates {
  const capacity = rates.capacity ?? constant(capacityAt(rates, nowMs));
  return {
    refill: change.refill ? planTimed(rates.refill, change.refill, nowMs) : rates.refill,
    capacity: change.capacity ? planTimed(capacity, change.capacity, nowMs) : rates.capacity,
  };
}
