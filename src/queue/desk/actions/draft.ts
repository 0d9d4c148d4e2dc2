/** What an action makes of one event before anything is done: the material of its plan and of its operation. */
import type { EventPlan, Level } from '../../../contract/actions.ts';
import type { ChangeRow } from '../../../contract/audit.ts';
import { TacosError } from '../../../contract/errors.ts';
import type { Phase } from '../../../contract/visitor-api.ts';
import type { EventPlan as NewEventPlan } from '../../events.ts';
import type { SalePlan } from '../../sale-store.ts';
import type { EventSettings } from '../../settings.ts';
import type { Store } from '../../store.ts';
import type { HpaOperation } from '../hpa/hpa-draft.ts';
import type { LoadOperation } from '../loadtest/load-draft.ts';
import { diffRows, type RawFields, rawOf } from './setting-rows.ts';

/** What is measured of an event and of Redis; null = not measured. */
export interface Measured {
  readonly cpuPercent: number | null;
  readonly opsPerSec: number | null;
  readonly admitPerSec1m: number;
  /** Over the last minute. */
  readonly joinPerSec: number;
  /** So long the line has been watched, s: joins and leaves are known from then on. */
  readonly watchedSec: number;
}

/** An event as an action is planned on. */
export interface Seen {
  readonly id: string;
  readonly settings: EventSettings;
  /** What time has made of the phase that is written down. */
  readonly phase: Phase;
  readonly waiting: number;
  readonly away: number;
  /** Admissions of its whole life. */
  readonly admittedTotal: number;
  readonly tokensMicro: number;
  /** Redis time, ms. */
  readonly nowMs: number;
  /** Of this data, s. */
  readonly ageSec: number;
  readonly measured: Measured;
}

export type Guard = EventPlan['refusals'][number];
type SettingsChange = Parameters<Store['setSettings']>[1];
type PhaseChange = Parameters<Store['setPhase']>[1];
type JobStart = Parameters<Store['startJob']>[1];

/** How it is done: one call of the store each. */
export type Operation =
  | ({ readonly kind: 'settings' } & Pick<SettingsChange, 'fields' | 'timed'>)
  | ({ readonly kind: 'phase' } & Pick<PhaseChange, 'action' | 'deadlineMs' | 'message'>)
  | { readonly kind: 'job'; readonly job: Omit<JobStart, 'auditId' | 'changeId' | 'audit'> }
  | { readonly kind: 'create'; readonly plan: NewEventPlan }
  | { readonly kind: 'budget'; readonly perSecMicro: number | null }
  | HpaOperation
  | LoadOperation
  | {
      readonly kind: 'sale';
      readonly plan: SalePlan['plan'];
      /** The values that a rollback brings back. */
      readonly restore: RawFields;
    }
  | { readonly kind: 'saleRollback'; readonly saleId: string; readonly fields: RawFields }
  | { readonly kind: 'flush' | 'delete' };

/** Micro-tokens a second that an event takes of the budget, now and once the change is done. */
export interface Claim {
  readonly before: number;
  readonly after: number;
}

export interface Draft {
  readonly event: string | null;
  /** What it changes where that is no event, such as hpa/gateway. */
  readonly subject?: string;
  /** Of the event's settings, or of the budget, as it was planned on. */
  readonly revision: number;
  /** Undefined for what says nothing of an event that exists. */
  readonly seen?: Seen;
  /** The settings once it is done. */
  readonly after?: EventSettings;
  /** People who wait once it is done, where it ends or gives back places. */
  readonly waitingAfter?: number;
  /** The line moves differently afterwards: the forecast is asked. */
  readonly moves: boolean;
  readonly claim?: Claim;
  readonly rows: readonly ChangeRow[];
  readonly warnings: readonly string[];
  readonly refusals: readonly Guard[];
  readonly people: number;
  readonly unchanged: boolean;
  readonly level: Level;
  readonly undoSec: number;
  readonly irreversible: readonly string[];
  readonly summary: string;
  readonly operation: Operation;
  /** Meta fields as they were before, for undo. */
  readonly restore?: RawFields;
  readonly undoes?: string;
  /** Places that the action's names for visitors stand for: a position is somebody else's a moment later. */
  readonly named?: readonly number[];
}

/** Everybody of the line, those stepped around included. */
export const peopleOf = (seen: Seen): number => seen.waiting + seen.away;

export const badRequest = (message: string, hint?: string): TacosError =>
  new TacosError('BAD_REQUEST', { message, ...(hint === undefined ? {} : { hint }) });

/** What every draft about an existing event has in common; the action's own part goes over it. */
export function draftOf(
  seen: Seen,
  own: Partial<Draft> & Pick<Draft, 'operation' | 'summary' | 'level'>,
): Draft {
  return {
    event: seen.id,
    revision: seen.settings.revision,
    seen,
    moves: false,
    rows: [],
    warnings: [],
    refusals: [],
    people: 0,
    unchanged: false,
    undoSec: 0,
    irreversible: [],
    ...own,
  };
}

/** A draft whose rows and restore follow from the settings after it and the fields that it touches. */
export function settingsDraft(
  seen: Seen,
  change: { after: EventSettings; touched: readonly string[]; asked?: readonly string[] },
  own: Partial<Draft> & Pick<Draft, 'operation' | 'summary' | 'level'>,
): Draft {
  const raw = rawOf(seen.settings);
  const rows = diffRows({
    before: seen.settings,
    after: change.after,
    nowMs: seen.nowMs,
    asked: change.asked ?? [],
  });
  return draftOf(seen, {
    after: change.after,
    rows,
    restore: Object.fromEntries(change.touched.map((name) => [name, raw[name] ?? ''])),
    unchanged: rows.every((row) => row.before === row.after),
    ...own,
  });
}
