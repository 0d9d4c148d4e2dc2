/** A waiting token as a gateway receives it: the place that it says, or why it is not answered. */
import { type Refusal, refuse } from '../contract/errors.ts';
import type { Keyring } from './keyring.ts';
import type { LineOptions } from './line-options.ts';
import { isNewerToken, readWaitingToken, type WaitingToken } from './waiting-token.ts';

const newerRetrySec = 5;

/** The place of a token, counted against `limitPlace`; or that it is none of ours, or was asked about too often. */
export function placeOfToken(
  waitingToken: string,
  keyring: Keyring,
  limitPlace: LineOptions['limitPlace'],
): WaitingToken | Refusal {
  const token = readWaitingToken(keyring, waitingToken);
  if (!token) {
    // A version that knows it is being rolled out or back: the visitor keeps the token, and asks again.
    if (isNewerToken(keyring, waitingToken)) return refuse('UNAVAILABLE', { retryAfterSec: newerRetrySec });
    return refuse('TOKEN_NOT_FOUND');
  }
  const waitSec = limitPlace?.(token.life + token.seq) ?? 0;
  return waitSec > 0 ? refuse('RATE_LIMITED', { retryAfterSec: Math.ceil(waitSec) }) : token;
}
