/**
 * The adaptive brake as a pure machine: what the backends' calls of the last seconds say, and how far the admission rate
 * is stepped down or up for it. Multiplicative down, additive up, as in TCP (RFC 5681): quick to relieve a backend that
 * is drowning, slow to come back. The factor is a permille of the refill that operators set; 1000 = no brake.
 *
 *   overload   at once, then every `stepDownMs`: × 0.7, not below the floor
 *   calm       once it has been calm for `stepUpMs`, and every `stepUpMs` from then on: + 100, up to 1000
 *
 * Too few calls say nothing and count as calm: with nobody let in there would never be enough. From a floor of 20 % it
 * is back after 8 steps, 80 s. The signal is at most `backendWindowMs` old, see src/gateway/metrics/backend-figures.ts.
 */
import type { brakeModes } from '../contract/config-kinds.ts';
import { brakeNone } from './bucket.ts';

/** What the gateways' settings say of the brake. */
export interface BrakePolicy {
  readonly mode: (typeof brakeModes)[number];
  /** The brake never goes below this share of what operators set, 1 to 100. */
  readonly floorPercent: number;
  /** p95 of a backend's calls above which it brakes, ms. */
  readonly latencyMs: number;
  /** Share of failed calls above which it brakes, %. */
  readonly errorPercent: number;
}

/** A backend's calls of the last seconds, as one worker counted them. */
export interface BackendCalls {
  readonly backend: string;
  /** Attempts, those among them that took longer than `latencyMs`, and those that failed on the backend's side. */
  readonly calls: number;
  readonly slow: number;
  readonly failed: number;
  /** p95 of the calls that went out, ms; -1 = none did. */
  readonly p95Ms: number;
}

/** Why it brakes; `value`: p95 in ms, or failed calls in %. */
export interface BrakeReason {
  readonly backend: string;
  readonly what: 'latency' | 'errors';
  readonly value: number;
}

export interface BrakeState {
  readonly permille: number;
  /** When it stepped last, Redis ms; 0 = never. */
  readonly steppedAtMs: number;
  /** Since when it has been calm, Redis ms; undefined = it is not. */
  readonly calmSinceMs: number | undefined;
  /** The last overload. */
  readonly reason: BrakeReason | undefined;
}

/** Times between steps, ms. */
export const stepDownMs = 3_000;
export const stepUpMs = 10_000;
const stepDownPercent = 70;
const stepUpPermille = 100;

/** Fewer calls in the window than these teach nothing; as many must be slow, or fail, beside the share of all. */
const callsMin = 5;
const badCallsMin = 3;
/** p95 above the limit = more than this share of the calls above it. */
const slowShareMax = 0.05;

/** No brake, nothing known. */
export const brakeStart: BrakeState = {
  permille: brakeNone,
  steppedAtMs: 0,
  calmSinceMs: undefined,
  reason: undefined,
};

/** The floor of a policy, permille. */
export const floorOf = ({ floorPercent }: Pick<BrakePolicy, 'floorPercent'>): number => floorPercent * 10;

/** The state after a look at the backends at a Redis time; `overload` = undefined where all is calm. */
export function stepBrake(
  before: BrakeState,
  overload: BrakeReason | undefined,
  at: { readonly nowMs: number; readonly floor: number },
): BrakeState {
  const { nowMs, floor } = at;
  const permille = Math.max(floor, before.permille);
  // The clock was set back: what was to happen after a time happens that long after now.
  const steppedAtMs = Math.min(before.steppedAtMs, nowMs);
  if (overload) {
    const state = { permille, steppedAtMs, calmSinceMs: undefined, reason: overload };
    if (permille <= floor || nowMs - steppedAtMs < stepDownMs) return state;
    const lower = Math.max(floor, Math.floor((permille * stepDownPercent) / 100));
    return { ...state, permille: lower, steppedAtMs: nowMs };
  }
  const calmSinceMs = Math.min(before.calmSinceMs ?? nowMs, nowMs);
  const state = { permille, steppedAtMs, calmSinceMs, reason: before.reason };
  if (permille >= brakeNone || nowMs - Math.max(calmSinceMs, steppedAtMs) < stepUpMs) return state;
  return { ...state, permille: Math.min(brakeNone, permille + stepUpPermille), steppedAtMs: nowMs };
}

/** The worst of the backends that are overloaded by all workers' calls together; undefined = none is. */
export function overloadOf(
  calls: readonly BackendCalls[],
  { errorPercent }: Pick<BrakePolicy, 'errorPercent'>,
): BrakeReason | undefined {
  let worst: { reason: BrakeReason; badness: number } | undefined;
  for (const backend of new Set(calls.map((each) => each.backend))) {
    const sum = sumOf(backend, calls);
    if (sum.calls < callsMin) continue;
    const failedPercent = (100 * sum.failed) / sum.calls;
    const isSlow = sum.slow >= badCallsMin && sum.slow > slowShareMax * sum.calls;
    const fails = sum.failed >= badCallsMin && failedPercent > errorPercent;
    if (!isSlow && !fails) continue;
    // Of one backend the errors are told: slow calls fail at their deadline.
    const reason: BrakeReason = fails
      ? { backend, what: 'errors', value: Math.round(failedPercent) }
      : { backend, what: 'latency', value: Math.round(sum.p95Ms) };
    const badness = (sum.slow + sum.failed) / sum.calls;
    if (!worst || badness > worst.badness) worst = { reason, badness };
  }
  return worst?.reason;
}

/** Counts add up exactly; the p95 is the mean of the workers' by their calls. */
function sumOf(backend: string, calls: readonly BackendCalls[]): BackendCalls {
  const sum = { backend, calls: 0, slow: 0, failed: 0, p95Ms: -1 };
  let weight = 0;
  let weighted = 0;
  for (const one of calls) {
    if (one.backend !== backend) continue;
    sum.calls += one.calls;
    sum.slow += one.slow;
    sum.failed += one.failed;
    if (one.p95Ms < 0) continue;
    weight += one.calls;
    weighted += one.calls * one.p95Ms;
  }
  return weight > 0 ? { ...sum, p95Ms: weighted / weight } : sum;
}

/** As one word for Redis: `payment:latency:900`; '' = none. */
export const formatReason = (reason: BrakeReason | undefined): string =>
  reason === undefined ? '' : `${reason.backend}:${reason.what}:${reason.value}`;

/** Reads what `formatReason` wrote; undefined for anything else. */
export function parseReason(text: string): BrakeReason | undefined {
  const [, backend = '', what, value] = /^([\w-]{1,40}):(latency|errors):(\d{1,9})$/.exec(text) ?? [];
  if (what !== 'latency' && what !== 'errors') return undefined;
  return { backend, what, value: Number(value) };
}

/** For people: `payment p95 900 ms`, `payment 12 % errors`. */
export const reasonText = ({ backend, what, value }: BrakeReason): string =>
  what === 'latency' ? `${backend} p95 ${value} ms` : `${backend} ${value} % errors`;

/** As one word for a report: `payment:40:2:0:380,reservation:…`. */
export const formatBackends = (calls: readonly BackendCalls[]): string =>
  calls.map((one) => [one.backend, one.calls, one.slow, one.failed, Math.round(one.p95Ms)].join(':')).join();

/** Reads what `formatBackends` wrote; what is not understood is left out, as another version may have written it. */
export function parseBackends(text: string): BackendCalls[] {
  return text.split(',').flatMap((word) => {
    const match = /^([\w-]{1,40}):(\d+):(\d+):(\d+):(-?\d+)/.exec(word);
    if (!match) return [];
    const [calls = 0, slow = 0, failed = 0, p95Ms = -1] = match.slice(2).map(Number);
    return [{ backend: match[1] ?? '', calls, slow, failed, p95Ms }];
  });
}
