/** The people of a forecast one after the other: when each comes, may enter, and enters. */
import { pollAfterJitter } from '../contract/limits.ts';
import { Curve, limitedBy, type RatePiece } from './curve.ts';
import type { ForecastInput } from './forecast.ts';
import { ModelBucket } from './model-bucket.ts';

/** Above so many people several are taken as one, so that a forecast costs the same for any crowd. */
export const unitsMax = 400_000;

/** Everybody of a forecast in the order of the line. Times in s from now; Infinity = not foreseeable. */
export interface People {
  /** People that one entry stands for. */
  readonly weight: number;
  /** Entries of those who wait now: the first ones. */
  readonly nowCount: number;
  readonly count: number;
  readonly comeSec: Float64Array;
  /** Reached: the token is there. Ascending. */
  readonly turnSec: Float64Array;
  /** Entered, at the poll after; of a no-show the same as turnSec. */
  readonly goneSec: Float64Array;
  /** Entries among the first n that never enter, for n from 0 to count. */
  readonly noShowsOf: Uint32Array;
}

/** Sends everybody through the bucket. */
export function sendThrough(input: ForecastInput): People {
  const { horizonSec, openAtSec, tokens } = input;
  const newcomers = Math.floor(new Curve(input.arrivals).totalAt(horizonSec) + 1e-9);
  const weight = Math.max(1, Math.ceil((input.waiting + newcomers) / unitsMax));
  const nowCount = Math.ceil(input.waiting / weight);
  const count = nowCount + Math.floor(newcomers / weight);
  const people: People = {
    weight,
    nowCount,
    count,
    comeSec: new Float64Array(count),
    turnSec: new Float64Array(count),
    goneSec: new Float64Array(count),
    noShowsOf: new Uint32Array(count + 1),
  };
  const arrivals = new Curve(input.arrivals);
  const bucket = new ModelBucket({ tokens, room: roomOf(input), refill: usable(input), roomMin: weight });
  let lastSec = openAtSec;
  let gone = 0;
  for (let at = 0; at < count; at += 1) {
    const comeSec = at < nowCount ? 0 : arrivals.when((at - nowCount + 1) * weight);
    let patienceSec = 0;
    if (input.tiers && (at >= nowCount || input.isFresh)) {
      while (gone < at && (people.goneSec[gone] ?? 0) <= comeSec) gone += 1;
      patienceSec = tierWaitSec(input.tiers, (at - gone) * weight + 1);
    }
    let turnSec = Math.max(comeSec + patienceSec, lastSec);
    const isNoShow = neverEnters(input, at);
    if (!isNoShow && turnSec <= horizonSec) turnSec = bucket.take(weight, turnSec);
    lastSec = turnSec;
    people.comeSec[at] = comeSec;
    people.turnSec[at] = turnSec;
    people.noShowsOf[at + 1] = (people.noShowsOf[at] ?? 0) + (isNoShow ? 1 : 0);
    people.goneSec[at] = isNoShow
      ? turnSec
      : turnSec + noticeSec(input, { at, waitedSec: turnSec - comeSec });
  }
  return people;
}

/**
 * The refill that can be used. Tokens of those who are ready but have not noticed yet stay in the bucket: where it, or
 * the window, holds less than what comes meanwhile, the rest of the refill is lost.
 */
function usable(input: ForecastInput): RatePiece[] {
  const { refill, use, window = Number.POSITIVE_INFINITY, pollSec = 0 } = input;
  const used = refill.map(({ atSec, perSec }) => ({ atSec, perSec: perSec * use }));
  if (pollSec === 0) return used;
  const usableMost = roomOf(input).map(({ atSec, perSec }) => ({
    atSec,
    perSec: Math.min(perSec, window) / (pollSec / 2),
  }));
  return limitedBy(used, usableMost);
}

const roomOf = ({ capacity, capacityCourse }: ForecastInput): readonly RatePiece[] =>
  capacityCourse ?? [{ atSec: 0, perSec: capacity }];

const tierWaitSec = (tiers: NonNullable<ForecastInput['tiers']>, position: number): number =>
  tiers.find(({ first, last }) => position >= first && (last === 0 || position <= last))?.waitSec ?? 0;

/** Evenly spread where there is no chance in it. */
function neverEnters({ noShow, random }: ForecastInput, at: number): boolean {
  if (random) return random() < noShow;
  return Math.floor((at + 1) * noShow + 1e-9) > Math.floor(at * noShow + 1e-9);
}

const golden = 0.618_033_988_749_895;

/** From being ready to the next poll. Who has just come polls a whole pause later, everybody else somewhere in it. */
function noticeSec(
  { pollSec = 0, random }: ForecastInput,
  { at, waitedSec }: { at: number; waitedSec: number },
): number {
  if (pollSec === 0) return 0;
  const jitter = random ? random() : (at * golden * golden) % 1;
  const pauseSec = pollSec * (1 - pollAfterJitter + 2 * pollAfterJitter * jitter);
  if (waitedSec < pauseSec) return pauseSec - waitedSec;
  return pauseSec * (random ? random() : (at * golden) % 1);
}
