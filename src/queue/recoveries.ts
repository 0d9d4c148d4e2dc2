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
 * Whether somebody who knew an event as of entry `n` of an incarnation knows anything that Redis lost. Not what is older
 * than what Redis has, nor what belongs to another history, as before a flush.
 */
export function knowsMore(
  recoveries: readonly Recovery[],
  known: { readonly incarnation: string; readonly n: number; readonly epoch: number },
): boolean {
  const last = recoveries.at(-1);
  if (last === undefined || known.epoch >= last.epoch) return false;
  const began = recoveries.find(({ incarnation }) => incarnation === known.incarnation);
  if (began) return known.n > began.n;
  // Redis had nothing, or an epoch that began meanwhile was lost as a whole.
  return recoveries.some(
    ({ epoch, incarnation }) => known.epoch < epoch && (incarnation === '*' || known.epoch === epoch - 1),
  );
}
