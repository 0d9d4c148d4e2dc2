/**
 * The ETA formula of the system before this one, as it stood, and its confidence. The bench prints
 * its figure beside ours; in the product it answers only where the refill in force says nothing.
 */
import type { Flow } from './flow.ts';

/** Weights of the admission rates of the last 1, 5 and 15 minutes. */
const windows = [
  { windowSec: 60, weight: 0.5 },
  { windowSec: 300, weight: 0.3 },
  { windowSec: 900, weight: 0.2 },
] as const;

/** Factor on the rate at busy and quiet hours of the event's own day. Any other hour: 1. */
const hourWeights: Readonly<Record<number, number>> = { 2: 0.2, 9: 1.2, 12: 1.5, 18: 1.8, 19: 2 };

/** Safety factor on the wait. */
export const baseSafety = 1.1;

/** Longest wait that the base formula, and our fallback, ever say, s. */
export const baseCapSec = 600;

/** Seconds a place where nobody has entered yet. */
export const baseFallbackSecPerPlace = 2;

/** Below this nothing measured stands behind an estimate. */
export const confidenceFallback = 0.2;

/** Which hour (0 to 23) it is where the event is. */
export class LocalHour {
  readonly #format: Intl.DateTimeFormat;
  #minute = -1;
  #hour = 0;

  /** Throws a RangeError for a time zone that the platform does not know. */
  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' });
  }

  at(nowMs: number): number {
    const minute = Math.floor(nowMs / 60_000);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#hour = Number(this.#format.format(nowMs));
    }
    return this.#hour;
  }
}

/** Weighted admissions per second of the last 15 min, times the weight of the hour. */
export function baseRate(flow: Flow, nowMs: number, hour: number): number {
  let perSec = 0;
  for (const { windowSec, weight } of windows) {
    perSec += (weight * flow.sum('entered', nowMs, windowSec)) / windowSec;
  }
  return perSec * (hourWeights[hour] ?? 1);
}

/** The base formula: seconds for a position at a weighted rate, 0 to 600. */
export function baseEtaSec(position: number, ratePerSec: number): number {
  const sec = ratePerSec > 0 ? (position / ratePerSec) * baseSafety : position * baseFallbackSecPerPlace;
  return Math.min(baseCapSec, sec);
}

/** 1 with ≥ 30 admissions in 15 min, 0.8 with ≥ 10 in 5 min, 0.6 with ≥ 3 in 1 min, else 0.2. */
export function confidenceOf(flow: Flow, nowMs: number): number {
  if (flow.sum('entered', nowMs, 900) >= 30) return 1;
  if (flow.sum('entered', nowMs, 300) >= 10) return 0.8;
  if (flow.sum('entered', nowMs, 60) >= 3) return 0.6;
  return confidenceFallback;
}
