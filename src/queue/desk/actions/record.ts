/** Audit records of changes: made, found again when a change is sent again, and what they foresaw. */
import { createHash } from 'node:crypto';
import type { ParsedAction } from '../../../contract/actions.ts';
import type { AuditEntry } from '../../../contract/audit.ts';
import { TacosError } from '../../../contract/errors.ts';
import type { RedisClient } from '../../../redis/client.ts';
import { globalKeys } from '../../global-scripts.ts';
import { keysOf } from '../../scripts.ts';
import { parseRecord, type StreamEntry, type TrailRecord } from '../trail.ts';
import type { Foreseen } from './consequences.ts';
import type { Draft } from './draft.ts';

/** Records looked through for a change that is sent again: it comes within seconds. */
const lookBack = 100;

/** What a record foresees of a minute later, kept beside the entry. */
export interface Predicted {
  readonly waiting: number;
  readonly admitted: number;
  /** Admissions of the event's whole life before the change. */
  readonly admittedBefore: number;
}

/** The id of a change's record, so that the change sent again has the same one. */
export function auditIdOf(changeId: string, event: string | undefined): string {
  const text = event === undefined ? changeId : `${changeId}:${event}`;
  return `aud_${createHash('sha256').update(text).digest('hex').slice(0, 10)}`;
}

/** What an action asks for, so that a key which is used again for something else is noticed. */
export const asksOf = (action: ParsedAction): string =>
  createHash('sha256').update(JSON.stringify(action)).digest('hex').slice(0, 16);

/** Who, why and how, of a record. */
export interface Byline {
  readonly auditId: string;
  readonly author: { readonly name: string; readonly role: AuditEntry['role']; readonly client: string };
  readonly action: string;
  /** As `asksOf` says. */
  readonly asks: string;
  readonly reason?: string | undefined;
  readonly ticket?: string | undefined;
  readonly planHash?: string | undefined;
}

/** Until when a change made of this draft can be undone; undefined = it cannot. */
export function undoUntilOf({ undoSec, seen }: Draft): string | undefined {
  const nowMs = seen?.nowMs ?? Date.now();
  return undoSec > 0 ? new Date(nowMs + undoSec * 1000).toISOString() : undefined;
}

/** The record as the scripts write it: `at` and `revision` stand beside it in the stream. */
export function recordOf(draft: Draft, byline: Byline, foreseen: Foreseen | undefined): string {
  const { auditId, author, action, asks, reason, ticket, planHash } = byline;
  const { restore, undoes, operation } = draft;
  const predicted: Predicted | undefined = foreseen && {
    waiting: Math.round(foreseen.after.waitingIn60Sec),
    admitted: Math.round(foreseen.after.admittedIn60Sec),
    admittedBefore: draft.seen?.admittedTotal ?? 0,
  };
  const endsPlaces = operation.kind === 'job' || operation.kind === 'flush';
  return JSON.stringify({
    auditId,
    event: draft.event,
    actor: author.name,
    role: author.role,
    client: author.client,
    action,
    asks,
    summary: draft.summary,
    reason: reason ?? '',
    ticket,
    planHash,
    rows: draft.rows,
    people: endsPlaces ? draft.people : undefined,
    undoUntil: undoUntilOf(draft),
    undoes,
    restore,
    // Only what has a version of its own is looked at again.
    predicted: operation.kind === 'settings' || operation.kind === 'phase' ? predicted : undefined,
  });
}

/** Newest records of an event, or of what belongs to no event, newest first. */
export async function newestRecords(
  redis: RedisClient,
  event: string | null,
  count = lookBack,
): Promise<TrailRecord[]> {
  const key = event === null ? globalKeys.audit : keysOf(event).audit;
  const stored = (await redis.xrevrange(key, '+', '-', 'COUNT', count)) as StreamEntry[];
  return stored.flatMap((entry) => parseRecord(entry, event) ?? []);
}

/**
 * The record of a change that was made before; undefined = it was not, or long ago.
 *
 * @throws TacosError IDEMPOTENCY_CONFLICT where it was another change that was made under this name
 */
export async function findRecord(
  redis: RedisClient,
  event: string | null,
  { auditId, asks }: { readonly auditId: string; readonly asks: string },
): Promise<AuditEntry | undefined> {
  const records = await newestRecords(redis, event);
  const own = records.find(({ entry, addsTo }) => addsTo === undefined && entry.auditId === auditId);
  if (!own) return undefined;
  if (own.asks !== undefined && own.asks !== asks) throw new TacosError('IDEMPOTENCY_CONFLICT');
  const added = records.find(({ addsTo, entry }) => addsTo === auditId && entry.people !== undefined);
  return added?.entry.people === undefined ? own.entry : { ...own.entry, people: added.entry.people };
}
