/** Whole seconds of a run: `from` inclusive, `to` exclusive, counted from its start. */
export interface Seconds {
  readonly fromSec: number;
  readonly toSec: number;
}

/** Admissions per second over an interval of the series; 0 for an empty interval. */
export function admissionRate(perSec: readonly number[], { fromSec, toSec }: Seconds): number {
  if (toSec <= fromSec) return 0;
  const sum = perSec.slice(fromSec, toSec).reduce((total, count) => total + count, 0);
  return sum / (toSec - fromSec);
}

/** The whole seconds strictly between that of the first admission and that of the last, both being partial. */
export function fullSeconds(perSec: readonly number[]): Seconds {
  const first = perSec.findIndex((count) => count > 0);
  const last = perSec.findLastIndex((count) => count > 0);
  return first < 0 ? { fromSec: 0, toSec: 0 } : { fromSec: first + 1, toSec: Math.max(first + 1, last) };
}

/** The most admissions in any `seconds` successive seconds of the series. */
export function busiest(perSec: readonly number[], seconds: number): number {
  let sum = 0;
  let most = 0;
  for (const [index, count] of perSec.entries()) {
    sum += count - (index >= seconds ? (perSec[index - seconds] as number) : 0);
    most = Math.max(most, sum);
  }
  return most;
}
