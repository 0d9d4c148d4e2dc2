/**
 * What the people of a line do, measured with forgetting: how much of the refill becomes admissions, how fast people
 * leave, how many of those who reach the front are not there. Sampled once a second from the flow's totals.
 *
 * The trick is to count tokens, not admissions: a place is ready once the bucket holds a token for it and everyone in
 * front, and an admission takes one token and one person, so it changes nothing. What remains to be known is
 * refill that overflowed a full bucket (`use`), and people who vanish without a token: that is far less noisy than the
 * admission rate.
 */
import type { Flow } from './flow.ts';

/** Time between two samples, ms; a longer gap than `gapMs` teaches nothing. */
const sampleMs = 1_000;
const gapMs = 5_000;

/** Forgetting: the time after which a second counts 1/e, s. */
const useMemorySec = 40;
const leaveMemorySec = 60;
const absentMemorySec = 90;

/** Weight of "all of the refill is used" before anything is measured, in seconds of refill. */
const usePriorSec = 10;

/** Nothing is learnt about `use` for so long after opening, resuming or a change: people first have to notice, ms. */
const settleMs = 5_000;

/** People who must have left, or passed, before a share counts half. */
const leavePrior = 4;
const absentPrior = 5;
const parkedPrior = 40;

/** Whoever is ready for longer than this has had time to notice (poll of 2.4 s and a click) and stays away, s. */
const noticeSec = 3;

/** Before those whose turn came could have been seen to be silent, so many of them are presumed to go then. */
const presumedShare = 0.06;
const presumedPrior = 100;
const silentSec = 25;

/** Of those who linger before anyone has been stepped around, so many are taken to be gone, the others idle. */
const goneShare = 0.5;

/** Turns whose end teaches how many do not enter, s; and samples kept, more than that and the longest claim time. */
const claimMemorySec = 120;
const countSamples = 256;

const shareMax = 0.9;
const useMin = 0.05;

export interface BehaviourInputs {
  readonly nowMs: number;
  readonly flow: Flow;
  readonly waiting: number;
  /** Tokens; may be negative. */
  readonly tokens: number;
  readonly refillPerSec: number;
  readonly window: number;
  /** Places that the bucket holds tokens for, the overdraft included. */
  readonly ready: number;
  /** Open or draining, and not paused. */
  readonly running: boolean;
  /** Somebody ready stood there. */
  readonly couldEnter: boolean;
  readonly changedAtMs: number;
  readonly claimSec: number;
}

/** What the samples compare. */
interface Totals {
  readonly entered: number;
  readonly left: number;
  readonly silent: number;
  readonly unclaimed: number;
  readonly back: number;
  readonly tokens: number;
  readonly ready: number;
  readonly inWindow: number;
  readonly demand: boolean;
}

const nothing: Totals = {
  entered: 0,
  left: 0,
  silent: 0,
  unclaimed: 0,
  back: 0,
  tokens: 0,
  ready: 0,
  inWindow: 0,
  demand: false,
};

export class Behaviour {
  /** Share of the refill that becomes admissions while there is demand, 0.05 to 1. */
  use = 1;
  /** Leaving, per person and second. */
  hazard = 0;
  /** Share of those who come into the window and are stepped around there, 0 to 0.9. */
  absent = presumedShare;
  /** Share of those who become ready and neither enter nor leave, 0 to 0.9. */
  parkedShare = 0;
  /** People whose turn came lately and who will be stepped around, between `releaseFromSec` and `claimSec` from now. */
  parked = 0;
  releaseFromSec = 0;
  /** People who have been ready for longer than it takes to notice. */
  lingering = 0;

  #sampledAtMs = 0;
  #runningSinceMs = 0;
  #last = nothing;
  #usable = 0;
  #used = 0;
  #left = 0;
  #personSec = 0;
  #stepped = 0;
  #arrived = 0;
  readonly #turns = new Counts();
  readonly #unclaimed = new Counts();

  /** Takes a sample if a second has gone by since the last. */
  sample(inputs: BehaviourInputs): void {
    const { nowMs, running } = inputs;
    const sinceMs = nowMs - this.#sampledAtMs;
    if (sinceMs < sampleMs) return;
    this.#sampledAtMs = nowMs;
    if (!running) this.#runningSinceMs = 0;
    else if (this.#runningSinceMs === 0) this.#runningSinceMs = nowMs;
    const before = this.#last;
    this.#last = this.#totals(inputs);
    if (sinceMs > gapMs) {
      // Whoever is in front now has come there at an unknown time: with the next sample, they count as arrivals.
      this.#last = { ...this.#last, ready: 0, inWindow: 0 };
      return;
    }
    const sec = sinceMs / 1000;
    this.#learnLeaving(before.left, inputs.waiting, sec);
    if (!running) return;
    this.#learnUse(before, inputs, sec);
    this.#learnParked(before, inputs);
    this.#learnAbsent(before, sec);
  }

  #totals({ flow, tokens, ready, window, waiting, couldEnter, running }: BehaviourInputs): Totals {
    return {
      entered: flow.total('entered'),
      left: flow.total('left'),
      silent: flow.total('silent'),
      unclaimed: flow.total('unclaimed'),
      back: flow.total('back'),
      tokens,
      ready: running ? Math.min(ready, waiting) : 0,
      inWindow: running ? Math.min(window, waiting) : 0,
      demand: waiting > tokens && couldEnter,
    };
  }

  #learnLeaving(leftBefore: number, waiting: number, sec: number): void {
    const keep = Math.exp(-sec / leaveMemorySec);
    this.#left = this.#left * keep + this.#last.left - leftBefore;
    this.#personSec = this.#personSec * keep + waiting * sec;
    const measured = this.#left / Math.max(1, this.#personSec);
    this.hazard = (measured * this.#left) / (this.#left + leavePrior);
  }

  #learnUse(before: Totals, inputs: BehaviourInputs, sec: number): void {
    const settledMs = Math.max(this.#runningSinceMs, inputs.changedAtMs) + settleMs + sec * 1000;
    if (this.#usable === 0) {
      this.#usable = usePriorSec * inputs.refillPerSec;
      this.#used = this.#usable;
    }
    if (inputs.nowMs >= settledMs && before.demand && this.#last.demand) {
      const keep = Math.exp(-sec / useMemorySec);
      const made = this.#last.entered - before.entered + this.#last.tokens - before.tokens;
      this.#usable = this.#usable * keep + inputs.refillPerSec * sec;
      this.#used = this.#used * keep + made;
    }
    this.use = this.#usable > 0 ? Math.min(1, Math.max(useMin, this.#used / this.#usable)) : 1;
  }

  /** Those who linger beyond what unclaimed turns explain have most likely gone, and will be seen to be silent. */
  #learnAbsent(before: Totals, sec: number): void {
    const keep = Math.exp(-sec / absentMemorySec);
    const now = this.#last;
    const stepped = now.silent - before.silent - (now.back - before.back);
    const present =
      now.entered - before.entered + now.unclaimed - before.unclaimed + now.inWindow - before.inWindow;
    this.#stepped = this.#stepped * keep + stepped;
    this.#arrived = this.#arrived * keep + stepped + present;
    const judged = Math.max(0, this.#turns.lately(silentSec, absentMemorySec));
    const ignorance = presumedPrior / (presumedPrior + judged);
    const silent = Math.max(0, this.#stepped);
    // Nobody is gone where nobody is seen to be silent in the end: then they are slow.
    const credible = Math.min(1, ignorance + silent / (presumedShare * (presumedPrior + judged)));
    const gone = Math.max(0, this.lingering - this.parked) * goneShare * credible;
    const absent = silent + gone + this.#arrived * presumedShare * ignorance;
    this.absent = Math.min(shareMax, absent / Math.max(1, this.#arrived + absentPrior));
  }

  /**
   * Who stands ready without entering is stepped around `claimSec` after the turn came. Until the first of them are,
   * those ready for longer than it takes to notice stand for them; later the share of a stretch's turns that ended so.
   */
  #learnParked(before: Totals, { claimSec }: BehaviourInputs): void {
    const now = this.#last;
    const unclaimed = now.unclaimed - before.unclaimed;
    this.#turns.add(now.entered - before.entered + unclaimed + now.ready - before.ready);
    this.#unclaimed.add(unclaimed);
    this.lingering = Math.max(0, now.ready - Math.max(0, this.#turns.lately(0, noticeSec)));
    const turns = Math.max(0, this.#turns.lately(0, claimSec));
    const early = ((1 - goneShare) * this.lingering) / (turns + parkedPrior);
    const judged = Math.max(0, this.#turns.lately(claimSec, claimMemorySec));
    const ended = this.#unclaimed.lately(0, claimMemorySec) + parkedPrior * Math.min(1, early);
    this.parkedShare = Math.min(shareMax, ended / (judged + parkedPrior));
    this.parked = this.parkedShare * turns;
    this.releaseFromSec = Math.max(0, claimSec - this.#turns.filled);
  }
}

/** Running totals of the last four minutes, one a sample. */
class Counts {
  filled = 0;
  readonly #totals = new Float64Array(countSamples);
  #total = 0;

  add(count: number): void {
    this.#total += count;
    this.filled += 1;
    this.#totals[this.filled % countSamples] = this.#total;
  }

  /** The count of the `length` samples that ended `ago` samples ago. */
  lately(ago: number, length: number): number {
    return this.#at(this.filled - ago) - this.#at(this.filled - ago - length);
  }

  #at(index: number): number {
    const oldest = Math.max(0, this.filled - countSamples + 1);
    return index <= 0 ? 0 : (this.#totals[Math.max(index, oldest) % countSamples] ?? 0);
  }
}
