/** What operators see of an event, shaped from replica, settings and reports. Pure: everything comes in as data. */
import type {
  BucketChange,
  BucketView,
  ChangeReply,
  EventView,
  TimedValueView,
} from '../contract/admin-api.ts';
import { microPerToken } from '../contract/limits.ts';
import { type BucketRates, capacityAt } from './bucket.ts';
import { type EventSettings, phaseAt, windowAt } from './settings.ts';
import type { TimedChange } from './store.ts';
import { constant, type TimedValue, valueAt } from './timed-value.ts';

const iso = (ms: number): string => new Date(ms).toISOString();
const inTokens = (micro: number): number => micro / microPerToken;

/** A timed value as it stands at a Redis time, in whole tokens or tokens a second. */
export function timedView(timed: TimedValue, nowMs: number): TimedValueView {
  const isLimited = timed.untilMs > nowMs;
  const isOver = timed.untilMs > 0 && !isLimited;
  return {
    now: inTokens(valueAt(timed, nowMs)),
    target: inTokens(isOver ? timed.after : timed.to),
    ...(timed.toAtMs > nowMs ? { rampEndsAt: iso(timed.toAtMs) } : {}),
    ...(isLimited ? { until: iso(timed.untilMs), after: inTokens(timed.after) } : {}),
  };
}

/** The bucket as it stands. `tokensMicro` is the settled content. */
export function bucketView(settings: EventSettings, tokensMicro: number, nowMs: number): BucketView {
  const { capacity, refill, revision } = settings;
  return {
    tokens: Math.floor(inTokens(tokensMicro)),
    capacity: timedView(capacity ?? constant(capacityAt(settings, nowMs)), nowMs),
    capacityIsDefault: capacity === undefined,
    refillPerSec: timedView(refill, nowMs),
    window: windowAt(settings, nowMs),
    revision,
  };
}

/** What a change will make of a timed value, as lua/set_settings.lua does it; for plans only. */
export function planTimed(old: TimedValue, change: TimedChange, nowMs: number): TimedValue {
  const rampMs = change.rampMs ?? 0;
  const forMs = change.forMs ?? 0;
  const lasting = old.untilMs > nowMs ? old.after : valueAt(old, Number.POSITIVE_INFINITY);
  return {
    from: rampMs > 0 ? valueAt(old, nowMs) : change.to,
    fromAtMs: nowMs,
    to: change.to,
    toAtMs: nowMs + rampMs,
    untilMs: forMs > 0 ? nowMs + forMs : 0,
    after: forMs > 0 ? lasting : change.to,
  };
}

/** Rates after a change, for its plan. */
export function planRates(
  rates: BucketRates,
  change: { refill?: TimedChange; capacity?: TimedChange },
  nowMs: number,
): BucketRates {
  const capacity = rates.capacity ?? constant(capacityAt(rates, nowMs));
  return {
    refill: change.refill ? planTimed(rates.refill, change.refill, nowMs) : rates.refill,
    capacity: change.capacity ? planTimed(capacity, change.capacity, nowMs) : rates.capacity,
  };
}

/** An event in a list. */
export function eventView(event: {
  id: string;
  settings: EventSettings;
  waiting: number;
  away: number;
  nowMs: number;
}): EventView {
  const { id, settings, waiting, away, nowMs } = event;
  return {
    event: id,
    name: settings.name,
    kind: settings.kind,
    phase: phaseAt(settings, nowMs),
    paused: settings.paused,
    ...(settings.opensAtMs > 0 ? { opensAt: iso(settings.opensAtMs) } : {}),
    ...(settings.prequeueFromMs > 0 ? { prequeueFrom: iso(settings.prequeueFromMs) } : {}),
    timeZone: settings.timeZone,
    maxWaiting: settings.maxWaiting,
    waiting,
    away,
    refillPerSec: inTokens(valueAt(settings.refill, nowMs)),
    capacity: inTokens(capacityAt(settings, nowMs)),
    revision: settings.revision,
    createdAt: iso(settings.createdAtMs),
  };
}

/** What an operator asked, in micro-tokens and ms. */
export function timedOf(change: BucketChange): { refill?: TimedChange; capacity?: TimedChange } {
  const times = {
    ...(change.rampSec === undefined ? {} : { rampMs: Math.round(change.rampSec * 1000) }),
    ...(change.forSec === undefined ? {} : { forMs: Math.round(change.forSec * 1000) }),
  };
  const { refillPerSec, capacity } = change;
  return {
    ...(refillPerSec === undefined
      ? {}
      : { refill: { to: Math.round(refillPerSec * microPerToken), ...times } }),
    ...(capacity === undefined ? {} : { capacity: { to: capacity * microPerToken, ...times } }),
  };
}

/** A change in one line, for the audit trail. */
export function summaryOf(
  before: ChangeReply['before'],
  after: ChangeReply['after'],
  change: BucketChange,
): string {
  const parts: string[] = [];
  if (change.refillPerSec !== undefined)
    parts.push(`refill ${before.refillPerSec.now}->${after.refillPerSec.target}/s`);
  if (change.capacity !== undefined) parts.push(`capacity ${before.capacity.now}->${after.capacity.target}`);
  if (change.rampSec !== undefined) parts.push(`over ${change.rampSec} s`);
  if (change.forSec !== undefined) parts.push(`for ${change.forSec} s`);
  return parts.join(' ');
}
