/** A source of numbers in [0, 1). The same seed gives the same numbers. */
export type Random = () => number;

/**
 * mulberry32, by Tommy Ettinger (public domain): 32 bits of state, one multiplication chain a number, period 2^32.
 * More than good enough to scatter visitors; not for secrets.
 */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/**
 * A generator of its own for one stream of a run (one visitor, the arrivals), so that the order in which
 * answers come back never changes what a visitor draws. Mixed by the finalizer of MurmurHash3 (public domain).
 */
export function forkRandom(seed: number, stream: number): Random {
  let mixed = Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return randomOf(mixed ^ (mixed >>> 16));
}

/** A gap of a Poisson process, ms, at `perSec` arrivals a second. */
export function poissonGapMs(random: Random, perSec: number): number {
  return (-Math.log(1 - random()) * 1000) / perSec;
}
