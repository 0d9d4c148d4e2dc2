/** A bound on how long a visitor waits for what is not in memory yet. */
import { refuse } from '../contract/errors.ts';
import { redisCommandMs } from '../contract/limits.ts';
import type { Outcome } from './line-types.ts';

/** Longest time that a call to an event which is not loaded yet may take, ms. */
const unloadedMs = redisCommandMs + 200;

/** The outcome, or that it cannot be had now: nobody waits for longer than `unloadedMs`. */
export async function soon<T>(outcome: Promise<Outcome<T>>): Promise<Outcome<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome<T>>((resolve) => {
    timer = setTimeout(() => resolve(refuse('UNAVAILABLE', { retryAfterSec: 2 })), unloadedMs);
  });
  try {
    return await Promise.race([outcome, late]);
  } finally {
    clearTimeout(timer);
  }
}
