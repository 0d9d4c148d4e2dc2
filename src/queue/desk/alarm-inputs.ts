/** What the alarms of an event are judged from, gathered from its replica and from what was read beside. */
import type { AlarmFacts } from '../../contract/alarm-facts.ts';
import { microPerToken, overdraftTokens } from '../../contract/limits.ts';
import type { QueueSnapshot } from '../../contract/snapshot.ts';
import { capacityAt } from '../bucket.ts';
import type { Replica } from '../replica.ts';
import { type EventSettings, windowAt } from '../settings.ts';
import { bendsBetween, valueAt } from '../timed-value.ts';
import type { DeskWide } from './desk-wide.ts';
import type { EventReads } from './event-reads.ts';

/** Windows over which grants are held against the bound, s. */
const boundSecs = [10, 60, 300];

/** An event as alarms look at it. */
export interface AlarmedEvent {
  readonly replica: Replica;
  readonly reads: EventReads;
  tokensMicro(): number;
}

/** `nowMs`: Redis time. */
export function alarmFacts(
  event: AlarmedEvent,
  snapshot: QueueSnapshot,
  wide: DeskWide,
  nowMs: number,
): AlarmFacts {
  const { replica, reads } = event;
  return {
    ...snapshot,
    nowMs,
    settledSec: Math.max(0, nowMs - settledAtMs(replica, nowMs)) / 1000,
    setAtMs: {
      refill: replica.settings.refill.fromAtMs,
      capacity: replica.settings.capacity?.fromAtMs ?? 0,
    },
    couldEnter: replica.waiting.count > 0 && event.tokensMicro() >= microPerToken,
    deadHeads: headsOf(replica, reads, nowMs).dead,
    reports: reads.gateways.gateways(nowMs),
    overBound: overBoundOf(replica, nowMs),
    persistenceFailing: wide.health.persistenceFailing,
    failoverAtMs: wide.health.failoverAtMs,
    ...wide.outside(),
  };
}

/**
 * Since when the line runs as it does: its last change, or its opening or a step of the brake, which come by themselves.
 */
function settledAtMs({ settings }: Replica, nowMs: number): number {
  const { changedAtMs, opensAtMs, brake } = settings;
  const times = [opensAtMs, brake?.fromAtMs ?? 0, brake?.untilMs ?? 0].filter((ms) => ms <= nowMs);
  return Math.max(changedAtMs, ...times);
}

/**
 * The people of the window: `dead` = stepped around, or silent past their due without that, `unclaimed` of whom did not
 * enter when they were told to; `present` = the others, who alone could enter.
 */
export function headsOf(
  replica: Replica,
  reads: Pick<EventReads, 'dueOf'>,
  nowMs: number,
): { readonly dead: number; readonly unclaimed: number; readonly present: number } {
  const { settings, waiting, away } = replica;
  const lastSeq = lastSeqOfWindow(replica, nowMs);
  const aside = [...away].filter(([seq]) => seq <= lastSeq);
  const unclaimed = aside.filter(([, one]) => one.unclaimed).length;
  let dead = aside.length;
  let present = 0;
  const nowDs = (nowMs - settings.baseMs) / 100;
  for (const seq of waiting.slice(1, windowAt(settings, nowMs))) {
    const dueDs = reads.dueOf(seq);
    if (dueDs > 0 && dueDs < nowDs) dead += 1;
    else present += 1;
  }
  return { dead, unclaimed, present };
}

/** Seq of the last position of the window; infinite where the line ends before. */
function lastSeqOfWindow(replica: Replica, nowMs: number): number {
  const window = windowAt(replica.settings, nowMs);
  return replica.waiting.slice(window, 1)[0] ?? Number.POSITIVE_INFINITY;
}

/**
 * Grants over C + D + ∫refill in any of the windows that lie behind the last change of the settings; null where none
 * does. Of a schedule the highest value within the window counts, so a break is never said too early.
 */
export function overBoundOf(replica: Replica, nowMs: number): number | null {
  const { settings, flow } = replica;
  let most: number | null = null;
  for (const sec of boundSecs) {
    const fromMs = nowMs - sec * 1000;
    if (settings.changedAtMs > fromMs || settings.createdAtMs > fromMs) continue;
    const times = timesOf(settings, fromMs, nowMs);
    const tokens = Math.max(...times.map((ms) => capacityAt(settings, ms)));
    const perSec = Math.max(...times.map((ms) => valueAt(settings.refill, ms)));
    // One second more than the window, as whole seconds are counted.
    const bound = (tokens + perSec * (sec + 1)) / microPerToken + overdraftTokens;
    const over = Math.max(0, flow.sum('entered', nowMs, sec) - bound);
    most = Math.max(most ?? 0, Math.ceil(over));
  }
  return most;
}

/** Both ends of a window and where a schedule bends or jumps between them, with the moment before. */
function timesOf({ refill, capacity }: EventSettings, fromMs: number, nowMs: number): number[] {
  const bends = [refill, ...(capacity ? [capacity] : [])].flatMap((timed) =>
    bendsBetween(timed, fromMs, nowMs),
  );
  return [fromMs, nowMs, ...bends.flatMap((ms) => [ms - 1, ms])];
}
