/** What an event takes of the backends' budget. */
import { type EventSettings, phaseAt } from '../../settings.ts';
import { valueAt } from '../../timed-value.ts';

/**
 * Events that can admit now take their refill: open and draining ones, paused ones too, since they may be resumed at
 * any time without a change of the refill. Events before their opening and closed ones take nothing.
 */
export function takesBudget(settings: EventSettings, nowMs: number): boolean {
  const phase = phaseAt(settings, nowMs);
  return phase === 'open' || phase === 'draining';
}

/** Refill in force, micro-tokens a second; 0 where the event cannot admit. */
export const refillInForce = (settings: EventSettings, nowMs: number): number =>
  takesBudget(settings, nowMs) ? valueAt(settings.refill, nowMs) : 0;

/** Highest refill from now on, along ramps and after limits, micro-tokens a second; 0 where the event cannot admit. */
export function claimOf(settings: EventSettings, nowMs: number): number {
  if (!takesBudget(settings, nowMs)) return 0;
  const { refill } = settings;
  const now = valueAt(refill, nowMs);
  if (refill.untilMs > 0 && refill.untilMs <= nowMs) return now;
  const atEnd =
    refill.untilMs > 0 && refill.untilMs < refill.toAtMs ? valueAt(refill, refill.untilMs - 1) : refill.to;
  return Math.max(now, atEnd, refill.untilMs > 0 ? refill.after : 0);
}
