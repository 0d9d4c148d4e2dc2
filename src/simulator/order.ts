import type { AdmittedSeen } from './tally.ts';

/** One admission: the rank of the join among those admitted, and the time since the start, ms. */
export interface AdmittedOrder {
  readonly joinIndex: number;
  readonly admittedAtMs: number;
}

/** Joins answered within the same slice are ranked by position_hint, others by time, ms. */
const sliceMs = 250;

/**
 * Ranks the admitted by when they joined. No answer tells the arrival number, but two things together come close:
 * the time of the answer, which is blurred by requests in flight, and position_hint, which shrinks while people
 * are admitted. So hints order what was answered together and time orders the rest: off by some tens of places.
 */
export function orderOf(admitted: readonly AdmittedSeen[]): AdmittedOrder[] {
  const slice = ({ joinedAtMs }: AdmittedSeen) => Math.floor(joinedAtMs / sliceMs);
  return admitted
    .toSorted((a, b) => slice(a) - slice(b) || a.positionHint - b.positionHint)
    .map(({ admittedAtMs }, joinIndex) => ({ joinIndex, admittedAtMs }));
}

/**
 * How many were overtaken: admitted after somebody who joined more than `windowPlaces` behind them. Inside the
 * window all who are ready may enter as they notice, so nearer inversions are nobody's fault. In joinIndex order.
 */
export function countOvertaken(order: readonly AdmittedOrder[], windowPlaces: number): number {
  let overtaken = 0;
  let earliestBehindMs = Number.POSITIVE_INFINITY;
  for (let index = order.length - 1 - windowPlaces - 1; index >= 0; index -= 1) {
    const behind = order[index + windowPlaces + 1];
    earliestBehindMs = Math.min(earliestBehindMs, behind?.admittedAtMs ?? earliestBehindMs);
    if ((order[index]?.admittedAtMs ?? 0) > earliestBehindMs) overtaken += 1;
  }
  return overtaken;
}
