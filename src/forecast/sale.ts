/** A whole sale through the model of the line: rates that change over time, people who come when it begins. */
import { burstMin, burstSecDefault, pollAfterSecMin, tierWaitsDefault } from '../contract/limits.ts';
import type { RatePiece } from './curve.ts';
import { forecast } from './forecast.ts';

/** A change of the bucket. */
export interface SaleRateStep {
  /** After the first people can join, s; what was before holds from the beginning. */
  readonly atSec: number;
  readonly refillPerSec?: number | undefined;
  readonly capacity?: number | undefined;
  readonly rampSec?: number | undefined;
  readonly forSec?: number | undefined;
}

/** What the model is given. Times count from when people can join. */
export interface SaleModel {
  readonly visitors: number;
  readonly joinPerSec: number;
  /** When people may enter, s; 0 = there is no pre-queue. */
  readonly openAtSec: number;
  readonly noShow: number;
  /** Before the first step. */
  readonly refillPerSec: number;
  readonly capacity: number;
  readonly capacityIsDefault: boolean;
  /** By time. */
  readonly steps: readonly SaleRateStep[];
}

/** What it foresees; times in s, null = not within a day. */
export interface SaleForecast {
  /** After the opening. */
  readonly emptyInSec: number | null;
  /** From their join on. */
  readonly waitP50Sec: number | null;
  readonly waitP95Sec: number | null;
  readonly longestWaitSec: number | null;
  readonly peakWaiting: number;
  readonly admitted: number;
  /** Highest rate that the steps lead to, a second. */
  readonly peakRefillPerSec: number;
}

const horizonSec = 86_400;

/** Runs the model. The bucket is as large as it ever is, as the model knows one size. */
export function saleForecast(sale: SaleModel): SaleForecast {
  const { visitors, joinPerSec, openAtSec, noShow, steps } = sale;
  const refill = courseOf(sale);
  const peak = Math.max(...refill.map(({ perSec }) => perSec));
  const set = steps.flatMap(({ capacity }) => capacity ?? []);
  const followed = Math.max(burstMin, Math.ceil(burstSecDefault * peak));
  const capacity = Math.max(sale.capacity, ...set, sale.capacityIsDefault && set.length === 0 ? followed : 0);
  const comeSec = visitors / joinPerSec;
  const found = forecast({
    waiting: 0,
    tokens: capacity,
    capacity,
    refill,
    use: 1,
    noShow,
    arrivals: [
      { atSec: 0, perSec: joinPerSec },
      { atSec: comeSec, perSec: joinPerSec },
      { atSec: comeSec, perSec: 0 },
    ],
    openAtSec,
    horizonSec,
    pollSec: pollAfterSecMin,
    tiers: tierWaitsDefault,
    isFresh: true,
  });
  const { doneInSec, waitP50Sec, waitP95Sec, longestWaitSec, peakWaiting, admitted } = found;
  return {
    emptyInSec: doneInSec === null ? null : Math.max(0, doneInSec - openAtSec),
    waitP50Sec,
    waitP95Sec,
    longestWaitSec,
    peakWaiting,
    admitted,
    peakRefillPerSec: peak,
  };
}

/** The rate over the whole sale: jumps, ramps, and limited values that end in what held before them. */
function courseOf({ refillPerSec, steps }: SaleModel): RatePiece[] {
  const pieces: RatePiece[] = [{ atSec: 0, perSec: refillPerSec }];
  let lasting = refillPerSec;
  for (const { atSec, refillPerSec: to, rampSec = 0, forSec } of steps) {
    if (to === undefined) continue;
    const from = valueAt(pieces, atSec);
    // A step that comes before an earlier one has ended takes its place.
    while ((pieces.at(-1)?.atSec ?? 0) > atSec) pieces.pop();
    pieces.push({ atSec, perSec: from }, { atSec: atSec + rampSec, perSec: to });
    if (forSec === undefined) lasting = to;
    else pieces.push({ atSec: atSec + forSec, perSec: to }, { atSec: atSec + forSec, perSec: lasting });
  }
  return pieces;
}

function valueAt(pieces: readonly RatePiece[], atSec: number): number {
  let before: RatePiece | undefined;
  for (const piece of pieces) {
    if (piece.atSec > atSec && before !== undefined) {
      const share = (atSec - before.atSec) / (piece.atSec - before.atSec);
      return before.perSec + share * (piece.perSec - before.perSec);
    }
    before = piece;
  }
  return before?.perSec ?? 0;
}
