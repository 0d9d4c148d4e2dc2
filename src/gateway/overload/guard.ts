/**
 * Keeps one worker from taking on more than it can answer in time. The sign is the time for which a request waits until it is
 * looked at (loop-watch.ts). Once that was too long for too long, so much is refused that it stays near what is just not too
 * long: what is admitted is answered in time, and what is not is told so as soon. `shares.ts` says whose requests they are.
 */
import { type Refusal, refuse } from '../../contract/errors.ts';
import { type ByWork, fairPart, refusedShares, type Work, workOf, works } from './shares.ts';

export interface GuardOptions {
  /** Lag that is too much, ms, and that is held then; 0 = nothing is ever refused. */
  readonly lateMs: number;
  /** Called once in a while from the requests: a loop with much to do may not come round to its timers for seconds. */
  readonly peek?: () => void;
  /** Whether an event is served here: all that are not count as one. */
  readonly isServed: (event: string) => boolean;
  /** 0 to 1. */
  readonly random?: () => number;
}

/** How the loop is. */
export interface LoopLook {
  /** Time since the last look, ms. */
  readonly tookMs: number;
  /** How long what came waited to be read, ms. */
  readonly lagMs: number;
  /** Share of the time in which it did not wait for work, 0 to 1. */
  readonly busy: number;
}

/** Below it the loop is late because others have the processor: to refuse work would not help. */
const busyMin = 0.75;
/**
 * It begins when the loop was late for so long, ms, and at so many looks: a crowd that comes at once is not refused if it is
 * soon served. It ends when nothing had to be refused for so long, ms.
 */
const beginsAfterMs = 400;
const beginsAfterLooks = 3;
const endsAfterMs = 5_000;
/** Of what is too much, so much is refused: what is measured is old by the lag, and part of it was refused meanwhile. */
const excessTaken = 0.5;
/** The share may rise by so much a second, and falls at once: who was refused comes back only later. */
const risePerSec = 0.3;
/** Requests between two calls of `peek`, a power of 2. */
const peekEvery = 64;
/** What was asked for is counted anew so often, ms. */
const countMs = 100;
/**
 * A refusal costs nearly half of a poll. With more refusals than this for one answer, people are told to come back later, so
 * that what is refused does not eat up what could be done.
 */
const refusedPerAnswer = 0.15;
/**
 * Retry-After, s: its middle, and the least and most of that. Spread wide, lest all come back at once; a place is safe for
 * 40 s after its polls were refused. It outlasts the end, so that one overload after another does not begin at 1 s again.
 */
const retrySecMin = 1;
const retrySecMax = 20;
const retrySpread = { from: 0.3, to: 1.5 } as const;
const retryGrowth = 1.05;
const retryShrink = 1.01;
/** Of what was counted before, so much still counts at each count: some five seconds. */
const retryMemory = 0.98;

interface EventLoad {
  /** Requests of one look, those of the last few count too. */
  readonly asked: ByWork;
  readonly now: ByWork;
  shares: ByWork;
}

const none = (): ByWork => ({ join: 0, status: 0, enter: 0 });

export class OverloadGuard {
  /** Requests refused since the process began. */
  readonly refused: ByWork = none();
  private readonly options: GuardOptions;
  private readonly random: () => number;
  private readonly events = new Map<string, EventLoad>();
  private calm = true;
  private share = 0;
  private requests = 0;
  private looks = 0;
  private sinceMs = 0;
  private countedMs = 0;
  private retrySec = retrySecMin;
  private answers = 0;
  private refusals = 0;

  constructor(options: GuardOptions) {
    this.options = options;
    this.random = options.random ?? Math.random;
  }

  /** Nothing is refused now. */
  get isCalm(): boolean {
    return this.calm;
  }

  /** As `isCalm`, asked once a request before anything else. */
  isOpen(): boolean {
    this.requests = (this.requests + 1) & (peekEvery - 1);
    if (this.requests === 0) this.options.peek?.();
    return this.calm;
  }

  /** Share of the work that is refused, 0 to 1. */
  get refusedShare(): number {
    return this.share;
  }

  /** Why this request is refused, or undefined. Asked once a request, unless `isOpen`. */
  refusalOf(work: Work, event: string | undefined): Refusal | undefined {
    if (this.calm) return undefined;
    const load = this.loadOf(event);
    load.now[work] += 1;
    const share = load.shares[work];
    if (share === 0 || this.random() >= share) {
      this.answers += 1;
      return undefined;
    }
    return this.refusal(work);
  }

  /**
   * Looks at the loop. Of what waits, that is refused which cannot be done within the lag that is held, and no more: what is
   * left keeps the worker busy until those come back who were refused.
   */
  look({ tookMs, lagMs, busy }: LoopLook): void {
    const { lateMs } = this.options;
    if (lateMs === 0) return;
    const isBusy = busy >= busyMin;
    if (this.calm) {
      const isLate = isBusy && lagMs > lateMs;
      this.looks = isLate ? this.looks + 1 : 0;
      this.sinceMs = isLate ? this.sinceMs + tookMs : 0;
      if (this.looks < beginsAfterLooks || this.sinceMs < beginsAfterMs) return;
      this.calm = false;
      this.sinceMs = 0;
    }
    const excess = isBusy ? Math.max(0, 1 - lateMs / lagMs) : 0;
    this.share = Math.min(excess * excessTaken, this.share + (risePerSec * tookMs) / 1000);
    this.countedMs += tookMs;
    if (this.countedMs >= countMs) this.count();
    this.divide();
    this.sinceMs = this.share === 0 ? this.sinceMs + tookMs : 0;
    if (this.sinceMs >= endsAfterMs) this.end();
  }

  private end(): void {
    this.calm = true;
    this.looks = 0;
    this.sinceMs = 0;
    this.answers = 0;
    this.refusals = 0;
    this.events.clear();
  }

  /** What was asked for lately, half of it since the last count. */
  private count(): void {
    this.countedMs = 0;
    for (const [event, { asked, now }] of this.events) {
      for (const work of works) {
        asked[work] = (asked[work] + now[work]) / 2;
        now[work] = 0;
      }
      if (workOf(asked) < 0.01) this.events.delete(event);
    }
    this.pace();
  }

  private divide(): void {
    const loads = [...this.events.values()];
    const all = loads.map(({ asked }) => workOf(asked));
    const room = (1 - this.share) * all.reduce((sum, one) => sum + one, 0);
    const part = this.share === 0 ? Number.POSITIVE_INFINITY : fairPart(all, room);
    for (const load of loads) load.shares = refusedShares(load.asked, part);
  }

  private pace(): void {
    const { answers, refusals } = this;
    this.answers *= retryMemory;
    this.refusals *= retryMemory;
    if (refusals > refusedPerAnswer * answers)
      this.retrySec = Math.min(retrySecMax, this.retrySec * retryGrowth);
    else if (refusals < (refusedPerAnswer / 2) * answers)
      this.retrySec = Math.max(retrySecMin, this.retrySec / retryShrink);
  }

  private refusal(work: Work): Refusal {
    this.refused[work] += 1;
    this.refusals += 1;
    const spread = retrySpread.from + (retrySpread.to - retrySpread.from) * this.random();
    const retryAfterSec = Math.max(1, Math.round(this.retrySec * spread));
    return refuse('OVERLOADED', { retryAfterSec });
  }

  /** Names that are served nowhere could be made up without end. */
  private loadOf(event: string | undefined): EventLoad {
    const name = event !== undefined && (this.events.has(event) || this.options.isServed(event)) ? event : '';
    let load = this.events.get(name);
    if (load === undefined) {
      load = { asked: none(), now: none(), shares: none() };
      this.events.set(name, load);
    }
    return load;
  }
}
