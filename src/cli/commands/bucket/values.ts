/** Bounds of the bucket's values, explained before anything is sent. */
import { capacityMax, refillPerSecMax, refillPerSecMin } from '../../../contract/limits.ts';
import { refused } from '../../change-errors.ts';
import { usageError } from '../../errors.ts';

/** @throws CliError (6) outside of what any server takes; (2) for a broken capacity */
export function checkBucketValues({ capacity, refill }: { capacity?: number; refill?: number }): void {
  if (refill !== undefined && refill < refillPerSecMin) {
    throw refused(`refill ${refill}/s is below the smallest, ${refillPerSecMin}/s`);
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
