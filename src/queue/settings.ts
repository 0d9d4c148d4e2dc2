/** An event's settings as the scripts keep them (flat text fields of `meta`), parsed once for everybody else. */
import { burstMin, burstSecDefault, microPerToken } from '../contract/limits.ts';
import type { Phase } from '../contract/visitor-api.ts';
import { phases } from '../contract/visitor-api.ts';
import { type BucketRates, capacityAt } from './bucket.ts';
import { parseRecoveries, type Recovery } from './recoveries.ts';
import { constant, formatTimedValue, parseTimedValue, type TimedValue, valueAt } from './timed-value.ts';

/** Positions first..last (0 = to the window's end) may enter once they have waited so long. */
export interface Tier {
  readonly first: number;
  readonly last: number;
  readonly waitMs: number;
}

export type EventKind = 'operator' | 'auto' | 'test';

export interface EventSettings {
  readonly life: string;
  readonly incarnation: string;
  readonly epoch: number;
  /** Signing key whose secret names people and places of this event. */
  readonly kid: string;
  readonly revision: number;
  readonly name: string;
  readonly kind: EventKind;
  readonly timeZone: string;
  /** As written down; what time has made of it says `phaseAt`. */
  readonly phase: Phase;
  readonly paused: boolean;
  /** Epoch ms; 0 = none. */
  readonly opensAtMs: number;
  readonly prequeueFromMs: number;
  readonly deadlineMs: number;
  readonly refill: TimedValue;
  readonly capacity: TimedValue | undefined;
  /** Permille of the refill that the adaptive brake lets through; undefined where it never braked. */
  readonly brake?: TimedValue | undefined;
  /** When it began to brake, Redis ms (0 = it does not), and for what, as `parseReason` of brake.ts reads it. */
  readonly brakeSinceMs?: number;
  readonly brakeWhy?: string;
  /** Places; 0 = max(100, 4 s of refill). */
  readonly window: number;
  readonly tiers: readonly Tier[];
  readonly presenceMs: number;
  readonly claimMs: number;
  /** Silence that ends a place: within two windows of the front, and further back. */
  readonly expireNearMs: number;
  readonly expireFarMs: number;
  readonly maxWaiting: number;
  /** Leading zero bits of the work that a join must prove; 0 = none. */
  readonly challengeBits: number;
  /** Epoch ms from which `due` counts tenths of a second. */
  readonly baseMs: number;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
  readonly message: string;
  /** Until when the message is shown, epoch ms; 0 = no end. */
  readonly messageUntilMs: number;
  /** Run id of the Redis under which the event may be changed; '' = made by a version that knew none. */
  readonly run: string;
  /** Nobody is let in before, Redis ms; 0 = no recovery is under way. */
  readonly recoverUntilMs: number;
  readonly recoveries: readonly Recovery[];
  /** An operation on many places that is under way. */
  readonly job: { readonly kind: 'expire' | 'remove' | 'restore'; readonly auditId: string } | undefined;
}

/** Whether a time zone is known here, as an IANA name. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Waits of positions 1-10, 11-50 and 51 to the window's end. */
export const tiersDefault = '1-10=0,11-50=2000,51-=5000';

/** Reads the flat fields of `meta`, from Redis or from a journal entry. Fields it does not know are ignored. */
export function parseSettings(meta: Readonly<Record<string, string>>): EventSettings {
  const number = (name: string): number => Number(meta[name] ?? 0);
  return {
    life: meta.life ?? '',
    incarnation: meta.incarnation ?? '',
    epoch: number('epoch'),
    kid: meta.kid ?? '',
    revision: number('revision'),
    name: meta.name ?? '',
    kind: meta.kind === 'auto' || meta.kind === 'test' ? meta.kind : 'operator',
    timeZone: meta.timeZone || 'UTC',
    phase: phases.find((phase) => phase === meta.phase) ?? 'closed',
    paused: meta.paused === '1',
    opensAtMs: number('opensAt'),
    prequeueFromMs: number('prequeueFrom'),
    deadlineMs: number('deadline'),
    refill: parseTimedValue(meta.refill ?? ''),
    capacity: meta.capacity ? parseTimedValue(meta.capacity) : undefined,
    brake: meta.brake ? parseTimedValue(meta.brake) : undefined,
    brakeSinceMs: number('brakeSince'),
    brakeWhy: meta.brakeWhy ?? '',
    window: number('window'),
    tiers: parseTiers(meta.tiers ?? ''),
    presenceMs: number('presenceMs'),
    claimMs: number('claimMs'),
    expireNearMs: number('expireNearMs'),
    expireFarMs: number('expireFarMs'),
    maxWaiting: number('maxWaiting'),
    challengeBits: number('challenge'),
    baseMs: number('base'),
    createdAtMs: number('createdAt'),
    changedAtMs: number('changedAt'),
    message: meta.message ?? '',
    messageUntilMs: number('messageUntil'),
    run: meta.run ?? '',
    recoverUntilMs: number('recoverUntil'),
    recoveries: parseRecoveries(meta.recoveries ?? ''),
    job: parseJob(meta.job ?? ''),
  };
}

function parseJob(text: string): EventSettings['job'] {
  const [kind, auditId = ''] = text.split(' ');
  return kind === 'expire' || kind === 'remove' || kind === 'restore' ? { kind, auditId } : undefined;
}

function parseTiers(text: string): Tier[] {
  return [...text.matchAll(/(\d+)-(\d*)=(\d+)/g)].map((match) => ({
    first: Number(match[1]),
    last: Number(match[2] || 0),
    waitMs: Number(match[3]),
  }));
}

/** The phase at a Redis time, as lua/includes/event.lua decides it. */
export function phaseAt(settings: EventSettings, nowMs: number): Phase {
  const { phase, opensAtMs, prequeueFromMs, deadlineMs } = settings;
  if (phase === 'scheduled' || phase === 'prequeue') {
    if (opensAtMs > 0 && nowMs >= opensAtMs) return 'open';
    if (prequeueFromMs > 0 && nowMs >= prequeueFromMs) return 'prequeue';
  } else if (phase === 'draining' && deadlineMs > 0 && nowMs >= deadlineMs) {
    return 'closed';
  }
  return phase;
}

/** When time changes an event next, epoch ms: it opens, closes, a limited value or the message ends. Infinity = never. */
export function nextTurnMs(settings: EventSettings): number {
  const { phase, opensAtMs, prequeueFromMs, deadlineMs, refill, capacity } = settings;
  const messageUntilMs = settings.message === '' ? 0 : settings.messageUntilMs;
  const times = [refill.untilMs, capacity?.untilMs ?? 0, messageUntilMs];
  if (phase === 'scheduled') times.push(prequeueFromMs);
  if (phase === 'scheduled' || phase === 'prequeue') times.push(opensAtMs);
  if (phase === 'draining') times.push(deadlineMs);
  return Math.min(...times.filter((ms) => ms > 0));
}

/** Places from the front that may enter at a Redis time. */
export function windowAt(settings: EventSettings, nowMs: number): number {
  if (settings.window > 0) return settings.window;
  const refill = valueAt(settings.refill, nowMs);
  return Math.max(burstMin, Math.floor((burstSecDefault * refill) / microPerToken));
}

/** How long somebody at this position must have waited, ms. */
export function tierWaitMs(tiers: readonly Tier[], position: number): number {
  let waitMs = 0;
  for (const tier of tiers) {
    const inside = position >= tier.first && (tier.last === 0 || position <= tier.last);
    if (inside && tier.waitMs > waitMs) waitMs = tier.waitMs;
  }
  return waitMs;
}

/** What `newEventFields` needs of a new event. Rates in tokens a second, times in epoch ms (0 = none). */
export interface NewEvent {
  readonly life: string;
  readonly incarnation: string;
  readonly kid: string;
  readonly name: string;
  readonly kind: EventKind;
  readonly timeZone: string;
  readonly opensAtMs: number;
  readonly prequeueFromMs: number;
  readonly maxWaiting: number;
  readonly refillPerSec: number;
  readonly capacity: number | undefined;
  /** Times that tests shorten; see limits.ts for the defaults. */
  readonly presenceMs: number;
  readonly claimMs: number;
  readonly expireNearMs: number;
  readonly expireFarMs: number;
  readonly window?: number;
  readonly tiers?: string;
  /** Run id of the Redis that it is made in, where it is known. */
  readonly run?: string;
}

/** The first `meta` of an event and the tokens it begins with (a full bucket). */
export function newEventFields(event: NewEvent): { fields: Record<string, string>; tokensMicro: number } {
  const refill = constant(Math.round(event.refillPerSec * microPerToken));
  const capacity = event.capacity === undefined ? undefined : constant(event.capacity * microPerToken);
  const rates: BucketRates = { refill, capacity };
  const fields = {
    life: event.life,
    incarnation: event.incarnation,
    kid: event.kid,
    name: event.name,
    kind: event.kind,
    timeZone: event.timeZone,
    phase: event.opensAtMs > 0 ? 'scheduled' : 'open',
    paused: '0',
    opensAt: String(event.opensAtMs),
    prequeueFrom: String(event.prequeueFromMs),
    deadline: '0',
    refill: formatTimedValue(refill),
    capacity: capacity ? formatTimedValue(capacity) : '',
    window: String(event.window ?? 0),
    tiers: event.tiers ?? tiersDefault,
    presenceMs: String(event.presenceMs),
    claimMs: String(event.claimMs),
    expireNearMs: String(event.expireNearMs),
    expireFarMs: String(event.expireFarMs),
    maxWaiting: String(event.maxWaiting),
    message: '',
    messageUntil: '0',
    run: event.run ?? '',
  };
  return { fields, tokensMicro: capacityAt(rates, 0) };
}
