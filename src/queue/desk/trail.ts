/** The audit trail as it is kept: records of a stream, read newest first, with what later records say of them. */
import { z } from 'zod';
import { undoPlacesSec } from '../../contract/actions.ts';
import { roles } from '../../contract/admin-api.ts';
import { type AuditEntry, auditEntrySchema } from '../../contract/audit.ts';
import type { Tomb } from '../job-store.ts';
import { undoWindowSec } from './undo.ts';

/** Meta fields as they were before a change, for its undo. */
export type Restore = Readonly<Record<string, string>>;

/** One record of a stream. */
export interface TrailRecord {
  readonly streamId: string;
  readonly entry: AuditEntry;
  /** Never leaves the server. */
  readonly restore?: Restore;
  /** Whether it has a `restore`; copies keep only this of it. */
  readonly undoable: boolean;
  /** What was asked for, as actions/record.ts digests it; absent in copies. */
  readonly asks?: string;
  /** It only adds to this earlier record, such as an outcome or the number of people. */
  readonly addsTo?: string;
}

/** A stream's reply: id, then names and values in turn. */
export type StreamEntry = readonly [id: string, fields: readonly string[]];

const text = z.string().catch('');
const maybeText = z.string().optional().catch(undefined);
const { rows, people, receipt, outcome } = auditEntrySchema.shape;

/** Records of earlier versions lack much: what is missing is empty. */
const storedSchema = z.object({
  auditId: text,
  at: text,
  event: z.string().nullable().catch(null),
  actor: text,
  role: z.enum([...roles, 'system']).catch('system'),
  client: text,
  action: text,
  summary: text,
  reason: text,
  ticket: maybeText,
  planHash: maybeText,
  revision: z.number().int().catch(0),
  rows: rows.catch([]),
  people: people.catch(undefined),
  undoUntil: maybeText,
  undoes: maybeText,
  receipt: receipt.catch(undefined),
  outcome: outcome.catch(undefined),
  addsTo: maybeText,
  asks: maybeText,
  undoable: z.boolean().optional().catch(undefined),
  restore: z.record(z.string(), z.string()).optional().catch(undefined),
});

/** Parses a record; undefined for one that names no change. `event`: whose stream it is; null = of all events. */
export function parseRecord([streamId, fields]: StreamEntry, event: string | null): TrailRecord | undefined {
  const named = new Map<string, string>();
  for (let at = 0; at + 1 < fields.length; at += 2) named.set(fields[at] ?? '', fields[at + 1] ?? '');
  const parsed = storedSchema.safeParse(parseJson(named.get('record') ?? ''));
  if (!parsed.success) return undefined;
  const { addsTo, asks, undoable, restore, ...rest } = parsed.data;
  if (rest.auditId === '' && addsTo === undefined) return undefined;
  const streamMs = Number(named.get('at') ?? streamId.split('-')[0]);
  const entry = dropUndefined({
    ...rest,
    event: event ?? rest.event,
    at: rest.at === '' ? new Date(streamMs).toISOString() : rest.at,
    revision: named.has('revision') ? Number(named.get('revision')) : rest.revision,
  });
  return {
    streamId,
    entry,
    undoable: undoable ?? restore !== undefined,
    ...(restore === undefined ? {} : { restore }),
    ...(addsTo === undefined ? {} : { addsTo }),
    ...(asks === undefined ? {} : { asks }),
  };
}

/** A record as it is copied to the trail of all events. */
export const formatCopy = ({ entry, undoable, addsTo }: TrailRecord): string =>
  JSON.stringify({ ...entry, undoable, ...(addsTo === undefined ? {} : { addsTo }) });

/** Folds records, newest first, into entries: what later ones add to an earlier one, and by which it was undone. */
export class TrailFold {
  private readonly added = new Map<string, Partial<AuditEntry>>();
  private readonly undoneBy = new Map<string, string>();

  /** The entry of a record; undefined for one that only adds to another. */
  take(record: TrailRecord): TrailRecord | undefined {
    const { entry, addsTo } = record;
    if (addsTo !== undefined) {
      const { people, receipt, outcome } = entry;
      this.added.set(addsTo, { ...dropUndefined({ people, receipt, outcome }), ...this.added.get(addsTo) });
      return undefined;
    }
    if (entry.undoes !== undefined) this.undoneBy.set(entry.undoes, entry.auditId);
    const undoneBy = this.undoneBy.get(entry.auditId);
    const whole = {
      ...entry,
      ...this.added.get(entry.auditId),
      ...(undoneBy === undefined ? {} : { undoneBy }),
    };
    return { ...record, entry: whole };
  }
}

/**
 * The entry with the time until which `undo` works: of settings 15 min (of a closing 10), while nobody has changed
 * them since; of places 10 min, as long as they are kept. `revision`: of the event, or of the budget, now; undefined = the event is gone.
 */
export function withUndo(
  { entry, undoable }: TrailRecord,
  state: { nowMs: number; revision: number | undefined; tombs: readonly Tomb[] },
): AuditEntry {
  const { undoUntil: _, ...rest } = entry;
  if (entry.undoneBy !== undefined) return rest;
  const untilMs = undoUntilMs(entry, undoable, state);
  return untilMs > state.nowMs ? { ...rest, undoUntil: new Date(untilMs).toISOString() } : rest;
}

function undoUntilMs(
  entry: AuditEntry,
  undoable: boolean,
  state: { revision: number | undefined; tombs: readonly Tomb[] },
): number {
  const atMs = Date.parse(entry.at);
  const tomb = state.tombs.find(({ auditId }) => auditId === entry.auditId);
  if (tomb) return Math.min(tomb.untilMs, atMs + undoPlacesSec * 1000);
  const isNewest = entry.revision > 0 && entry.revision === state.revision;
  return undoable && isNewest ? atMs + undoWindowSec(entry) * 1000 : 0;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function dropUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
