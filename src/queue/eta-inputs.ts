/** What the ETA learns from, taken from a replica at one moment. */
import { microPerToken } from '../contract/limits.ts';
import { brakeNone, capacityAt } from './bucket.ts';
import type { EtaInputs } from './eta.ts';
import type { Replica } from './replica.ts';
import { type EventSettings, phaseAt, windowAt } from './settings.ts';
import type { TimedValue } from './timed-value.ts';

/** `nowMs`: Redis time; `tokensMicro`: the bucket settled then. */
export function etaInputs(replica: Replica, nowMs: number, tokensMicro: number): EtaInputs {
  const { settings, flow, waiting, away } = replica;
  return {
    nowMs,
    flow,
    waiting: waiting.count,
    away: away.size,
    tokensMicro,
    refill: brakedRefill(settings, nowMs),
    capacityMicro: capacityAt(settings, nowMs),
    window: windowAt(settings, nowMs),
    paused: settings.paused,
    phase: phaseAt(settings, nowMs),
    opensAtMs: settings.opensAtMs,
    changedAtMs: settings.changedAtMs,
    couldEnter: waiting.count > 0 && tokensMicro >= microPerToken,
    claimSec: settings.claimMs / 1000,
  };
}

/**
 * The refill as the brake lets it through from its last step on. Nobody knows when a backend recovers, so for the wait
 * the brake stays as it is, though it ends by itself where it is not renewed.
 */
export function brakedRefill({ refill, brake }: EventSettings, nowMs: number): TimedValue {
  if (brake === undefined || !isBraked({ brake }, nowMs)) return refill;
  const braked = (micro: number): number => Math.floor((micro * brake.to) / brakeNone);
  return { ...refill, from: braked(refill.from), to: braked(refill.to), after: braked(refill.after) };
}

/** Whether the adaptive brake holds at a time or is about to. */
export const isBraked = ({ brake }: Pick<EventSettings, 'brake'>, nowMs: number): boolean =>
  brake !== undefined && brake.untilMs > nowMs && brake.to < brakeNone;
