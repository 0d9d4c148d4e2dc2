/**
 * How long until a waiting place can enter, from what a replica has in memory. `refresh` does the heavy part at most
 * every `etaRefreshMs`; `at` is asked at every poll and is arithmetic on what refresh prepared.
 * docs/eta.md explains the model and says how well it does.
 */

import { claimSecDefault, microPerToken, overdraftTokens } from '../contract/limits.ts';
import type { Notice, Phase } from '../contract/visitor-api.ts';
import {
  baseCapSec,
  baseEtaSec,
  baseRate,
  baseSafety,
  confidenceFallback,
  confidenceOf,
  LocalHour,
} from './eta-base.ts';
import { Behaviour } from './eta-behaviour.ts';
import { Causes } from './eta-causes.ts';
import { Course } from './eta-course.ts';
import { Recall } from './eta-recall.ts';
import type { Flow } from './flow.ts';
import { constant, type TimedValue, valueAt } from './timed-value.ts';

/** A refresh sooner after the last than this would learn nothing, ms; one after a change is done at once. */
export const etaRefreshMs = 250;

/** Share of the estimate to either side, by confidence; the upper side also carries the safety of the base formula. */
const spreadSure = 0.05;
const spreadUnsure = 0.5;

/** Width that even a short estimate has to either side, s: a poll's time. */
const spreadSecMin = 2;

/** From being ready to entering: half a poll's pause and a click, s. */
const noticeSecUsual = 2;

export interface EtaInputs {
  /** Redis clock, epoch ms. */
  readonly nowMs: number;
  readonly flow: Flow;
  /** People in the line; those stepped around are not among them. */
  readonly waiting: number;
  /** People stepped around, who may come back in front. */
  readonly away: number;
  /** The bucket now, micro-tokens; may be negative. */
  readonly tokensMicro: number;
  /** Micro-tokens per second. */
  readonly refill: TimedValue;
  /** The bucket's size now, micro-tokens. */
  readonly capacityMicro: number;
  /** Places from the front that may enter. */
  readonly window: number;
  readonly paused: boolean;
  readonly phase: Phase;
  /** Epoch ms; 0 = no opening time. */
  readonly opensAtMs: number;
  /** Last change of the event's settings, epoch ms. */
  readonly changedAtMs: number;
  /** Somebody ready stood there: few admissions then mean that people are slow, else that nobody could enter. */
  readonly couldEnter: boolean;
  /** Time in which a ready place is expected to enter, s. Default 60. */
  readonly claimSec?: number;
}

export interface Eta {
  /** Median estimate, whole seconds; 0 = can enter now. */
  readonly etaSec: number;
  readonly lowSec: number;
  readonly highSec: number;
  /** 1, 0.8, 0.6, or 0.2: nothing measured, or nobody knows how long (paused). */
  readonly confidence: number;
  /** The wait is longer than `etaSec` says: a first guess is cut at 600 s after the opening. */
  readonly clamped: boolean;
}

/** Of a place in a line that is closed. */
const over: Eta = { etaSec: 0, lowSec: 0, highSec: 0, confidence: confidenceFallback, clamped: false };

export class EtaModel {
  readonly #hour: LocalHour;
  readonly #behaviour = new Behaviour();
  readonly #expected = new Course();
  readonly #planned = new Course();
  readonly #causes = new Causes();
  readonly #recall = new Recall();
  #refill = constant(0);
  #refreshedAtMs = 0;
  #changedAtMs = -1;
  #isOver = false;
  #isPaused = false;
  /** Paused, or nobody knows when it opens: the time counts from then, so nobody is told that they need not wait. */
  #isWaitUnknown = false;
  #openMs = 0;
  #window = 0;
  #flow: Flow | undefined;
  #tokens = 0;
  /** Admissions counted at the refresh. */
  #entered = 0;
  /** People who will stand ready at a time. */
  #readySoon = 0;
  /** People away who, going by those before them, will come back in front. */
  #returning = 0;
  #baseRate = 0;
  #confidence = confidenceFallback;
  #isFallback = true;

  /** `timeZone` is the event's, an IANA name. Throws a RangeError for one that the platform does not know. */
  constructor(options: { timeZone: string }) {
    this.#hour = new LocalHour(options.timeZone);
  }

  /** Takes over the line's state: at once after a change of settings, else at most every `etaRefreshMs`. */
  refresh(inputs: EtaInputs): void {
    const { nowMs, flow, changedAtMs } = inputs;
    if (nowMs - this.#refreshedAtMs < etaRefreshMs && changedAtMs === this.#changedAtMs) return;
    this.#refreshedAtMs = nowMs;
    this.#changedAtMs = changedAtMs;
    const isOpen = inputs.phase === 'open' || inputs.phase === 'draining';
    this.#isOver = inputs.phase === 'closed';
    this.#isPaused = inputs.paused;
    this.#openMs = isOpen ? nowMs : Math.max(nowMs, inputs.opensAtMs);
    this.#isWaitUnknown = inputs.paused || (!isOpen && inputs.opensAtMs <= nowMs);
    this.#window = inputs.window;
    this.#refill = inputs.refill;
    this.#flow = flow;
    this.#tokens = inputs.tokensMicro / microPerToken;
    this.#entered = flow.total('entered');
    const ready = Math.max(0, Math.floor(this.#heldNow()));
    const refillPerSec = valueAt(inputs.refill, nowMs) / microPerToken;
    this.#behaviour.sample({
      nowMs,
      flow,
      waiting: inputs.waiting,
      tokens: this.#tokens,
      refillPerSec,
      window: inputs.window,
      ready,
      running: isOpen && !inputs.paused,
      couldEnter: inputs.couldEnter,
      changedAtMs,
      claimSec: inputs.claimSec ?? claimSecDefault,
    });
    this.#readySoon = refillPerSec * noticeSecUsual + this.#behaviour.lingering;
    this.#returning = inputs.away * returnShare(flow);
    const measured = confidenceOf(flow, nowMs);
    this.#isFallback = measured === confidenceFallback;
    this.#confidence = this.#isWaitUnknown ? confidenceFallback : measured;
    this.#baseRate = baseRate(flow, nowMs, this.#hour.at(nowMs));
    this.#prepare(inputs, ready);
    this.#causes.refresh({
      nowMs,
      planned: this.#planned,
      expected: this.#expected,
      use: this.#behaviour.use,
      paused: inputs.paused,
      isOpen,
      opensAtMs: inputs.opensAtMs,
      changedAtMs,
      room: Math.min(inputs.window, inputs.capacityMicro / microPerToken),
      back: flow.total('back'),
      waiting: inputs.waiting,
      isClamping: this.#isFallback && this.at(inputs.waiting, nowMs).clamped,
    });
    this.#remember(inputs, ready);
  }

  /** The estimate of a waiting place. `position` counts from 1; `nowMs` may be later than the last refresh. */
  at(position: number, nowMs: number): Eta {
    if (this.#isOver) return over;
    const passedSec = this.#isPaused ? 0 : Math.max(0, nowMs - this.#refreshedAtMs) / 1000;
    const openSec = Math.max(0, (this.#openMs - nowMs) / 1000);
    const confidence = this.#confidence;
    const held = this.#heldNow();
    const isReady = position <= Math.floor(held);
    let sec = openSec;
    let lateSec = openSec;
    if (!isReady || openSec > 0) {
      const gap = this.#gapOf(position);
      sec = Math.max(openSec, this.#expected.secondsTo(gap) - passedSec);
      lateSec = Math.max(openSec, this.#expected.secondsTo(gap + this.#returning) - passedSec);
      if (sec === Number.POSITIVE_INFINITY) {
        sec = openSec + baseEtaSec(position, this.#baseRate);
        lateSec = sec;
      }
    }
    if (this.#isWaitUnknown) {
      sec = Math.max(1, sec);
      lateSec = Math.max(1, lateSec);
    }
    const clamped = this.#isFallback && sec > openSec + baseCapSec;
    const shownSec = clamped ? openSec + baseCapSec : sec;
    const spread = spreadSure + (1 - confidence) * (spreadUnsure - spreadSure);
    const wide = sec > 0 ? spreadSecMin : 0;
    return {
      etaSec: isReady ? Math.round(shownSec) : Math.max(1, Math.round(shownSec)),
      lowSec: Math.max(
        this.#isWaitUnknown ? 1 : 0,
        Math.floor(Math.max(openSec, shownSec * (1 - spread) - wide)),
      ),
      highSec: Math.ceil(lateSec * Math.max(baseSafety, 1 + spread) + wide),
      confidence,
      clamped,
    };
  }

  /** Why estimates in this line rose in the last minute, or do not run; the same array until the next refresh. */
  notices(): readonly Notice[] {
    return this.#causes.notices();
  }

  /**
   * What of `notices` concerns one waiting place that is not ready: causes of a rise only if its own estimate has risen
   * by more than 10 % against what it was, or could have been, told in the last minute. `etaSec` is what `at` says.
   */
  noticesFor(
    place: { position: number; joinedMs: number; etaSec: number },
    nowMs: number,
  ): readonly Notice[] {
    return this.#causes.noticesFor(() => {
      if (!this.#flow) return undefined;
      return this.#recall.rise(place, {
        nowMs,
        flow: this.#flow,
        planned: this.#planned,
        refill: this.#refill,
        use: this.#behaviour.use,
        gapOf: (position) => this.#gapOf(position),
      });
    });
  }

  #remember(inputs: EtaInputs, ready: number): void {
    const soon = this.#heldSoon(this.#heldNow());
    const { absent, use } = this.#behaviour;
    const capSec = Math.max(0, this.#openMs - inputs.nowMs) / 1000 + baseCapSec;
    this.#recall.sample({
      ...inputs,
      use,
      ready,
      expected: this.#expected,
      planned: this.#planned,
      gapOf: (position) => thinned(position, inputs.window, absent) - soon,
      capSec: this.#isFallback ? capSec : Number.POSITIVE_INFINITY,
    });
  }

  #gapOf(position: number): number {
    return thinned(position, this.#window, this.#behaviour.absent) - this.#heldSoon(this.#heldNow());
  }

  /**
   * Places that the bucket holds tokens for. Who has entered since the refresh is gone from every position already, so
   * their tokens have to be gone as well. Positions 1 to 10 may overdraw: below D tokens, places are ready earlier.
   */
  #heldNow(): number {
    const tokens = this.#tokens - this.#enteredSince();
    return Math.min(this.#window, Math.max(tokens, Math.min(overdraftTokens, tokens + overdraftTokens)));
  }

  /**
   * The same once those ready now have entered: where fewer than D people stand ready at a time, the bucket is
   * overdrawn, and the first 10 positions are ready D tokens earlier.
   */
  #heldSoon(held: number): number {
    const overdrawn = Math.min(overdraftTokens, Math.max(0, 1.5 * overdraftTokens - this.#readySoon));
    return Math.min(this.#window, Math.max(held, this.#tokens - this.#enteredSince() + overdrawn));
  }

  #enteredSince(): number {
    return this.#flow ? this.#flow.total('entered') - this.#entered : 0;
  }

  #prepare({ nowMs, refill, claimSec = claimSecDefault }: EtaInputs, ready: number): void {
    const { use, hazard, parked, parkedShare, releaseFromSec } = this.#behaviour;
    const settings = { nowMs, openMs: this.#openMs, refill, releaseFromSec, releaseToSec: claimSec };
    this.#expected.prepare({
      ...settings,
      use,
      hazard,
      ready,
      releasePerSec: parked / Math.max(1, claimSec - releaseFromSec),
      releaseShare: parkedShare,
    });
    this.#planned.prepare({ ...settings, use: 1, hazard: 0, ready: 0, releasePerSec: 0, releaseShare: 0 });
  }
}

/** A position without those in front who will not be there when the window reaches them. */
function thinned(position: number, window: number, absent: number): number {
  const beyond = position - window;
  return beyond > 0 ? window + beyond * (1 - absent) : position;
}

/** Share of those stepped around who came back, with five who did not before anything is known. */
function returnShare(flow: Flow): number {
  return Math.min(1, flow.total('back') / (flow.total('silent') + flow.total('unclaimed') + 5));
}
