/**
 * The token bucket of an event, evaluated. Tokens are integers of a millionth (micro-tokens); time is Redis TIME in µs.
 * lua/includes/bucket.lua is the same arithmetic; the truth is decided there, the replica only mirrors it.
 * Token bucket as in RFC 2697 section 3, with a refill that may ramp and a capacity that may change in the middle.
 */
import { burstMin, burstSecDefault, microPerToken } from '../contract/limits.ts';
import { bendsBetween, type TimedValue, valueAt, valueBefore } from './timed-value.ts';

export interface BucketRates {
  /** Micro-tokens a second. */
  readonly refill: TimedValue;
  /** Micro-tokens; undefined = max(100, 4 s of refill). */
  readonly capacity: TimedValue | undefined;
  /** Permille of the refill that the adaptive brake lets through; it only steps. Undefined = all of it. */
  readonly brake?: TimedValue | undefined;
}

export interface BucketState {
  /** Micro-tokens; may be down to -overdraft. */
  readonly tokensMicro: number;
  readonly refilledAtUs: number;
}

/** The brake's value when there is none, permille. */
export const brakeNone = 1000;

/** The brake in force at a time, permille of the refill; 1000 = none. */
export const brakeAt = ({ brake }: Pick<BucketRates, 'brake'>, ms: number): number =>
  brake === undefined ? brakeNone : valueAt(brake, ms);

/** Micro-tokens a second that come in at a time: the refill as far as the brake lets it, rounded down. */
export const refillAt = (rates: Pick<BucketRates, 'refill' | 'brake'>, ms: number): number =>
  Math.floor((valueAt(rates.refill, ms) * brakeAt(rates, ms)) / brakeNone);

/** Capacity in force at a time, micro-tokens. */
export function capacityAt(rates: BucketRates, ms: number): number {
  return capacityBy(valueAt, rates, ms);
}

function capacityBy(value: typeof valueAt, rates: BucketRates, ms: number): number {
  if (rates.capacity) return value(rates.capacity, ms);
  return Math.max(burstMin * microPerToken, burstSecDefault * value(rates.refill, ms));
}

/** Micro-tokens that a rate makes in a time, rounded down; split in seconds and µs so that no product passes 2^53. */
export function accrued(microPerSec: number, us: number): number {
  const seconds = Math.floor(us / 1e6);
  return seconds * microPerSec + Math.floor(((us - seconds * 1e6) * microPerSec) / 1e6);
}

/**
 * The bucket at `nowUs`: each stretch between bends at its middle rate (exact, as the course is linear and the brake
 * only steps), then capped; where the capacity jumps, by the smaller of the two, as a raise adds no tokens. Capacity
 * follows the refill that operators set, not the braked one.
 */
export function settle(state: BucketState, rates: BucketRates, nowUs: number): BucketState {
  if (nowUs <= state.refilledAtUs) return state;
  const startMs = state.refilledAtUs / 1000;
  const endMs = nowUs / 1000;
  const bends = bendsBetween(rates.refill, startMs, endMs);
  if (rates.capacity) bends.push(...bendsBetween(rates.capacity, startMs, endMs));
  if (rates.brake) bends.push(...bendsBetween(rates.brake, startMs, endMs));
  bends.sort((a, b) => a - b);
  let tokens = state.tokensMicro;
  let fromUs = state.refilledAtUs;
  for (const toUs of [...bends.map((ms) => ms * 1000), nowUs]) {
    tokens += accrued(refillAt(rates, (fromUs + toUs) / 2000), toUs - fromUs);
    const cap = Math.min(capacityBy(valueBefore, rates, toUs / 1000), capacityAt(rates, toUs / 1000));
    tokens = Math.min(tokens, cap);
    fromUs = toUs;
  }
  return { tokensMicro: tokens, refilledAtUs: nowUs };
}
