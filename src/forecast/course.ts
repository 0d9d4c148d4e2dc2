/** Values with a schedule as pieces of a course. */
import type { TimedValueView } from '../contract/admin-api.ts';
import type { RatePiece } from './curve.ts';

/** A refill as operators see it, as pieces from `nowMs` on: its ramp, then its end and what comes after. */
export function refillCourse(view: TimedValueView, nowMs: number): RatePiece[] {
  const { now, target, rampEndsAt, until, after } = view;
  const secTo = (iso: string | undefined): number =>
    iso === undefined ? 0 : (Date.parse(iso) - nowMs) / 1000;
  const rampSec = secTo(rampEndsAt);
  const endSec = secTo(until);
  const ends = until !== undefined && after !== undefined && endSec > 0;
  const pieces = [{ atSec: 0, perSec: now }];
  if (rampSec > 0) pieces.push({ atSec: rampSec, perSec: target });
  if (!ends) return pieces;
  // A limited change may end within its own ramp.
  const share = rampSec > endSec ? endSec / rampSec : 1;
  const last = rampSec > 0 ? now + (target - now) * share : now;
  const before = pieces.filter(({ atSec }) => atSec < endSec);
  return [...before, { atSec: endSec, perSec: last }, { atSec: endSec, perSec: after }];
}
