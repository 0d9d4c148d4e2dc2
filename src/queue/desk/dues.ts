/** Reads of `due`: when the silence of places begins, 4 bytes a seq, in tenths of a second since the event's base. */
import type { RedisClient } from '../../redis/client.ts';

/** Longest stretch that is read at once, places: 256 KB. */
const stretchPlaces = 64 * 1024;

/** Seqs between two that are read rather than asking twice. */
const gapPlaces = 1_024;

/** A stretch of `due` that was read. */
export interface DueStretch {
  readonly firstSeq: number;
  readonly bytes: Buffer;
}

/** Tenths of a second; 0 where the stretch does not reach, or where there is none. */
export function dueIn({ firstSeq, bytes }: DueStretch, seq: number): number {
  const at = (seq - firstSeq) * 4;
  return at >= 0 && at + 4 <= bytes.length ? bytes.readUInt32BE(at) : 0;
}

/** Where to read for these seqs (ascending): close ones together. */
export function stretchesOf(seqs: readonly number[]): { firstSeq: number; lastSeq: number }[] {
  const stretches: { firstSeq: number; lastSeq: number }[] = [];
  for (const seq of seqs) {
    const last = stretches.at(-1);
    if (last && seq - last.lastSeq <= gapPlaces && seq - last.firstSeq < stretchPlaces) last.lastSeq = seq;
    else stretches.push({ firstSeq: seq, lastSeq: seq });
  }
  return stretches;
}

/** Reads the dues of these seqs (ascending) in one pipeline. Gives what answers for each of them. */
export async function readDues(
  redis: RedisClient,
  key: string,
  seqs: readonly number[],
): Promise<(seq: number) => number> {
  const stretches = stretchesOf(seqs);
  if (stretches.length === 0) return () => 0;
  const pipeline = redis.pipeline();
  for (const { firstSeq, lastSeq } of stretches) pipeline.getrangeBuffer(key, firstSeq * 4, lastSeq * 4 + 3);
  const replies = (await pipeline.exec()) ?? [];
  const read = stretches.map(({ firstSeq }, index): DueStretch => {
    const [error, bytes] = replies[index] ?? [];
    if (error) throw error;
    return { firstSeq, bytes: bytes as Buffer };
  });
  return (seq) => {
    const stretch = read.findLast(({ firstSeq }) => firstSeq <= seq);
    return stretch ? dueIn(stretch, seq) : 0;
  };
}
