/** A rate over time as straight pieces, and how much it has brought by when. Exact, no time steps. */

/** From here on the rate goes in a straight line to the next piece's. Two pieces at one time are a jump. */
export interface RatePiece {
  /** From now, s. */
  readonly atSec: number;
  /** A second, from 0. */
  readonly perSec: number;
}

/** What adding up may be wrong by: it must not carry a total that is just reached over a stretch that brings nothing. */
const roundingMax = 1e-6;

interface Stretch {
  readonly fromSec: number;
  readonly toSec: number;
  readonly perSec: number;
  /** Rise of the rate a second. */
  readonly slope: number;
  /** Brought by everything before. */
  readonly before: number;
  readonly brings: number;
}

/** Reads a course forwards: what is asked for must not fall from one call to the next. Before time 0 nothing came. */
export class Curve {
  readonly #stretches: readonly Stretch[];
  #at = 0;

  /** `pieces` ascending by time; before the first its rate holds, after the last too. None = nothing comes. */
  constructor(pieces: readonly RatePiece[]) {
    this.#stretches = stretchesOf(pieces);
  }

  /** How much has come by then. */
  totalAt(sec: number): number {
    while (sec > this.#now.toSec) this.#at += 1;
    const { fromSec, perSec, slope, before } = this.#now;
    const passed = Math.max(0, sec - fromSec);
    return before + passed * (perSec + (slope * passed) / 2);
  }

  /** When so much will have come; Infinity = never. */
  when(total: number): number {
    while (total > this.#now.before + this.#now.brings + roundingMax) this.#at += 1;
    const { fromSec, toSec, perSec, slope, before } = this.#now;
    const need = total - before;
    if (need <= 0) return fromSec;
    // The root of perSec·x + slope·x²/2 = need in the form that also holds for a slope of 0.
    const root = Math.sqrt(Math.max(0, perSec * perSec + 2 * slope * need));
    return Math.min(toSec, fromSec + (2 * need) / (perSec + root));
  }

  get #now(): Stretch {
    return this.#stretches[this.#at] as Stretch;
  }
}

/** The rate at a time; of a jump the one after it. Before the first piece its rate holds, after the last too. */
export function rateAt(pieces: readonly RatePiece[], atSec: number): number {
  return between(pieces, atSec, (piece) => piece.atSec <= atSec);
}

/** The rate that a course comes to a time with; of a jump the one before it. */
const rateBefore = (pieces: readonly RatePiece[], atSec: number): number =>
  between(pieces, atSec, (piece) => piece.atSec < atSec);

function between(
  pieces: readonly RatePiece[],
  atSec: number,
  isBefore: (piece: RatePiece) => boolean,
): number {
  const before = pieces.findLast(isBefore);
  const next = pieces.find((piece) => !isBefore(piece));
  if (before === undefined || next === undefined) return (before ?? next)?.perSec ?? 0;
  const share = (atSec - before.atSec) / (next.atSec - before.atSec);
  return before.perSec + share * (next.perSec - before.perSec);
}

/** The same course, nowhere above another one. */
export function limitedBy(pieces: readonly RatePiece[], limits: readonly RatePiece[]): RatePiece[] {
  const times = [...new Set([...pieces, ...limits].map(({ atSec }) => atSec))].sort((a, b) => a - b);
  const lower = (atSec: number, rate: typeof rateAt): RatePiece => ({
    atSec,
    perSec: Math.min(rate(pieces, atSec), rate(limits, atSec)),
  });
  const corners = times.flatMap((fromSec, index) => {
    const toSec = times[index + 1];
    if (toSec === undefined) return [lower(fromSec, rateAt)];
    const over = rateAt(pieces, fromSec) - rateAt(limits, fromSec);
    const overAtEnd = rateBefore(pieces, toSec) - rateBefore(limits, toSec);
    const crossSec = fromSec + (over / (over - overAtEnd)) * (toSec - fromSec);
    const crossing = over * overAtEnd < 0 ? [{ atSec: crossSec, perSec: rateAt(pieces, crossSec) }] : [];
    return [lower(fromSec, rateAt), ...crossing, lower(toSec, rateBefore)];
  });
  return corners.filter(({ atSec, perSec }, index) => {
    const before = corners[index - 1];
    return before?.atSec !== atSec || before.perSec !== perSec;
  });
}

/** The stretches from time 0 to the end of time; the last one brings without end, or nothing more. */
function stretchesOf(pieces: readonly RatePiece[]): Stretch[] {
  const first = pieces[0] ?? { atSec: 0, perSec: 0 };
  const corners = [{ ...first, atSec: Math.min(0, first.atSec) }, ...pieces];
  const stretches: Stretch[] = [];
  let before = 0;
  corners.forEach(({ atSec, perSec }, index) => {
    const next = corners[index + 1];
    const toSec = next?.atSec ?? Number.POSITIVE_INFINITY;
    if (toSec <= Math.max(0, atSec) && next !== undefined) return;
    const slope = next === undefined ? 0 : (next.perSec - perSec) / (toSec - atSec);
    const fromSec = Math.max(0, atSec);
    const startPerSec = perSec + slope * (fromSec - atSec);
    const lengthSec = toSec - fromSec;
    const isEndless = next === undefined;
    const brings = isEndless ? Number.POSITIVE_INFINITY : lengthSec * (startPerSec + (slope * lengthSec) / 2);
    stretches.push({ fromSec, toSec, perSec: startPerSec, slope, before, brings });
    before += isEndless ? 0 : brings;
  });
  return stretches;
}
