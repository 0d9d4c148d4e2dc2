/** How many people an expiry by silence would end now: the same reckoning as lua/includes/job_end.lua. */
import type { RedisClient } from '../../../redis/client.ts';
import type { Replica } from '../../replica.ts';
import type { EventRef } from '../../store.ts';

/** Places of one GETRANGE: 256 KiB. */
const chunkPlaces = 65_536;
/** Silence in which nobody could be heard ends so long after a gap, ms; see graceAwaySec. */
const graceMs = 40_000;

/** Counts those in the line and away who were not heard for `silentForMs`. */
export async function countSilent(
  redis: RedisClient,
  ref: EventRef,
  replica: Replica,
  when: { readonly silentForMs: number; readonly nowMs: number },
): Promise<number> {
  const graceAt = Number((await redis.hget(ref.keys.meta, 'graceAt')) ?? 0);
  const { baseMs, presenceMs } = replica.settings;
  const needMs = Math.max(0, when.silentForMs - presenceMs);
  const isSilent = (dueDs: number): boolean =>
    when.nowMs - Math.max(baseMs + dueDs * 100, graceAt + graceMs) >= needMs;
  let people = 0;
  const first = replica.waiting.first() ?? replica.maxSeq + 1;
  const start = Math.min(first, ...replica.away.keys());
  for (let from = start; from <= replica.maxSeq; from += chunkPlaces) {
    const due = await redis.getrangeBuffer(ref.keys.due, from * 4, (from + chunkPlaces) * 4 - 1);
    const last = Math.min(replica.maxSeq, from + chunkPlaces - 1);
    for (let seq = from; seq <= last; seq += 1) {
      if (!replica.waiting.has(seq) && !replica.away.has(seq)) continue;
      const at = (seq - from) * 4;
      if (isSilent(at + 4 <= due.length ? due.readUInt32BE(at) : 0)) people += 1;
    }
  }
  return people;
}
