/** Expired places that an operator can still give back: one set of places per time until which it works. */
import { PlaceIndex } from './place-index.ts';

export class Restorable {
  private readonly sets = new Map<number, PlaceIndex>();

  /** Until when a place can be given back, Redis ms; 0 = it cannot. */
  until(seq: number): number {
    let latestMs = 0;
    for (const [untilMs, places] of this.sets) if (untilMs > latestMs && places.has(seq)) latestMs = untilMs;
    return latestMs;
  }

  add(seqs: readonly number[], untilMs: number): void {
    let places = this.sets.get(untilMs);
    if (!places) {
      places = new PlaceIndex();
      this.sets.set(untilMs, places);
    }
    for (const seq of seqs) places.set(seq, true);
  }

  /** They have been given back: should they expire again, it is another time. */
  remove(seqs: readonly number[]): void {
    for (const places of this.sets.values())
      for (const seq of seqs) if (places.has(seq)) places.set(seq, false);
  }

  /** Forgets what is over at a time, Redis ms. */
  forget(nowMs: number): void {
    for (const untilMs of this.sets.keys()) if (untilMs <= nowMs) this.sets.delete(untilMs);
  }
}
