/** Rows of the line as operators see them, made from memory and from what was read of `due`. */
import { snapshotRowsMax } from '../../contract/limits.ts';
import type { PositionRow } from '../../contract/visitors.ts';
import { type AdmissionView, isReady, overdraftPositions } from '../admission.ts';
import type { EtaModel } from '../eta.ts';
import type { Replica } from '../replica.ts';
import type { Arrivals } from './arrivals.ts';
import { heardSec, silentMs } from './heard.ts';

/** What rows are made from, at one moment. */
export interface RowParts {
  readonly replica: Replica;
  readonly eta: EtaModel;
  readonly arrivals: Arrivals;
  /** As the admission rules see the line. */
  readonly view: AdmissionView;
  readonly nowMs: number;
  referenceOf(seq: number): string;
  /** Places of the front with a stream open somewhere; the others poll. Absent = nobody says. */
  readonly streaming?: ReadonlySet<number> | undefined;
  /** Tenths of a second since base; 0 = not read, or none. */
  dueOf(seq: number): number;
}

/** When a place was given out, Redis ms: to the second, and the event's beginning where no record reaches so far. */
export function joinedMsOf(
  { replica, arrivals }: Pick<RowParts, 'replica' | 'arrivals'>,
  seq: number,
): number {
  const { baseMs, createdAtMs } = replica.settings;
  const sinceBaseMs = arrivals.sinceBaseMs(seq);
  return sinceBaseMs === undefined ? createdAtMs : baseMs + sinceBaseMs;
}

/** Of a place that waits at this position. */
export function waitingRow(parts: RowParts, place: { seq: number; position: number }): PositionRow {
  const { eta, view, nowMs } = parts;
  const { seq, position } = place;
  const common = commonOf(parts, seq, position);
  const estimate = eta.at(position, nowMs);
  const ready = isReady(view, position, nowMs - Date.parse(common.joinedAt));
  const silent = (common.heardSec ?? 0) * 1000 > silentMs;
  return {
    ...common,
    position,
    etaSec: ready ? 0 : estimate.etaSec,
    confidence: estimate.confidence,
    ...(parts.streaming && position <= snapshotRowsMax
      ? { client: parts.streaming.has(seq) ? ('stream' as const) : ('poll' as const) }
      : {}),
    note: silent ? 'SILENT' : position <= overdraftPositions ? 'TOP10' : ready ? 'READY' : null,
  };
}

/** Of a place that the line steps around. */
export function awayRow(parts: RowParts, seq: number): PositionRow {
  const away = parts.replica.away.get(seq);
  return {
    ...commonOf(parts, seq, parts.replica.position(seq)),
    position: null,
    etaSec: null,
    confidence: null,
    note: away?.unclaimed ? 'UNCLAIMED' : 'AWAY',
  };
}

function commonOf(parts: RowParts, seq: number, position: number) {
  const { replica, eta, view, nowMs } = parts;
  const joinedMs = joinedMsOf(parts, seq);
  return {
    visitor: parts.referenceOf(seq),
    joinedAt: new Date(joinedMs).toISOString(),
    waitedSec: Math.max(0, Math.floor((nowMs - joinedMs) / 1000)),
    heardSec: heardSec({
      dueDs: parts.dueOf(seq),
      baseMs: replica.settings.baseMs,
      presenceMs: replica.settings.presenceMs,
      position,
      window: view.window,
      etaSec: eta.at(position, nowMs).etaSec,
      nowMs,
    }),
  };
}
