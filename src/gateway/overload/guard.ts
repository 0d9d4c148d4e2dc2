/**
 * Keeps one worker from taking on more than it can answer in time. The sign is the time that the event loop takes to come
 * round, which is how long a request waits to be looked at. While that stays over its target and the loop has no rest, a
 * share of the requests is refused, which grows and shrinks until the lag is at its target: what is admitted is answered
 * soon, what is not is told so as soon. `shares.ts` says whose requests they are.
 */
import { type Refusal, refuse } from '../../contract/errors.ts';
import { type ByWork, fairPart, refusedShares, type Work, workOf, works } from './shares.ts';

export interface GuardOptions {
  /** Lag that is held while there is too much to do, ms; 0 = nothing is ever refused. */
  readonly targetMs: number;
  /** Whether an event is served here: all that are not count as one. */
  readonly isServed: (event: string) => boolean;
  /** 0 to 1. */
  readonly random?: () => number;
}

/** How the loop was since the last look. */
export interface LoopLook {
  /** Time since then, ms. */
  readonly tookMs: number;
  /** The least that it came round late meanwhile, ms: one long pause among short turns is no queue. */
  readonly lagMs: number;
  /** Share of the time in which it did not wait for work, 0 to 1. */
  readonly busy: number;
}

/** Below it the loop is late because others have the processor: to refuse work would not help. */
const busyMin = 0.75;
/** So many late looks in a row begin it; so many without any share refused end it. */
const lateLooks = 2;
const calmLooks = 10;
/** The share grows by so much a second for a lag of twice the target, and with each look for one that rose by a target. */
const gainPerSec = 0.5;
const gainOfRise = 0.1;
/** Lag over the target, and its rise, count up to so many targets. */
const errorMax = 4;
const riseMax = 2;
/** Somebody always gets through: from what is answered the rest is reckoned. */
const shareMax = 0.98;
/**
 * Refusing takes about a quarter of what answering does. With more refusals than this for one answer, people are told to
 * come back later, so that what is refused does not eat up what could be done.
 */
const refusedPerAnswer = 0.25;
/** Retry-After, s, is spread over up to 1.5 times as much; a place is safe for 40 s after its polls were refused. */
const retrySecMin = 1;
const retrySecMax = 20;
const retrySpread = 0.5;
const retryGrowth = 1.05;
/** Joins are refused unread once so many of them are refused at every event. */
const unreadShare = 0.9;

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
  private lastLagMs = 0;
  private looks = 0;
  private retrySec = retrySecMin;
  private answersNow = 0;
  private refusalsNow = 0;
  private unreadNow = 0;
  private unread = 0;

  constructor(options: GuardOptions) {
    this.options = options;
    this.random = options.random ?? Math.random;
  }

  /** Nothing is refused, and nothing needs to be counted. */
  get isCalm(): boolean {
    return this.calm;
  }

  /** Share of the work that is refused, 0 to 1. */
  get refusedShare(): number {
    return this.share;
  }

  /** Why this request is refused, or undefined. Asked once a request, unless `isCalm`. */
  refusalOf(work: Work, event: string | undefined): Refusal | undefined {
    if (this.calm) return undefined;
    const load = this.loadOf(event);
    load.now[work] += 1;
    const share = load.shares[work];
    if (share === 0 || this.random() >= share) {
      this.answersNow += 1;
      return undefined;
    }
    return this.refusal(work);
  }

  /** The same of a join whose body was not read, so that its event is not known: only where nearly all are refused. */
  refusalUnread(): Refusal | undefined {
    if (this.calm || this.unread === 0 || this.random() >= this.unread) return undefined;
    this.unreadNow += 1;
    return this.refusal('join');
  }

  /** Looks at the loop, about ten times a second. */
  look({ tookMs, lagMs, busy }: LoopLook): void {
    const { targetMs } = this.options;
    if (targetMs === 0) return;
    const isLate = busy >= busyMin && lagMs > targetMs;
    if (this.calm) {
      this.looks = isLate ? this.looks + 1 : 0;
      if (this.looks >= lateLooks) this.begin(lagMs);
      return;
    }
    const over = busy < busyMin ? -1 : Math.min(errorMax, (lagMs - targetMs) / targetMs);
    const rise = Math.max(-riseMax, Math.min(riseMax, (lagMs - this.lastLagMs) / targetMs));
    const change = (gainPerSec * over * tookMs) / 1000 + gainOfRise * rise;
    this.share = Math.min(shareMax, Math.max(0, this.share + change));
    this.lastLagMs = lagMs;
    this.divide();
    this.pace();
    this.looks = this.share === 0 && !isLate ? this.looks + 1 : 0;
    if (this.looks >= calmLooks) this.end();
  }

  private begin(lagMs: number): void {
    this.calm = false;
    this.looks = 0;
    this.lastLagMs = lagMs;
  }

  private end(): void {
    this.calm = true;
    this.looks = 0;
    this.unread = 0;
    this.retrySec = retrySecMin;
    this.events.clear();
  }

  private divide(): void {
    this.countUnread();
    for (const [event, { asked, now }] of this.events) {
      for (const work of works) {
        asked[work] = (asked[work] + now[work]) / 2;
        now[work] = 0;
      }
      if (workOf(asked) < 0.01) this.events.delete(event);
    }
    const loads = [...this.events.values()];
    const all = loads.map(({ asked }) => workOf(asked));
    const room = (1 - this.share) * all.reduce((sum, one) => sum + one, 0);
    const part = this.share === 0 ? Number.POSITIVE_INFINITY : fairPart(all, room);
    for (const load of loads) load.shares = refusedShares(load.asked, part);
    const joins = loads.filter(({ asked }) => asked.join > 0).map(({ shares }) => shares.join);
    const least = joins.length === 0 ? 0 : Math.min(shareMax, ...joins);
    this.unread = least >= unreadShare ? least : 0;
  }

  /** Joins that were refused unread were of the events of those that were read, as far as anybody knows. */
  private countUnread(): void {
    const loads = [...this.events.values()];
    const read = loads.reduce((sum, { now }) => sum + now.join, 0);
    for (const { asked, now } of loads) {
      if (read > 0) now.join *= 1 + this.unreadNow / read;
      else if (this.unreadNow > 0) now.join = asked.join;
    }
    this.unreadNow = 0;
  }

  private pace(): void {
    const { answersNow: answers, refusalsNow: refusals } = this;
    this.answersNow = 0;
    this.refusalsNow = 0;
    if (refusals > refusedPerAnswer * answers)
      this.retrySec = Math.min(retrySecMax, this.retrySec * retryGrowth);
    else if (refusals < (refusedPerAnswer / 2) * answers)
      this.retrySec = Math.max(retrySecMin, this.retrySec / retryGrowth);
  }

  private refusal(work: Work): Refusal {
    this.refused[work] += 1;
    this.refusalsNow += 1;
    const retryAfterSec = Math.ceil(this.retrySec * (1 + retrySpread * this.random()));
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
