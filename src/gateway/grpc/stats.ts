/** GetQueueStats, from what this process has in memory: no Redis command, however often it is asked. */
import type { EventQueueStats } from '../../../generated/proto/gateway/v1/EventQueueStats.ts';
import type { GetQueueStatsResponse } from '../../../generated/proto/gateway/v1/GetQueueStatsResponse.ts';
import { refuse } from '../../contract/errors.ts';
import { statsEventsMax } from '../../contract/limits.ts';
import type { Line, LineGauges, Outcome } from '../../queue/line-types.ts';
import { int32, timestamp } from './messages.ts';

/** Figures are counted anew at most this often, ms: with many events that is work. */
const keptMs = 1_000;

type EventGauges = LineGauges['events'][number];

interface Counted {
  readonly countedMs: number;
  readonly events: readonly EventGauges[];
  readonly fullest: readonly EventQueueStats[];
  readonly system: NonNullable<GetQueueStatsResponse['system']>;
}

/** Answers for one event, or for the fullest `statsEventsMax` of all. */
export class StatsBook {
  private readonly line: Line;
  private counted: Counted | undefined;

  constructor(line: Line) {
    this.line = line;
  }

  /** `eventId` = '' for all events. `nowMs` = epoch ms. */
  read(eventId: string, nowMs: number): Outcome<GetQueueStatsResponse> {
    const { events, fullest, system } = this.count(nowMs);
    if (eventId === '') return { ok: true, reply: { events: [...fullest], system } };
    const event = events.find((each) => each.event === eventId);
    if (event === undefined) return refuse('EVENT_NOT_FOUND');
    return { ok: true, reply: { events: [this.statsOf(event, nowMs)], system } };
  }

  private count(nowMs: number): Counted {
    if (this.counted !== undefined && Math.abs(nowMs - this.counted.countedMs) < keptMs) return this.counted;
    const { events } = this.line.gauges();
    const fullest = events
      .toSorted((a, b) => b.waiting - a.waiting)
      .slice(0, statsEventsMax)
      .map((event) => this.statsOf(event, nowMs));
    const system = systemOf(events, fullest, nowMs);
    this.counted = { countedMs: nowMs, events, fullest, system };
    return this.counted;
  }

  private statsOf(event: EventGauges, nowMs: number): EventQueueStats {
    const facts = this.line.facts(event.event);
    return {
      eventId: event.event,
      totalWaiting: int32(event.waiting),
      totalAdmitted: int32(event.admitted),
      admissionRatePerMinute: int32(facts?.admittedLastMin() ?? 0),
      averageWaitTimeSeconds: int32(facts?.medianWaitSec() ?? 0),
      lastUpdated: timestamp(nowMs - event.lagMs),
    };
  }
}

/**
 * Totals are of all events; rates of those listed, which are the fullest. `systemCapacityPercentage` = admissions of the
 * last minute as a share of what refill lets through in one, over events that admit; `averageAdmissionRate` = admissions
 * a minute and event.
 */
function systemOf(
  events: readonly EventGauges[],
  fullest: readonly EventQueueStats[],
  nowMs: number,
): Counted['system'] {
  const sum = (figure: (event: EventGauges) => number): number =>
    events.reduce((total, event) => total + figure(event), 0);
  const perMin = fullest.reduce((total, event) => total + (event.admissionRatePerMinute ?? 0), 0);
  const listed = new Set(fullest.map(({ eventId }) => eventId));
  const refillPerMin = sum((event) =>
    event.admits && listed.has(event.event) ? event.refillPerSec * 60 : 0,
  );
  return {
    totalActiveQueues: int32(events.length),
    totalWaitingUsers: int32(sum(({ waiting }) => waiting)),
    totalAdmittedUsers: int32(sum(({ admitted }) => admitted)),
    systemCapacityPercentage: refillPerMin === 0 ? 0 : int32((100 * perMin) / refillPerMin),
    averageAdmissionRate: fullest.length === 0 ? 0 : perMin / fullest.length,
    lastUpdated: timestamp(nowMs),
  };
}
