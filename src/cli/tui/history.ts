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

/** Time constant of the mean pace, and the data that it takes before it says anything, s. */
const paceSec = { constant: 30, least: 20 };
/** Below this share of all who come and go, the difference is noise. */
const netShareLeast = 0.05;

/** Means of those who come and those who go, people a second, over data of `sec` seconds. */
interface Pace {
  readonly sec: number;
  readonly inPerSec: number;
  readonly outPerSec: number;
}

/** Samples by whole second of the monotonic clock. */
export class History {
  private readonly samples = new Map<number, Sample>();
  private newestSec = Number.NEGATIVE_INFINITY;
  private pace: Pace | undefined;

  /** As it is now, whatever is recorded later: for a picture that is held. */
  copy(): History {
    const copy = new History();
    for (const [second, sample] of this.samples) copy.samples.set(second, sample);
    copy.newestSec = this.newestSec;
    copy.pace = this.pace;
    return copy;
  }

  /** How fast the line grows of late, people a second; undefined = too few data, or too little to tell from noise. */
  netPerSec(): number | undefined {
    if (this.pace === undefined || this.pace.sec < paceSec.least) return undefined;
    const { inPerSec, outPerSec } = this.pace;
    const net = inPerSec - outPerSec;
    return Math.abs(net) < netShareLeast * (inPerSec + outPerSec) ? undefined : net;
  }

  /**
   * Keeps the sample of this second; the latest one counts. A single second that a late timer left out is filled.
   * A pause begins the mean pace anew: it says nothing of what comes after it.
   */
  record(nowMs: number, sample: Sample, isPaused = false): void {
    const second = Math.floor(nowMs / 1000);
    this.pace = isPaused ? undefined : this.paceWith(sample, second - this.newestSec);
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

  /** The mean with a sample of the last `goneSec`; anew after a gap as long as the mean itself reaches back. */
  private paceWith({ joinPerSec, admitPerSec, leavePerSec }: Sample, goneSec: number): Pace {
    const outPerSec = admitPerSec + leavePerSec;
    const { pace } = this;
    if (pace === undefined || goneSec > paceSec.constant) return { sec: 0, inPerSec: joinPerSec, outPerSec };
    const sec = pace.sec + goneSec;
    // At first the plain mean: the first sample weighs no more than any other.
    const weight = sec <= 0 ? 1 : Math.max(1 - Math.exp(-goneSec / paceSec.constant), goneSec / (sec + 1));
    return {
      sec,
      inPerSec: pace.inPerSec + weight * (joinPerSec - pace.inPerSec),
      outPerSec: pace.outPerSec + weight * (outPerSec - pace.outPerSec),
    };
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
