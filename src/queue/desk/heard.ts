/**
 * When a place was last heard, reckoned back from `due`, the moment at which its silence begins: heard = due minus what
 * the gateway allowed for. That allowance follows from what the visitor was told, which is ± 20 % by chance, so the
 * answer is right to about 2 s near the front (and up to 6 s where polls are 30 s apart). A place far from the front is
 * reported once a minute, so within that minute nobody but its gateway knows; a cut stream looks 15 s more silent.
 */
import {
  pollAfterSecMax,
  pollAfterSecMin,
  pollAfterWaitShare,
  presenceFarReportMs,
} from '../../contract/limits.ts';
import { dueAfterMs, isNear } from '../presence.ts';

/** What the reckoning needs of a place. */
export interface HeardInputs {
  /** Tenths of a second since the event's base; 0 = none. */
  readonly dueDs: number;
  readonly baseMs: number;
  readonly presenceMs: number;
  readonly position: number;
  readonly window: number;
  /** Wait that its visitor is told, s. */
  readonly etaSec: number;
  readonly nowMs: number;
}

/** Least silence of a place, s; null = it may have been heard just now, or nothing is known. */
export function heardSec(inputs: HeardInputs): number | null {
  const { dueDs, baseMs, position, window, etaSec, nowMs } = inputs;
  if (dueDs === 0) return null;
  const silentMs = nowMs - (baseMs + dueDs * 100) + allowanceMs(inputs);
  if (isNear(position, etaSec, window)) return Math.max(0, Math.round(silentMs / 1000));
  return silentMs < 0 ? null : Math.round(silentMs / 1000);
}

/** From a place's last sign of life, or the end of the minute that it was reported for, to its due, ms. */
export function allowanceMs(place: { presenceMs: number; etaSec: number }): number {
  const pollSec = Math.min(pollAfterSecMax, Math.max(pollAfterSecMin, place.etaSec / pollAfterWaitShare));
  return dueAfterMs(place.presenceMs, pollSec);
}

/** Silence beyond which a place is marked and counted as silent, ms. */
export const silentMs = 60_000;

if (presenceFarReportMs > silentMs) throw new Error('heard: a minute of silence must be told from a report');
