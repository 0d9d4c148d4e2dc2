/**
 * What a plan said would be a minute later, and what was. Every desk looks at the records of the last minutes, so an
 * outcome is noted whichever desk made the change and whether it still lives; Redis sees to it that it is noted once.
 * Where something else was changed within the minute there is none: what came of which could not be told apart.
 */

import { z } from 'zod';
import type { Outcome } from '../../contract/audit.ts';
import type { RedisClient } from '../../redis/client.ts';
import type { FlowKind } from '../flow.ts';
import type { RedisClock } from '../redis-clock.ts';
import type { Store } from '../store.ts';
import type { Predicted } from './actions/record.ts';
import type { ChangedEvent } from './changes-parts.ts';
import { parseRecord, type StreamEntry } from './trail.ts';

/** So long after a change it is looked at, ms. */
const afterMs = 60_000;
/** Changes older than that are not looked at any more, ms. */
const lookBackMs = 600_000;
/** Later than this the number of those waiting is reckoned back only by a desk that has watched since, ms. */
const promptMs = 2_000;
/** Changes that move nobody. */
const moveNobody: readonly string[] = ['queue.message', 'message.clear'];

const predictedSchema = z.object({
  predicted: z.object({ waiting: z.number(), admitted: z.number(), admittedBefore: z.number() }),
});

interface Pending {
  readonly auditId: string;
  readonly atMs: number;
  readonly predicted: Predicted;
}

interface Watched {
  readonly sinceMs: number;
  changedAtMs: number;
  pending: readonly Pending[];
}

/** What moves the number of those waiting, and which way. */
const moves: readonly (readonly [FlowKind, 1 | -1])[] = [
  ['joined', 1],
  ['back', 1],
  ['entered', -1],
  ['left', -1],
  ['silent', -1],
  ['unclaimed', -1],
];

export class Outcomes {
  private readonly parts: { readonly redis: RedisClient; readonly clock: RedisClock; readonly store: Store };
  private readonly watched = new Map<string, Watched>();

  constructor(parts: { readonly redis: RedisClient; readonly clock: RedisClock; readonly store: Store }) {
    this.parts = parts;
  }

  /** Notes the outcomes that are due. */
  async look(events: readonly ChangedEvent[]): Promise<void> {
    const nowMs = this.parts.clock.nowMs();
    const ids = new Set(events.map(({ id }) => id));
    for (const id of this.watched.keys()) if (!ids.has(id)) this.watched.delete(id);
    for (const event of events) {
      const isDue = ({ atMs }: Pending): boolean => nowMs >= atMs + afterMs;
      const watched = await this.refresh(event, nowMs);
      // Not every change shows in the settings: the trail is read once more before something is noted.
      if (watched.pending.some(isDue)) watched.pending = await this.readPending(event, nowMs);
      const due = watched.pending.filter(isDue);
      for (const one of due) {
        const outcome = outcomeOf(event, one, { nowMs, watchedSinceMs: watched.sinceMs });
        await this.parts.store.noteAudit(event.ref, {
          noteId: `${one.auditId}:outcome`,
          record: JSON.stringify({ addsTo: one.auditId, outcome }),
        });
      }
      if (due.length > 0) watched.pending = watched.pending.filter((one) => !due.includes(one));
    }
  }

  /** Reads the trail again after each change of the settings. */
  private async refresh(event: ChangedEvent, nowMs: number): Promise<Watched> {
    const { changedAtMs } = event.replica.settings;
    const known = this.watched.get(event.id);
    if (known?.changedAtMs === changedAtMs) return known;
    const watched = known ?? { sinceMs: nowMs, changedAtMs, pending: [] };
    watched.pending = await this.readPending(event, nowMs);
    watched.changedAtMs = changedAtMs;
    this.watched.set(event.id, watched);
    return watched;
  }

  private async readPending({ id, ref }: ChangedEvent, nowMs: number): Promise<Pending[]> {
    const since = String(nowMs - lookBackMs);
    return pendingOf((await this.parts.redis.xrange(ref.keys.audit, since, '+')) as StreamEntry[], id);
  }
}

/** Records that foresee something, have no outcome yet, and after which nothing else was changed for a minute. */
function pendingOf(stored: readonly StreamEntry[], event: string): Pending[] {
  const noted = new Set<string>();
  let pending: Pending[] = [];
  for (const one of stored) {
    const record = parseRecord(one, event);
    if (!record) continue;
    if (record.addsTo !== undefined) {
      if (record.entry.outcome) noted.add(record.addsTo);
      continue;
    }
    const json: unknown = JSON.parse(one[1][one[1].indexOf('record') + 1] ?? '{}');
    const parsed = predictedSchema.safeParse(json);
    const { auditId, at, action } = record.entry;
    const atMs = Date.parse(at);
    if (!moveNobody.includes(action))
      pending = pending.filter((one) => atMs < one.atMs || atMs - one.atMs > afterMs);
    if (parsed.success) pending.push({ auditId, atMs, predicted: parsed.data.predicted });
  }
  return pending.filter(({ auditId }) => !noted.has(auditId));
}

function outcomeOf(
  { replica }: ChangedEvent,
  { atMs, predicted }: Pending,
  when: { nowMs: number; watchedSinceMs: number },
): Outcome {
  const { nowMs, watchedSinceMs } = when;
  const { flow, waiting, totals } = replica;
  const thenMs = atMs + afterMs;
  const sinceSec = Math.floor(nowMs / 1000) - Math.floor(thenMs / 1000);
  const after = sinceSec <= 0 ? 0 : flow.sum('entered', nowMs, sinceSec);
  const admitted = Math.max(0, totals.entered - after - predicted.admittedBefore);
  const moved =
    sinceSec <= 0 ? 0 : moves.reduce((sum, [kind, sign]) => sum + sign * flow.sum(kind, nowMs, sinceSec), 0);
  const isKnown = nowMs - thenMs <= promptMs || watchedSinceMs <= thenMs;
  return {
    at: new Date(nowMs).toISOString(),
    rows: [
      ...(isKnown
        ? [
            {
              name: 'waitingIn60Sec',
              unit: 'people' as const,
              predicted: predicted.waiting,
              actual: Math.max(0, waiting.count - moved),
            },
          ]
        : []),
      { name: 'admittedIn60Sec', unit: 'people', predicted: predicted.admitted, actual: admitted },
    ],
  };
}
