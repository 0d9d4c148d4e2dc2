/** The recoveries of an event in the last ten minutes, as lua/includes/recovery.lua keeps them in `meta`. */
import { recoveryKeptMs } from '../contract/limits.ts';

export interface Recovery {
  /** The epoch that began with it. */
  readonly epoch: number;
  /** Incarnation and number of the last journal entry as Redis had them then; * = it had nothing. */
  readonly incarnation: string;
  readonly n: number;
  /** Seqs that may have been given out and lost: from < seq <= to. */
  readonly from: number;
  readonly to: number;
  /** Redis ms. */
  readonly atMs: number;
}

/** Oldest first. Lines that it cannot read are left out. */
export function parseRecoveries(text: string): Recovery[] {
  return text.split('\n').flatMap((line) => {
    const [epoch, incarnation, n, from, to, atMs] = line.split(' ');
    if (incarnation === undefined || atMs === undefined) return [];
    return [
      {
        epoch: Number(epoch),
        incarnation,
        n: Number(n),
        from: Number(from),
        to: Number(to),
        atMs: Number(atMs),
      },
    ];
  });
}

/**
 * Whether a place that nobody knows can come back at a Redis time: it was given out in an older epoch, under a number
 * that a recovery left out as it may have been lost.
 */
export const mayComeBack = (
  recoveries: readonly Recovery[],
  place: { readonly seq: number; readonly epoch: number },
  nowMs: number,
): boolean =>
  recoveries.some(
    ({ epoch, from, to, atMs }) =>
      place.epoch < epoch && place.seq > from && place.seq <= to && nowMs - atMs < recoveryKeptMs,
  );

/**
 * What somebody who knew an event as of entry `n` of an incarnation can say after a recovery. all: they know entries that
 * Redis lost. final: they know none beyond the number that Redis had, but it may have gone on otherwise from an older one, so
 * what nothing can change any more (entered, left) counts, and what can (expired, given back since) does not. nothing: it is
 * of the epoch itself, or of another history, as before a flush.
 */
export function knowledgeOf(
  recoveries: readonly Recovery[],
  known: { readonly incarnation: string; readonly n: number; readonly epoch: number },
): 'all' | 'final' | 'nothing' {
  const last = recoveries.at(-1);
  if (last === undefined || known.epoch >= last.epoch) return 'nothing';
  const began = recoveries.find(({ incarnation }) => incarnation === known.incarnation);
  if (began) return known.n > began.n ? 'all' : 'final';
  // Redis had nothing, or an epoch that began meanwhile was lost as a whole.
  const isLost = recoveries.some(
    ({ epoch, incarnation }) => known.epoch < epoch && (incarnation === '*' || known.epoch === epoch - 1),
  );
  return isLost ? 'all' : 'nothing';
}
