import type { Random } from './random.ts';
import type { Answer } from './wire.ts';

const backoffFirstMs = 250;
const backoffMaxMs = 5_000;
/** Spread of a wait that the gateway asked for: nobody comes earlier than told, and not all at once. */
const retryAfterJitter = 0.2;
/** Joins in a row with a proof of work each; who is asked for another one then is refused. */
export const proofsMax = 5;

/** One visitor's patience with failures: how long to wait after each, and when to give up. */
export class Retry {
  readonly #random: Random;
  readonly #giveUpAfterMs: number;
  #failures = 0;
  #failingSinceMs = 0;

  constructor(random: Random, giveUpAfterMs: number) {
    this.#random = random;
    this.#giveUpAfterMs = giveUpAfterMs;
  }

  /** A wanted answer came. */
  succeeded(): void {
    this.#failures = 0;
  }

  /**
   * How long to wait after a failure, ms: what Retry-After said and up to 20 % more, else 250 ms doubling
   * to 5 s, of which half is jitter. Undefined = give up.
   */
  failed(nowMs: number, retryAfterMs: number | undefined): number | undefined {
    if (this.#failures === 0) this.#failingSinceMs = nowMs;
    this.#failures += 1;
    if (nowMs - this.#failingSinceMs > this.#giveUpAfterMs) return undefined;
    if (retryAfterMs !== undefined && retryAfterMs > 0) {
      return retryAfterMs * (1 + this.#random() * retryAfterJitter);
    }
    const backoffMs = Math.min(backoffMaxMs, backoffFirstMs * 2 ** (this.#failures - 1));
    return backoffMs * (0.5 + this.#random() / 2);
  }
}

/** No answer, a busy one, one that names a time to come back, or one that makes no sense. */
export function isWorthRetrying({ status, retryAfterMs }: Answer): boolean {
  return status < 400 || status === 429 || status >= 500 || retryAfterMs !== undefined;
}
