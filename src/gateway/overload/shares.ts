/**
 * Whose requests are refused while there are too many. Work that can be done is divided between events as evenly as they
 * ask for it: an event that asks for less than its part gets all of it, and what it leaves is the others'. Within an event
 * new joins go first, then polls, and enters last, which are what the sale lives of.
 */

/** Kinds of work in the order in which they are refused. */
export const works = ['join', 'status', 'enter'] as const;
export type Work = (typeof works)[number];

/** One figure for each kind of work. */
export type ByWork = Record<Work, number>;

/** What one request costs, in polls: from the table of docs/benchmarks.md. */
const weights: Readonly<ByWork> = { join: 1.25, status: 1, enter: 5 };

/** Work asked for, in polls. */
export const workOf = (asked: Readonly<ByWork>): number =>
  works.reduce((sum, work) => sum + asked[work] * weights[work], 0);

/**
 * How much each event may have, in polls, so that all together have at most `room`: the same for all, as far as they ask
 * for it. Infinity where there is room for everything.
 */
export function fairPart(asked: readonly number[], room: number): number {
  const rising = [...asked].sort((a, b) => a - b);
  let left = room;
  for (const [index, one] of rising.entries()) {
    const part = left / (rising.length - index);
    if (one > part) return Math.max(0, part);
    left -= one;
  }
  return Number.POSITIVE_INFINITY;
}

/** The share of each kind of an event's requests to refuse, 0 to 1, so that work of `part` is left. */
export function refusedShares(asked: Readonly<ByWork>, part: number): ByWork {
  const shares: ByWork = { join: 0, status: 0, enter: 0 };
  let excess = workOf(asked) - part;
  for (const work of works) {
    const size = asked[work] * weights[work];
    if (excess <= 0) break;
    shares[work] = size > 0 ? Math.min(1, excess / size) : 1;
    excess -= size;
  }
  return shares;
}
