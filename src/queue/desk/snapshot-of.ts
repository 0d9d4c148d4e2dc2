/** Shapes an event's snapshot from its replica and from what was read beside. Everything comes in as data. */
import type { Alarm } from '../../contract/alarms.ts';
import { snapshotRowsMax } from '../../contract/limits.ts';
import type { QueueSnapshot } from '../../contract/snapshot.ts';
import { flowWindowSecMax } from '../flow.ts';
import { brakeView } from './brake-view.ts';
import type { DeskWide } from './desk-wide.ts';
import type { EventReads } from './event-reads.ts';
import { fleetOf } from './fleet.ts';
import { ratePerSec } from './rates.ts';
import { recoveryView } from './recovery-view.ts';
import { awayRow, type RowParts, waitingRow } from './rows.ts';
import { bucketView, messageView } from './views.ts';

export interface SnapshotParts {
  readonly event: string;
  readonly parts: RowParts;
  readonly reads: EventReads;
  readonly alarms: readonly Alarm[];
  readonly silentOver60Sec: number;
  /** Joins and leaves are known from here on, Redis ms. */
  readonly sinceMs: number;
  readonly tokensMicro: number;
  readonly ageSec: number;
  readonly stale: boolean;
}

/** A snapshot without its number (0). */
export function snapshotOf(from: SnapshotParts, wide: DeskWide): QueueSnapshot {
  const { event, parts, reads, sinceMs, ageSec } = from;
  const { replica, nowMs, view } = parts;
  const { settings, waiting, totals } = replica;
  return {
    kind: 'QueueSnapshot',
    asOf: new Date(nowMs - ageSec * 1000).toISOString(),
    event,
    name: settings.name,
    timeZone: settings.timeZone,
    seq: 0,
    phase: view.phase,
    paused: settings.paused,
    ...(settings.opensAtMs > 0 ? { opensAt: new Date(settings.opensAtMs).toISOString() } : {}),
    waiting: waiting.count,
    away: replica.away.size,
    silentOver60Sec: from.silentOver60Sec,
    joinedTotal: totals.joined,
    admittedTotal: totals.entered,
    leftTotal: totals.left,
    expiredTotal: totals.expired,
    ...ratesOf(replica.flow, { nowMs, sinceMs, createdAtMs: settings.createdAtMs }),
    bucket: bucketView(settings, from.tokensMicro, nowMs),
    brake: brakeView(settings, reads.reports, nowMs),
    ...etaOf(parts),
    revision: settings.revision,
    gateways: fleetOf(reads.reports, settings.revision, nowMs),
    recovery: recoveryView(reads.recovery, nowMs, settings.recoverUntilMs > 0),
    redis: wide.figures,
    hpa: wide.outside().hpa,
    budget: wide.budget,
    message: messageView(settings, nowMs),
    restorable: restorableOf(reads, nowMs),
    top: waiting
      .slice(1, snapshotRowsMax)
      .map((seq, index) => waitingRow(parts, { seq, position: index + 1 })),
    awayTop: reads.away.filter((seq) => replica.away.has(seq)).map((seq) => awayRow(parts, seq)),
    alarms: [...from.alarms],
    changes: reads.changes(nowMs, settings.revision),
    watchers: wide.watchers.of(event),
    ageSec,
    stale: from.stale,
  };
}

/** Admissions are known from the event's beginning, up to 15 min; the rest since the desk watches. */
function ratesOf(
  flow: RowParts['replica']['flow'],
  times: { nowMs: number; sinceMs: number; createdAtMs: number },
) {
  const { nowMs, sinceMs, createdAtMs } = times;
  const admitted = (sec: number): number => ratePerSec(flow, 'entered', { nowMs, sinceMs: createdAtMs, sec });
  return {
    admitPerSec: admitted(10),
    admitPerSec1m: admitted(60),
    admitPerSec5m: admitted(300),
    admitPerSec15m: admitted(flowWindowSecMax),
    admitted15m: flow.sum('entered', nowMs, flowWindowSecMax),
    joinPerSec: ratePerSec(flow, 'joined', { nowMs, sinceMs, sec: 10 }),
    leavePerSec: ratePerSec(flow, 'left', { nowMs, sinceMs, sec: 10 }),
  };
}

function etaOf({ eta, replica, nowMs }: RowParts) {
  const { count } = replica.waiting;
  const tail = eta.at(count + 1, nowMs);
  return {
    etaTailSec: tail.etaSec,
    etaTailLowSec: tail.lowSec,
    etaTailHighSec: tail.highSec,
    etaMedianSec: eta.at(Math.max(1, Math.ceil(count / 2)), nowMs).etaSec,
    confidence: tail.confidence,
  };
}

/** The latest expiry that can still be undone. */
function restorableOf({ tombs }: EventReads, nowMs: number): QueueSnapshot['restorable'] {
  const tomb = tombs.findLast(({ untilMs, places }) => untilMs > nowMs && places > 0);
  if (!tomb) return null;
  return { auditId: tomb.auditId, until: new Date(tomb.untilMs).toISOString(), people: tomb.places };
}
