/**
 * Grants of the last moments. Redis forgets those of its last seconds where it loses its memory; whoever still has them
 * says so then, and an enter that is repeated gets the same answer as before.
 */
import { reservationTtlSec } from '../contract/limits.ts';

/** A grant counts for as long as its pass, and the time in which a recovery asks for it, ms. */
const keptMs = reservationTtlSec * 1000 + 10_000;

export class RecentGrants {
  /** In the order of the grants. */
  private readonly grantedMs = new Map<number, number>();

  note(seq: number, atMs: number): void {
    for (const [oldest, ms] of this.grantedMs) {
      if (atMs - ms < keptMs) break;
      this.grantedMs.delete(oldest);
    }
    this.grantedMs.set(seq, atMs);
  }

  /** When it was granted, whole Redis ms; 0 = long ago, or never. */
  at(seq: number): number {
    return Math.floor(this.grantedMs.get(seq) ?? 0);
  }
}
