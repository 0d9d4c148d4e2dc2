/** A whole sale through the model of the line: rates that change over time, people who come when it begins. */
import { burstMin, burstSecDefault, pollAfterSecMin, tierWaitsDefault } from '../contract/limits.ts';
import { type RatePiece, rateAt } from './curve.ts';
import { forecast } from './forecast.ts';

/** A change of the bucket. */
export interface SaleRateStep {
  /** After the first people can join, s; before that below 0. */
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
  /** Highest rate from the opening on, a second. */
  readonly peakRefillPerSec: number;
}

const horizonSec = 86_400;

/** Runs the model, from the first step on where that comes before anybody can join: by then the bucket is full. */
export function saleForecast(sale: SaleModel): SaleForecast {
  const { visitors, joinPerSec, openAtSec, noShow, steps } = sale;
  const leadSec = Math.max(0, -Math.min(0, ...steps.map(({ atSec }) => atSec)));
  const refill = courseOf(
    [{ atSec: -leadSec, perSec: sale.refillPerSec }],
    steps.map((step) => ({ ...step, to: step.refillPerSec })),
  );
  const capacity = capacityOf(sale, refill);
  const full = capacity[0]?.perSec ?? 0;
  const comeSec = leadSec + visitors / joinPerSec;
  const later = (pieces: readonly RatePiece[]): RatePiece[] =>
    pieces.map(({ atSec, perSec }) => ({ atSec: atSec + leadSec, perSec }));
  const found = forecast({
    waiting: 0,
    tokens: full,
    capacity: full,
    capacityCourse: later(capacity),
    refill: later(refill),
    use: 1,
    noShow,
    arrivals: [
      { atSec: leadSec, perSec: 0 },
      { atSec: leadSec, perSec: joinPerSec },
      { atSec: comeSec, perSec: joinPerSec },
      { atSec: comeSec, perSec: 0 },
    ],
    openAtSec: openAtSec + leadSec,
    horizonSec: horizonSec + leadSec,
    pollSec: pollAfterSecMin,
    tiers: tierWaitsDefault,
    isFresh: true,
  });
  const { doneInSec, waitP50Sec, waitP95Sec, longestWaitSec, peakWaiting, admitted } = found;
  const afterOpening = refill.filter(({ atSec }) => atSec > openAtSec);
  return {
    emptyInSec: doneInSec === null ? null : Math.max(0, doneInSec - openAtSec - leadSec),
    waitP50Sec,
    waitP95Sec,
    longestWaitSec,
    peakWaiting,
    admitted,
    peakRefillPerSec: Math.max(rateAt(refill, openAtSec), ...afterOpening.map(({ perSec }) => perSec)),
  };
}

/** What the bucket holds over the whole sale. Until a step sets it, the default follows the refill. */
function capacityOf(
  { capacity, capacityIsDefault, steps }: SaleModel,
  refill: readonly RatePiece[],
): RatePiece[] {
  const changes = steps.map((step) => ({ ...step, to: step.capacity }));
  const [begin] = refill;
  if (!capacityIsDefault) return courseOf([{ atSec: begin?.atSec ?? 0, perSec: capacity }], changes);
  const followed = refill.map(({ atSec, perSec }) => ({
    atSec,
    perSec: Math.max(burstMin, Math.ceil(burstSecDefault * perSec)),
  }));
  const first = changes.find(({ to }) => to !== undefined);
  if (first === undefined) return followed;
  const { atSec } = first;
  const until = followed.filter((piece) => piece.atSec <= atSec);
  return courseOf([...until, { atSec, perSec: rateAt(followed, atSec) }], changes);
}

interface Change extends Pick<SaleRateStep, 'atSec' | 'rampSec' | 'forSec'> {
  /** Undefined = the step leaves it. */
  readonly to: number | undefined;
}

/** A value over the whole sale: jumps, ramps, and limited values that end in what held before them. */
function courseOf(begin: readonly RatePiece[], changes: readonly Change[]): RatePiece[] {
  const pieces = [...begin];
  let lasting = begin.at(-1)?.perSec ?? 0;
  for (const { atSec, to, rampSec = 0, forSec } of changes) {
    if (to === undefined) continue;
    const from = rateAt(pieces, atSec);
    // A step that comes before an earlier one has ended takes its place.
    while ((pieces.at(-1)?.atSec ?? 0) > atSec) pieces.pop();
    pieces.push({ atSec, perSec: from }, { atSec: atSec + rampSec, perSec: to });
    if (forSec === undefined) lasting = to;
    else pieces.push({ atSec: atSec + forSec, perSec: to }, { atSec: atSec + forSec, perSec: lasting });
  }
  return pieces;
}
