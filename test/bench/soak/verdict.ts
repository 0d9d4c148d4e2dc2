/**
 * Whether a figure that was taken once an hour of the soak is flat: a leak grows with every hour, whatever it leaks, while
 * what is only kept for a while stops growing once the first of it is let go. So the middle of the last quarter is compared
 * with that of the second one, which begins after the longest such while (answers to Idempotency-Keys, 300 s), and a line
 * through all hours from there on is drawn beside it: one quarter that happens to be low hides nothing.
 */

/** One figure over the run: its level at the end of each hour, oldest first. */
export interface Course {
  readonly what: string;
  readonly unit: string;
  readonly levels: readonly number[];
  /** Growth from the second to the last quarter that is still flat, as a share of the second one. */
  readonly share: number;
  /** Growth that is flat however little there was: what a figure of that kind moves by itself. */
  readonly slack: number;
}

export interface Verdict {
  readonly what: string;
  readonly unit: string;
  /** Middle of the second and of the last quarter. */
  readonly early: number;
  readonly late: number;
  /** Growth an hour from the second quarter on: the middle of the slopes between every two hours (Theil and Sen). */
  readonly perHour: number;
  /** Most that may have been added between the middles of the two quarters. */
  readonly allowed: number;
  readonly isFlat: boolean;
}

/** Fewest hours: a level in each quarter. */
export const hoursMin = 4;

/** @throws Error for less than hoursMin levels, or for one that is no number */
export function judge({ what, unit, levels, share, slack }: Course): Verdict {
  if (levels.length < hoursMin || !levels.every(Number.isFinite))
    throw new Error(`${what}: ${hoursMin} hours at least, each with its level`);
  const quarter = Math.floor(levels.length / 4);
  const from = levels.length - 3 * quarter;
  const early = middle(levels.slice(from, from + quarter));
  const late = middle(levels.slice(-quarter));
  const perHour = slopeOf(levels.slice(from));
  const allowed = Math.max(early * share, slack);
  // Levels taken from the line and from the middles must agree that nothing grows: over as many hours, as much.
  const isFlat = late - early <= allowed && perHour * 2 * quarter <= allowed;
  return { what, unit, early, late, perHour, allowed, isFlat };
}

function slopeOf(levels: readonly number[]): number {
  const slopes = levels.flatMap((level, at) =>
    levels.slice(at + 1).map((later, behind) => (later - level) / (behind + 1)),
  );
  return middle(slopes);
}

/** Of an even count the mean of the two in the middle. */
export function middle(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(at)] ?? Number.NaN) + (sorted[Math.ceil(at)] ?? Number.NaN)) / 2;
}
