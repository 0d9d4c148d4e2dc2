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
  readonly leavePerSec: number;
  readonly redisCpuPercent: number | null;
}

export const sampleOf = (snapshot: QueueSnapshot): Sample => ({
  waiting: snapshot.waiting,
  admitPerSec: snapshot.admitPerSec,
  refillPerSec: snapshot.bucket.refillPerSec.now,
  tokens: snapshot.bucket.tokens,
  joinPerSec: snapshot.joinPerSec,
  leavePerSec: snapshot.leavePerSec,
  redisCpuPercent: snapshot.redis.cpuPercent,
});

/** How far back it is looked for how the line moves, s: what `/min` says, as it is. */
const slopeSec = 60;
/** The data that it takes before anything is said: of how the line moves, and of when it is empty, s. */
const leastSec = { slope: 10, pace: 20 };
/** Without data for so long, what was before says nothing of what comes, s. */
const gapSec = 30;
/** Below this share of all who come and go, the difference is noise. */
const netShareLeast = 0.05;

/** Samples by whole second of the monotonic clock. */
export class History {
  private readonly samples = new Map<number, Sample>();
  private newestSec = Number.NEGATIVE_INFINITY;
  /** The first second since the last pause or long gap. */
  private steadySec = Number.POSITIVE_INFINITY;

  /** As it is now, whatever is recorded later: for a picture that is held. */
  copy(): History {
    const copy = new History();
    for (const [second, sample] of this.samples) copy.samples.set(second, sample);
    copy.newestSec = this.newestSec;
    copy.steadySec = this.steadySec;
    return copy;
  }

  /**
   * How many more wait than a minute ago, as people a second: whoever went away or was let go counts as everybody else.
   * undefined = less than 10 s of data; of less than a minute, all there is.
   */
  waitingPerSec(): number | undefined {
    return this.slope(this.newestSec - slopeSec, leastSec.slope);
  }

  /** The same as far as it tells when the line is empty; undefined = too few data, or too little to tell from noise. */
  netPerSec(): number | undefined {
    const from = Math.max(this.newestSec - slopeSec, this.steadySec);
    const net = this.slope(from, leastSec.pace);
    if (net === undefined) return undefined;
    const end = this.newestSec + 1;
    const flows = (['joinPerSec', 'admitPerSec', 'leavePerSec'] as const).map((field) =>
      this.mean(field, from, end),
    );
    const allPerSec = flows.reduce<number>((sum, flow) => sum + (flow ?? 0), 0);
    return Math.abs(net) < netShareLeast * allPerSec ? undefined : net;
  }

  /**
   * Keeps the sample of this second; the latest one counts. A single second that a late timer left out is filled.
   * A pause says nothing of when the line is empty after it.
   */
  record(nowMs: number, sample: Sample, isPaused = false): void {
    const second = Math.floor(nowMs / 1000);
    if (isPaused) this.steadySec = Number.POSITIVE_INFINITY;
    else if (this.steadySec > second || second - this.newestSec > gapSec) this.steadySec = second;
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

  /** People a second from the oldest sample not before `fromSec` to the newest one. */
  private slope(fromSec: number, least: number): number | undefined {
    const newest = this.samples.get(this.newestSec);
    if (newest === undefined) return undefined;
    for (let second = fromSec; second <= this.newestSec - least; second += 1) {
      const oldest = this.samples.get(second);
      if (oldest !== undefined) return (newest.waiting - oldest.waiting) / (this.newestSec - second);
    }
    return undefined;
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
