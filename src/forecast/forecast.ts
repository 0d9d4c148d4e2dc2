/**
 * The discrete-event model of a line: who waits, how fast the bucket lets them through, who never comes. Pure; from
 * it come the figures of plans and `tacos simulate`. One person after the other, so its cost is theirs: 300,000 people
 * take some 20 ms.
 */
import type { RatePiece } from './curve.ts';
import { type People, sendThrough } from './people.ts';

/** Where a line stands, and what is going to happen to it. Times count from now, s. */
export interface ForecastInput {
  readonly waiting: number;
  readonly tokens: number;
  /** Tokens the bucket holds. */
  readonly capacity: number;
  /** The same over time, as pieces whose `perSec` is the tokens; what is above a lowered one is cut. Default: always `capacity`. */
  readonly capacityCourse?: readonly RatePiece[];
  /** Refill over time: pieces with a linear course, ascending; before the first one the first value holds. */
  readonly refill: readonly RatePiece[];
  /** Share of the refill that is really used, 0 to 1: measured, else 1. */
  readonly use: number;
  /** Share of those who wait that will never enter: they vanish when the line reaches them, and cost no token. */
  readonly noShow: number;
  /** New people a second; pieces as of the refill. Empty = nobody comes. */
  readonly arrivals: readonly RatePiece[];
  /** Nobody is let through before this; 0 = at once. */
  readonly openAtSec: number;
  /** Longest time that is looked ahead. */
  readonly horizonSec: number;
  /** People notice that they are ready at their next poll, which comes so often, s. Default 0 = at once. */
  readonly pollSec?: number;
  /** Places from the front that may enter. Default: no limit. Matters only with `pollSec`. */
  readonly window?: number;
  /**
   * Whoever comes waits so long before entering, by their position then; `last` 0 = no end. Those who wait now have
   * done so, unless `isFresh`. Default: nobody has to.
   */
  readonly tiers?: readonly { readonly first: number; readonly last: number; readonly waitSec: number }[];
  /** Those who wait now have come this very moment. Default false. */
  readonly isFresh?: boolean;
  /** 0 to 1, below 1: chance decides who never enters and when people poll. Default: evenly spread. */
  readonly random?: () => number;
}

/** How it stands at a time. */
export interface ForecastSample {
  readonly atSec: number;
  readonly waiting: number;
  /** Entered since now. */
  readonly admitted: number;
}

export interface Forecast {
  /** When nobody waits any more; null = not within the horizon. Newcomers who enter without queueing do not count. */
  readonly emptyInSec: number | null;
  /** Wait of the last one who waits now. */
  readonly tailWaitSec: number | null;
  /** Wait of the last one who comes within the horizon; null = that one still waits at its end. */
  readonly lastWaitSec: number | null;
  /** Longest wait from now on of anybody, newcomers included; null = somebody still waits at the horizon's end. */
  readonly longestWaitSec: number | null;
  /** A minute from now. */
  readonly waitingIn60Sec: number;
  readonly admittedIn60Sec: number;
  /** When everybody who comes within the horizon has entered; null = some have not by its end. */
  readonly doneInSec: number | null;
  /** Waits from now on of those who enter within the horizon; null = nobody does. */
  readonly waitP50Sec: number | null;
  readonly waitP95Sec: number | null;
  readonly peakWaiting: number;
  /** Who enters within the horizon. */
  readonly admitted: number;
  /** `courseSamples` moments from now to the end of it, or of the horizon. */
  readonly course: readonly ForecastSample[];
}

/** Samples of a course. */
export const courseSamples = 121;
/** Waits that a percentile is taken from; more are thinned out. */
const waitsMax = 20_000;

/** Runs the model. */
export function forecast(input: ForecastInput): Forecast {
  const people = sendThrough(input);
  const { horizonSec } = input;
  const within = (sec: number): number | null => (sec <= horizonSec ? sec : null);
  const doneSec = lastOf(people.goneSec);
  const tailSec = people.nowCount === 0 ? 0 : (people.goneSec[people.nowCount - 1] ?? 0);
  const lastSec = people.goneSec.at(-1) ?? 0;
  const in60 = sampleAt(input, people, Math.min(60, horizonSec));
  const courseSec = within(doneSec) ?? horizonSec;
  return {
    emptyInSec: within(emptySec(people)),
    tailWaitSec: within(tailSec),
    lastWaitSec: within(lastSec) === null ? null : lastSec - (people.comeSec.at(-1) ?? 0),
    longestWaitSec: within(people.turnSec.at(-1) ?? 0) === null ? null : longestWait(people),
    waitingIn60Sec: in60.waiting,
    admittedIn60Sec: in60.admitted,
    doneInSec: within(doneSec),
    ...percentiles(people, horizonSec),
    peakWaiting: peakWaiting(input, people),
    admitted: sampleAt(input, people, horizonSec).admitted,
    course: Array.from({ length: courseSamples }, (_, index) =>
      sampleAt(input, people, (courseSec * index) / (courseSamples - 1)),
    ),
  };
}

function lastOf(times: Float64Array): number {
  let last = 0;
  for (let at = 0; at < times.length; at += 1) last = Math.max(last, times[at] ?? 0);
  return last;
}

/** The first time that everybody who has come has been reached, and the last of them has entered. */
function emptySec({ nowCount, count, comeSec, turnSec, goneSec }: People): number {
  let goneMax = 0;
  for (let at = 0; at < count; at += 1) {
    if (at >= nowCount && (comeSec[at] ?? 0) > (turnSec[at - 1] ?? 0)) break;
    goneMax = Math.max(goneMax, goneSec[at] ?? 0);
  }
  return nowCount === 0 ? 0 : goneMax;
}

function longestWait({ count, comeSec, goneSec }: People): number {
  let longest = 0;
  for (let at = 0; at < count; at += 1) longest = Math.max(longest, (goneSec[at] ?? 0) - (comeSec[at] ?? 0));
  return longest;
}

function sampleAt({ pollSec = 0 }: ForecastInput, people: People, atSec: number): ForecastSample {
  const { weight, comeSec, turnSec, goneSec, noShowsOf } = people;
  const come = countUpTo(comeSec, atSec);
  const reached = countUpTo(turnSec, atSec);
  // Not more than a poll ago they were reached: among them are those who have not noticed yet.
  let unaware = 0;
  for (let at = reached - 1; at >= 0 && (turnSec[at] ?? 0) > atSec - 2 * pollSec; at -= 1) {
    if ((goneSec[at] ?? 0) > atSec) unaware += 1;
  }
  return {
    atSec,
    waiting: (come - reached + unaware) * weight,
    admitted: (reached - (noShowsOf[reached] ?? 0) - unaware) * weight,
  };
}

/** How many of ascending times are not after that one. */
function countUpTo(times: Float64Array, sec: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) <= sec) low = middle + 1;
    else high = middle;
  }
  return low;
}

function percentiles({ count, comeSec, goneSec, noShowsOf }: People, horizonSec: number) {
  const step = Math.max(1, Math.ceil(count / waitsMax));
  const waits: number[] = [];
  for (let at = 0; at < count; at += step) {
    const isNoShow = noShowsOf[at] !== noShowsOf[at + 1];
    const goneAtSec = goneSec[at] ?? 0;
    if (!isNoShow && goneAtSec <= horizonSec) waits.push(goneAtSec - (comeSec[at] ?? 0));
  }
  const sorted = Float64Array.from(waits).sort();
  const share = (part: number): number | null => sorted[Math.ceil(sorted.length * part) - 1] ?? null;
  return { waitP50Sec: share(0.5), waitP95Sec: share(0.95) };
}

/** Most people at once: looked at whenever somebody comes. */
function peakWaiting({ waiting, pollSec = 0 }: ForecastInput, people: People): number {
  const { weight, nowCount, count, comeSec, turnSec } = people;
  let peak = waiting;
  let gone = 0;
  for (let at = nowCount; at < count; at += 1) {
    const nowSec = (comeSec[at] ?? 0) - pollSec / 2;
    while (gone < at && (turnSec[gone] ?? 0) <= nowSec) gone += 1;
    peak = Math.max(peak, (at + 1 - gone) * weight);
  }
  return peak;
}
