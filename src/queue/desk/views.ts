/** What operators see of an event, shaped from replica, settings and reports. Pure: everything comes in as data. */
import type { BucketView, EventView, SettingsView, TimedValueView } from '../../contract/admin-api.ts';
import type { Alarm } from '../../contract/alarms.ts';
import { microPerToken } from '../../contract/limits.ts';
import { capacityAt } from '../bucket.ts';
import { type EventSettings, phaseAt, windowAt } from '../settings.ts';
import { constant, type TimedValue, valueAt } from '../timed-value.ts';

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

/** An event in a list. */
export function eventView(event: {
  id: string;
  settings: EventSettings;
  waiting: number;
  away: number;
  nowMs: number;
  /** Of an event that is not followed nobody knows: none, and 0. */
  live?: { readonly admitPerSec: number; readonly etaTailSec: number; readonly alarms: readonly Alarm[] };
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
    admitPerSec: event.live?.admitPerSec ?? 0,
    etaTailSec: event.live?.etaTailSec ?? 0,
    alarm: worstOf(event.live?.alarms ?? []),
  };
}

/** The severity of the worst alarm; null where there is none. */
export function worstOf(alarms: readonly Alarm[]): 'warn' | 'crit' | null {
  if (alarms.some(({ severity }) => severity === 'crit')) return 'crit';
  return alarms.length > 0 ? 'warn' : null;
}

/** The text for visitors that is in force; null where there is none. */
export function messageView(settings: EventSettings, nowMs: number): SettingsView['message'] {
  const { message: text, messageUntilMs } = settings;
  if (text === '' || (messageUntilMs > 0 && nowMs >= messageUntilMs)) return null;
  return { text, ...(messageUntilMs > 0 ? { until: iso(messageUntilMs) } : {}) };
}

/** What an operator may set beside the bucket, as in force. */
export function settingsView(
  event: string,
  settings: EventSettings,
  rest: { readonly nowMs: number; readonly expireNearMs: number; readonly expireFarMs: number },
): SettingsView {
  const { nowMs, expireNearMs, expireFarMs } = rest;
  return {
    event,
    revision: settings.revision,
    window: windowAt(settings, nowMs),
    windowIsDefault: settings.window === 0,
    tiers: settings.tiers.map(({ first, last, waitMs }) => ({ first, last, waitSec: waitMs / 1000 })),
    presenceSec: settings.presenceMs / 1000,
    claimSec: settings.claimMs / 1000,
    expireNearSec: expireNearMs / 1000,
    expireFarSec: expireFarMs / 1000,
    maxWaiting: settings.maxWaiting,
    challengeBits: settings.challengeBits,
    message: messageView(settings, nowMs),
  };
}
