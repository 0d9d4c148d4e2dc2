/** Warnings about settings, with the value that would mend them. */
import type { BucketView, TimedValueView } from '../../../contract/admin-api.ts';
import { burstMin, burstSecDefault, microPerToken } from '../../../contract/limits.ts';
import type { EventSettings } from '../../settings.ts';
import type { TimedValue } from '../../timed-value.ts';

/**
 * People notice at their next poll that they may enter. A bucket or window that holds less than `burstSecDefault`
 * of refill runs full or empty between polls, and the refill set is not reached.
 */
export function burstWarnings(
  { capacity, capacityIsDefault, window, refillPerSec }: BucketView,
  { windowIsDefault = followsRefill(window, refillPerSec.now) }: { readonly windowIsDefault?: boolean } = {},
): string[] {
  const warnings: string[] = [];
  const check = (name: string, places: number, refill: number): void => {
    const least = Math.ceil(refill * burstSecDefault);
    if (places >= least) return;
    warnings.push(
      `${name} ${places} holds ${(places / refill).toFixed(1)} s of refill, less than ${burstSecDefault} s: ` +
        `the refill may not be reached; set ${name} to ${least} or more`,
    );
  };
  // Each capacity against the refill that holds at the same time; the default follows the refill by itself.
  const worst = capacityPairs(capacity, refillPerSec).toSorted(
    (a, b) => a.places / a.refill - b.places / b.refill,
  )[0];
  if (!capacityIsDefault && worst) check('capacity', worst.places, worst.refill);
  if (!windowIsDefault) check('window', window, Math.max(refillPerSec.target, refillPerSec.after ?? 0));
  return warnings;
}

/** Whether a window is what it would be by default; one set to that very value cannot be told apart. */
const followsRefill = (window: number, refill: number): boolean =>
  window === Math.max(burstMin, Math.floor(burstSecDefault * refill));

function capacityPairs(capacity: TimedValueView, refill: TimedValueView) {
  return [
    { places: capacity.target, refill: refill.target },
    { places: capacity.after ?? capacity.target, refill: refill.after ?? refill.target },
  ];
}

/** A value that was to last until a time is replaced: what was to come back then no longer does, or comes otherwise. */
export function endedLimitWarnings(before: EventSettings, after: EventSettings, nowMs: number): string[] {
  const check = (name: string, unit: string, old?: TimedValue, next?: TimedValue): string[] => {
    if (!old || old === next || old.untilMs <= nowMs) return [];
    const until = new Date(old.untilMs).toISOString();
    const value = `${old.to / microPerToken}${unit}`;
    return [
      `this ends ${name} ${value} early: it was to last until ${until}, then ${old.after / microPerToken}${unit}`,
    ];
  };
  return [
    ...check('refill', '/s', before.refill, after.refill),
    ...check('capacity', '', before.capacity, after.capacity),
  ];
}
