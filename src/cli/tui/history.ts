/** What the charts are drawn from: one sample a second for 15 minutes, gaps where the link was down. */
import type { QueueSnapshot } from '../../contract/snapshot.ts';

/** Windows that `t` goes through, minutes. */
export const windowsMin = [1, 5, 15] as const;
export type WindowMin = (typeof windowsMin)[number];

const keptSec = 15 * 60;

/** What is kept of a snapshot. */
export interface Sample {
  readonly waiting: number;
  readonly admitPerSec: number;
  readonly refillPerSec: number;
  readonly tokens: number;
  readonly joinPerSec: number;
  readonly redisCpuPercent: number | null;
}

export const sampleOf = (snapshot: QueueSnapshot): Sample => ({
  waiting: snapshot.waiting,
  admitPerSec: snapshot.admitPerSec,
  refillPerSec: snapshot.bucket.refillPerSec.now,
  tokens: snapshot.bucket.tokens,
  joinPerSec: snapshot.joinPerSec,
  redisCpuPercent: snapshot.redis.cpuPercent,
});

/** Samples by whole second of the monotonic clock. */
export class History {
  private readonly samples = new Map<number, Sample>();
  private newestSec = Number.NEGATIVE_INFINITY;

  /** As it is now, whatever is recorded later: for a picture that is held. */
  copy(): History {
    const copy = new History();
    for (const [second, sample] of this.samples) copy.samples.set(second, sample);
    copy.newestSec = this.newestSec;
    return copy;
  }

  /** Keeps the sample of this second; the latest one counts. A single second that a late timer left out is filled. */
  record(nowMs: number, sample: Sample): void {
    const second = Math.floor(nowMs / 1000);
    if (second - this.newestSec === 2) this.samples.set(second - 1, sample);
    this.newestSec = second;
    this.samples.set(second, sample);
    for (const known of this.samples.keys()) {
      if (known > second - keptSec) break;
      this.samples.delete(known);
    }
  }

  /** The window in `cells` equal stretches, oldest first, each the mean of its seconds; undefined = no data. */
  cells(
    field: keyof Sample,
    { nowMs, windowMin, cells }: { nowMs: number; windowMin: WindowMin; cells: number },
  ): (number | undefined)[] {
    const stretchSec = (windowMin * 60) / cells;
    // Bounds at multiples of the stretch: drawing does not jitter as time goes on.
    const newest = Math.floor(nowMs / 1000 / stretchSec);
    return Array.from({ length: cells }, (_, at) => {
      const index = newest - cells + 1 + at;
      const from = Math.floor(index * stretchSec);
      const end = Math.max(from + 1, Math.floor((index + 1) * stretchSec));
      return this.mean(field, from, end);
    });
  }

  private mean(field: keyof Sample, from: number, end: number): number | undefined {
    let sum = 0;
    let count = 0;
    for (let second = from; second < end; second += 1) {
      const value = this.samples.get(second)?.[field];
      if (value === undefined || value === null) continue;
      sum += value;
      count += 1;
    }
    return count === 0 ? undefined : sum / count;
  }
}
