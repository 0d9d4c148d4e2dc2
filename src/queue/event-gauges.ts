/** What a gateway process knows of an event, in figures for /metrics. */
import { microPerToken } from '../contract/limits.ts';
import { brakeAt, brakeNone, capacityAt } from './bucket.ts';
import type { EventHost } from './event-host.ts';
import type { LineGauges } from './line-types.ts';
import { type EventSettings, phaseAt, windowAt } from './settings.ts';
import { valueAt } from './timed-value.ts';

/** An event as its figures need it. */
export interface GaugedEvent extends Pick<EventHost, 'served' | 'accuracy'> {
  readonly braker: Pick<EventHost['braker'], 'wanted'>;
}

/** The figures now, by the clock of the event's own server. */
export function eventGauges({ served, accuracy, braker }: GaugedEvent): LineGauges['events'][number] {
  const { replica, settings } = served;
  const nowMs = served.nowMs();
  const phase = phaseAt(settings, nowMs);
  return {
    event: served.id,
    waiting: replica.waiting.count,
    away: replica.away.size,
    tokens: replica.tokensAt(nowMs * 1000) / microPerToken,
    revision: settings.revision,
    lagMs: Math.round(served.ageMs),
    admitted: replica.totals.entered,
    joined: replica.totals.joined,
    etaErrorRatio: accuracy.errorRatio,
    admits: (phase === 'open' || phase === 'draining') && !settings.paused,
    refillPerSec: valueAt(settings.refill, nowMs) / microPerToken,
    brakeRatio: brakeAt(settings, nowMs) / brakeNone,
    brakeWanted: braker.wanted,
    capacity: capacityAt(settings, nowMs) / microPerToken,
    window: windowAt(settings, nowMs),
    changeEndsAtMs: phase === 'closed' ? null : changeEndsAtMs(settings, nowMs),
  };
}

/** When the first of the limited values ends. */
function changeEndsAtMs({ refill, capacity }: EventSettings, nowMs: number): number | null {
  const ends = [refill.untilMs, capacity?.untilMs ?? 0].filter((untilMs) => untilMs > nowMs);
  return ends.length === 0 ? null : Math.min(...ends);
}
