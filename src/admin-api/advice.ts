/** Warnings about settings, with the value that would mend them. */
import type { BucketView } from '../contract/admin-api.ts';
import { burstSecDefault } from '../contract/limits.ts';

/**
 * People notice at their next poll that they may enter. A bucket or window that holds less than `burstSecDefault`
 * of refill runs full or empty between polls, and the refill set is not reached.
 */
export function burstWarnings({ capacity, window, refillPerSec }: BucketView): string[] {
  const refill = Math.max(refillPerSec.now, refillPerSec.target, refillPerSec.after ?? 0);
  const least = Math.ceil(refill * burstSecDefault);
  const smallestCapacity = Math.min(capacity.target, capacity.after ?? capacity.target);
  const holds = (places: number): string => `${(places / refill).toFixed(1)} s of refill`;
  const warnings: string[] = [];
  if (smallestCapacity < least) {
    warnings.push(
      `capacity ${smallestCapacity} holds ${holds(smallestCapacity)}, less than ${burstSecDefault} s: ` +
        `the refill may not be reached; set capacity to ${least} or more`,
    );
  }
  if (window < least) {
    warnings.push(
      `window ${window} holds ${holds(window)}, less than ${burstSecDefault} s: ` +
        `the refill may not be reached; set window to ${least} or more`,
    );
  }
  return warnings;
}
