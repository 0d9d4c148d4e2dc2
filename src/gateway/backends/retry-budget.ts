/**
 * How many retries there may be: a share of the calls, so that a backend that is down sees at most a tenth more of them
 * and not twice as many (gRPC's retry throttling and Finagle's budgets do the same).
 */

/** Retries per call in the long run. */
export const retryShare = 0.1;
/** Retries that may have been saved up: what a connection that breaks may take with it at once. */
export const retriesSavedMax = 10;

/** One backend's budget. It starts full. */
export class RetryBudget {
  #saved = retriesSavedMax;

  /** Counts a call, not its retry. */
  earn(): void {
    this.#saved = Math.min(retriesSavedMax, this.#saved + retryShare);
  }

  /** Whether a retry may be made; if so it is counted. */
  spend(): boolean {
    // Tenths do not add up exactly.
    if (this.#saved < 1 - 1e-9) return false;
    this.#saved -= 1;
    return true;
  }
}
