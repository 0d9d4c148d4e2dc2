/** How wrong the shown ETAs were, as a metric: a sample of what was shown, held against when the place entered. */
import type { StatusReply } from '../contract/visitor-api.ts';
import type { CountBook } from './count-book.ts';

const samplesMax = 500;
/** A sample that is this many times older than it said is given up: its place left, or entered elsewhere. */
const overdueTimes = 3;
const etaSecMin = 30;
const confidenceMin = 0.6;
/** Weight of the newest error in the running mean. */
const newestShare = 0.05;

export class EtaAccuracy {
  private readonly samples = new Map<number, { atMs: number; etaSec: number }>();
  private mean = 0;
  private readonly counts: Pick<CountBook, 'add'> | undefined;

  /** `counts`: adds up the errors for the report on a sale. */
  constructor(counts?: Pick<CountBook, 'add'>) {
    this.counts = counts;
  }

  /** Running mean of |shown − real| ÷ real; 0 until the first sample has entered. */
  get errorRatio(): number {
    return this.mean;
  }

  shown(seq: number, reply: StatusReply, nowMs: number): void {
    if (reply.eta_sec < etaSecMin || reply.confidence < confidenceMin || this.samples.has(seq)) return;
    if (this.samples.size >= samplesMax && !this.giveUpOverdue(nowMs)) return;
    this.samples.set(seq, { atMs: nowMs, etaSec: reply.eta_sec });
  }

  entered(seq: number, nowMs: number): void {
    const sample = this.samples.get(seq);
    if (!sample) return;
    this.samples.delete(seq);
    const realSec = Math.max(1, (nowMs - sample.atMs) / 1000);
    const error = Math.abs(sample.etaSec - realSec) / realSec;
    this.mean += newestShare * (error - this.mean);
    this.counts?.add('eta.places');
    this.counts?.add('eta.errors', Math.round(1000 * error));
  }

  /** Looks at the oldest sample only: they are taken in the order of time. */
  private giveUpOverdue(nowMs: number): boolean {
    for (const [seq, { atMs, etaSec }] of this.samples) {
      return nowMs - atMs > overdueTimes * etaSec * 1000 && this.samples.delete(seq);
    }
    return true;
  }
}
