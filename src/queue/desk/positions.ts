/** A page of the line, and the places beside it that are stepped around. */
import { type PositionRow, positionsPageMax } from '../../contract/visitors.ts';
import type { RedisClient } from '../../redis/client.ts';
import { windowAt } from '../settings.ts';
import type { DeskEvent } from './desk-event.ts';
import { readDues } from './dues.ts';
import { awayRow, waitingRow } from './rows.ts';

/**
 * Rows `from` to `from + limit - 1`. The page that holds the window's last position, or the line's end where that comes
 * first, also lists who is away, behind its own rows: by place, at most `positionsPageMax`.
 */
export async function positionsOf(
  event: DeskEvent,
  redis: RedisClient,
  query: { readonly from: number; readonly limit: number },
): Promise<{ rows: PositionRow[]; waiting: number; away: number }> {
  const from = Math.max(1, query.from);
  const limit = Math.min(query.limit, positionsPageMax);
  const { replica, ref } = event;
  const seqs = replica.waiting.slice(from, limit);
  const { nowMs } = event.rowParts();
  const lastOfWindow = Math.max(1, Math.min(windowAt(replica.settings, nowMs), replica.waiting.count));
  const showsAway = from <= lastOfWindow && lastOfWindow < from + limit;
  const away = showsAway ? [...replica.away.keys()].sort((a, b) => a - b).slice(0, positionsPageMax) : [];
  const dueOf = await readDues(
    redis,
    ref.keys.due,
    [...seqs, ...away].sort((a, b) => a - b),
  );
  const parts = event.rowParts(dueOf);
  // Who moved while `due` was read is where they are now: a row never says a place that is not in the line.
  const rows = seqs
    .filter((seq) => replica.waiting.has(seq))
    .map((seq) => waitingRow(parts, { seq, position: replica.position(seq) }));
  const awayRows = away.filter((seq) => replica.away.has(seq)).map((seq) => awayRow(parts, seq));
  return { rows: [...rows, ...awayRows], waiting: replica.waiting.count, away: replica.away.size };
}
