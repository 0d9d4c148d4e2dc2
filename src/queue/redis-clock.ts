/**
 * Redis TIME, without asking: the offset between Redis's clock and this process's monotonic one, from round trips.
 * The answer lies within half a round trip; the best of the last samples is used (as NTP's clock filter does, RFC 5905
 * section 10), and samples are dropped when old, since clocks drift.
 */
export interface ClockSample {
  readonly offsetUs: number;
  /** Half the round trip. */
  readonly uncertaintyUs: number;
  readonly takenMs: number;
}

const samplesMax = 16;
const sampleLifeMs = 30_000;
/** Drift assumed between samples: 50 µs a second is more than a quartz clock has. */
const driftShare = 5e-5;

export class RedisClock {
  private samples: ClockSample[] = [];
  private best: ClockSample | undefined;
  private readonly monoMs: () => number;

  constructor(monoMs: () => number = () => performance.now()) {
    this.monoMs = monoMs;
  }

  /** Takes in an answer of TIME (µs) that was asked at one monotonic time and came at another (ms). */
  sample(redisUs: number, askedMs: number, cameMs: number): void {
    const middleUs = ((askedMs + cameMs) / 2) * 1000;
    const sample = { offsetUs: redisUs - middleUs, uncertaintyUs: (cameMs - askedMs) * 500, takenMs: cameMs };
    this.samples = this.samples.filter((kept) => cameMs - kept.takenMs < sampleLifeMs).slice(1 - samplesMax);
    const disagree =
      this.best &&
      Math.abs(this.best.offsetUs - sample.offsetUs) > this.best.uncertaintyUs + sample.uncertaintyUs + 5_000;
    if (disagree) this.samples = [];
    this.samples.push(sample);
    this.best = this.samples.reduce((best, next) => (next.uncertaintyUs < best.uncertaintyUs ? next : best));
  }

  /** False until the first answer: then times are this machine's own. */
  get known(): boolean {
    return this.best !== undefined;
  }

  /** Redis time now, µs. */
  nowUs(): number {
    const monoUs = this.monoMs() * 1000;
    return Math.floor(this.best ? monoUs + this.best.offsetUs : Date.now() * 1000);
  }

  /** Redis time now, ms. */
  nowMs(): number {
    return Math.floor(this.nowUs() / 1000);
  }

  /** How far nowUs may be off, µs. */
  uncertaintyUs(): number {
    if (!this.best) return 1_000_000;
    return this.best.uncertaintyUs + (this.monoMs() - this.best.takenMs) * 1000 * driftShare;
  }
}
