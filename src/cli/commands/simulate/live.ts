/** What a live queue says about the line that a forecast begins with. */
import { pollAfterSecMin, tierWaitsDefault } from '../../../contract/limits.ts';
import type { QueueSnapshot } from '../../../contract/snapshot.ts';
import { refillCourse } from '../../../forecast/course.ts';
import type { ForecastInput } from '../../../forecast/forecast.ts';

/** A rate is trusted when the refill has been the same for so long, ms. */
const measuredMs = 60_000;
/** Less use than this is a fault of the moment, and no habit. */
const useMin = 0.05;
/** People who did show up, counted before anything is known. */
const presentPrior = 20;

/** A forecast's beginning: the line now, the settings in force, people as they have been. */
export function liveStart(snapshot: QueueSnapshot): Omit<ForecastInput, 'horizonSec'> {
  const { waiting, bucket, asOf, opensAt, phase } = snapshot;
  const nowMs = Date.parse(asOf);
  const isOpen = phase === 'open' || phase === 'draining';
  return {
    waiting,
    tokens: bucket.tokens,
    capacity: bucket.capacity.target,
    window: bucket.window,
    refill: refillCourse(bucket.refillPerSec, nowMs),
    use: measuredUse(snapshot),
    noShow: measuredNoShow(snapshot),
    arrivals: phase === 'open' || phase === 'prequeue' ? [{ atSec: 0, perSec: snapshot.joinPerSec }] : [],
    openAtSec: isOpen || opensAt === undefined ? 0 : Math.max(0, (Date.parse(opensAt) - nowMs) / 1000),
    pollSec: pollAfterSecMin,
    tiers: tierWaitsDefault,
  };
}

/** Share of the refill that the last minute used; 1 where it was not steady, or too few waited to use it all. */
export function measuredUse(snapshot: QueueSnapshot): number {
  const { phase, paused, bucket, waiting, admitPerSec1m, changes, asOf } = snapshot;
  const { now, target } = bucket.refillPerSec;
  const changedMs = Math.max(0, ...changes.map(({ at }) => Date.parse(at)));
  const isSteady = now === target && Date.parse(asOf) - changedMs > measuredMs;
  const isCrowded = waiting > Math.max(bucket.tokens, bucket.window);
  if (phase !== 'open' || paused || !isSteady || !isCrowded || admitPerSec1m === 0) return 1;
  return Math.min(1, Math.max(useMin, admitPerSec1m / now));
}

/** Share of those who came to the end of their wait that did not enter: gone silent, expired, or left. */
export function measuredNoShow({ away, expiredTotal, leftTotal, admittedTotal }: QueueSnapshot): number {
  const gone = away + expiredTotal + leftTotal;
  return gone / (gone + admittedTotal + presentPrior);
}
