/** Warnings about settings, with the value that would mend them. */
import type { BucketView, TimedValueView } from '../contract/admin-api.ts';
import { burstSecDefault } from '../contract/limits.ts';

/**
 * People notice at their next poll that they may enter. A bucket or window that holds less than `burstSecDefault`
 * of refill runs full or empty between polls, and the refill set is not reached.
 */
export function burstWarnings({ capacity, capacityIsDefault, window, refillPerSec }: BucketView): string[] {
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
  check('window', window, refillPerSec.now);
  return warnings;
}

function capacityPairs(capacity: TimedValueView, refill: TimedValueView) {
  return [
    { places: capacity.target, refill: refill.target },
    { places: capacity.after ?? capacity.target, refill: refill.after ?? refill.target },
  ];
}
