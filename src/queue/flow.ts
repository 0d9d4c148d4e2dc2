/**
 * How many people moved, per second, for the last 15 minutes of one line: what the ETA learns from. Fed from the
 * journal, so every gateway process counts the same.
 */

export const flowKinds = ['joined', 'entered', 'left', 'silent', 'unclaimed', 'back', 'expired'] as const;
/** What people did. `silent` and `unclaimed` are the two reasons of being stepped around; `back` undoes either. */
export type FlowKind = (typeof flowKinds)[number];

/** Longest window that can be asked for, s. */
export const flowWindowSecMax = 900;

/** Length of one slot of a preloaded history, s. */
export const flowSlotSec = 10;

/** One slot more than the window, so that the second being filled never overwrites one still asked for. */
const slots = flowWindowSecMax + 1;

/** A count of a stretch of `flowSlotSec` seconds. */
export interface FlowSlot {
  /** Start of the stretch, epoch ms. */
  readonly atMs: number;
  readonly count: number;
  /** Seconds of it that had begun when it was counted; default: all. What lies ahead is counted as it comes. */
  readonly sec?: number;
}

export class Flow {
  readonly #counts = new Uint32Array(slots * flowKinds.length);
  /** Which second since the epoch a slot holds. */
  readonly #seconds = new Float64Array(slots).fill(-1);
  readonly #totals = new Float64Array(flowKinds.length);

  /** Adds `count` people at a time (epoch ms, Redis clock). Older than 15 min, or than its slot's content: not kept. */
  record(kind: FlowKind, nowMs: number, count: number): void {
    const index = flowKinds.indexOf(kind);
    this.#totals[index] = (this.#totals[index] ?? 0) + count;
    this.#add(index, Math.floor(nowMs / 1000), count);
  }

  /** People in the last `windowSec` (1 to 900) seconds, the running one included. */
  sum(kind: FlowKind, nowMs: number, windowSec: number): number {
    const base = flowKinds.indexOf(kind) * slots;
    const last = Math.floor(nowMs / 1000);
    const first = last - Math.min(windowSec, flowWindowSecMax) + 1;
    let people = 0;
    for (let slot = 0; slot < slots; slot += 1) {
      const second = this.#seconds[slot] ?? -1;
      if (second >= first && second <= last) people += this.#counts[base + slot] ?? 0;
    }
    return people;
  }

  /** People since this object was made, whatever their time; a preloaded history is not among them. */
  total(kind: FlowKind): number {
    return this.#totals[flowKinds.indexOf(kind)] ?? 0;
  }

  /** Takes over the history of admissions when a replica loads; each slot's count is spread evenly over its seconds. */
  preload(history: readonly FlowSlot[]): void {
    const entered = flowKinds.indexOf('entered');
    for (const { atMs, count, sec = flowSlotSec } of history) {
      const first = Math.floor(atMs / 1000);
      for (let second = 0; second < sec; second += 1) {
        const until = Math.floor((count * (second + 1)) / sec);
        this.#add(entered, first + second, until - Math.floor((count * second) / sec));
      }
    }
  }

  #add(kind: number, second: number, count: number): void {
    const slot = second % slots;
    const held = this.#seconds[slot] ?? -1;
    if (held > second) return;
    if (held < second) {
      this.#seconds[slot] = second;
      for (let other = 0; other < flowKinds.length; other += 1) this.#counts[other * slots + slot] = 0;
    }
    const index = kind * slots + slot;
    this.#counts[index] = (this.#counts[index] ?? 0) + count;
  }
}
