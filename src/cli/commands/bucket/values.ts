/** Bounds of the bucket's values, explained before anything is sent. */
import { capacityMax, refillPerSecMax, refillPerSecMin } from '../../../contract/limits.ts';
import { refused } from '../../change-errors.ts';
import { usageError } from '../../errors.ts';

/**
 * Checks both. `event`: what follows `tacos queue pause` for who wants no refill.
 *
 * @throws CliError (6) outside of what any server takes; (2) for what is no such value at all
 */
export function checkBucketValues(
  { capacity, refill }: { readonly capacity?: number; readonly refill?: number },
  event?: string,
): void {
  if (refill !== undefined && refill < 0) throw usageError(`--refill ${refill} is below 0`);
  if (capacity !== undefined && capacity < 0) throw usageError(`--capacity ${capacity} is below 0`);
  if (refill !== undefined && refill < refillPerSecMin) {
    const hint = event === undefined ? undefined : `tacos queue pause ${event}`;
    throw refused(`refill ${refill}/s is below the smallest, ${refillPerSecMin}/s`, 'GUARD_RAIL', hint);
  }
  if (refill !== undefined && refill > refillPerSecMax) {
    throw refused(`refill ${refill}/s is over the highest, ${refillPerSecMax}/s`);
  }
  if (capacity === undefined) return;
  if (!Number.isInteger(capacity)) throw usageError(`--capacity ${capacity} is not a whole number`);
  if (capacity < 1 || capacity > capacityMax) {
    throw refused(`capacity ${capacity} is outside of 1 to ${capacityMax}`);
  }
}
