/**
 * A setting with its schedule in absolute Redis times: a linear ramp and, if wished, an end after which another value
 * holds. No process keeps the timer: whoever needs the value evaluates it. lua/includes/timed_value.lua does the same
 * arithmetic in the same order, so both sides get the same double; a test compares them.
 */
export interface TimedValue {
  readonly from: number;
  readonly fromAtMs: number;
  readonly to: number;
  readonly toAtMs: number;
  /** 0 = never ends. */
  readonly untilMs: number;
  readonly after: number;
}

/** A value that simply holds. */
export const constant = (value: number): TimedValue => ({
  from: value,
  fromAtMs: 0,
  to: value,
  toAtMs: 0,
  untilMs: 0,
  after: value,
});

/** The value at a time, rounded down to an integer. Times may have a fraction of a millisecond. */
export function valueAt(timed: TimedValue, ms: number): number {
  if (timed.untilMs > 0 && ms >= timed.untilMs) return timed.after;
  if (ms >= timed.toAtMs) return timed.to;
  if (ms <= timed.fromAtMs) return timed.from;
  const share = (ms - timed.fromAtMs) / (timed.toAtMs - timed.fromAtMs);
  return Math.floor(timed.from + (timed.to - timed.from) * share);
}

/** The value as it was up to a time: where it jumps at that very time, the one that ends there. */
export function valueBefore(timed: TimedValue, ms: number): number {
  if (timed.untilMs > 0 && ms > timed.untilMs) return timed.after;
  if (ms > timed.toAtMs) return timed.to;
  if (ms <= timed.fromAtMs) return timed.from;
  const share = (ms - timed.fromAtMs) / (timed.toAtMs - timed.fromAtMs);
  return Math.floor(timed.from + (timed.to - timed.from) * share);
}

/** Times in (afterMs, beforeMs) at which the value's course bends or jumps. */
export function bendsBetween(timed: TimedValue, afterMs: number, beforeMs: number): number[] {
  return [timed.fromAtMs, timed.toAtMs, timed.untilMs].filter((ms) => ms > afterMs && ms < beforeMs);
}

/** Reads the stored form: six integers separated by spaces. */
export function parseTimedValue(text: string): TimedValue {
  const [from = 0, fromAtMs = 0, to = 0, toAtMs = 0, untilMs = 0, after = 0] = text.split(' ').map(Number);
  return { from, fromAtMs, to, toAtMs, untilMs, after };
}

/** The stored form of a timed value. */
export const formatTimedValue = (timed: TimedValue): string =>
  [timed.from, timed.fromAtMs, timed.to, timed.toAtMs, timed.untilMs, timed.after].join(' ');
