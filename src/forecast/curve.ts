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

/** The same course, nowhere above a limit. */
export function limited(pieces: readonly RatePiece[], perSecMax: number): RatePiece[] {
  const cut = (piece: RatePiece): RatePiece => ({ ...piece, perSec: Math.min(piece.perSec, perSecMax) });
  return pieces.flatMap((piece, index) => {
    const next = pieces[index + 1];
    if (next === undefined || piece.perSec > perSecMax === next.perSec > perSecMax) return [cut(piece)];
    const share = (perSecMax - piece.perSec) / (next.perSec - piece.perSec);
    const crossing = { atSec: piece.atSec + share * (next.atSec - piece.atSec), perSec: perSecMax };
    return [cut(piece), crossing];
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
