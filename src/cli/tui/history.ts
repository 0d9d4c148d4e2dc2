/** What the sparklines are drawn from: one sample a second for 15 minutes, gaps where the link was down. */

export interface Sample {
  readonly waiting: number;
  readonly admitPerSec: number;
  readonly redisCpuPercent: number | null;
}

/** Windows that `t` goes through, minutes. */
export const windowsMin = [1, 5, 15] as const;
export type WindowMin = (typeof windowsMin)[number];

const keptSec = 15 * 60;

/** Samples by whole second of the monotonic clock. */
export class History {
  private readonly samples = new Map<number, Sample>();

  /** Keeps the sample of this second; the latest one counts. */
  record(nowMs: number, sample: Sample): void {
    const second = Math.floor(nowMs / 1000);
    this.samples.set(second, sample);
    for (const known of this.samples.keys()) {
      if (known > second - keptSec) break;
      this.samples.delete(known);
    }
  }

  /** The window in `cells` equal stretches, oldest first, each the mean of its samples; undefined = no data. */
  cells(
    field: keyof Sample,
    { nowMs, windowMin, cells }: { nowMs: number; windowMin: WindowMin; cells: number },
  ): (number | undefined)[] {
    const stretchSec = (windowMin * 60) / cells;
    // Bounds at multiples of the stretch: drawing does not jitter as time goes on.
    const newest = Math.floor(nowMs / 1000 / stretchSec);
    const sums = Array.from({ length: cells }, () => ({ sum: 0, count: 0 }));
    for (const [second, sample] of this.samples) {
      const cell = sums[Math.floor(second / stretchSec) - newest + cells - 1];
      const value = sample[field];
      if (cell === undefined || value === null) continue;
      cell.sum += value;
      cell.count += 1;
    }
    return sums.map(({ sum, count }) => (count === 0 ? undefined : sum / count));
  }
}
