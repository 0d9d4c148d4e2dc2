/** The circuit breaker of one backend in one process: when it opens, and that one call at a time tries whether to close. */
import {
  BrokenCircuitError,
  CircuitState,
  circuitBreaker,
  handleWhenResult,
  type IBackoff,
  type IBreaker,
  SamplingBreaker,
} from 'cockatiel';
import { breakerOpenMs } from '../../contract/limits.ts';
import type { BreakerState } from './backends.ts';

/** Opens when more than half of at least 10 calls in 5 s have failed… */
const sampleMs = 5_000;
const sampleCallsMin = 10;
const failedShareMax = 0.5;
/** …or when 5 in a row have, for at least 200 ms: a connection that breaks ends many calls in one instant. */
const rowLength = 5;
const rowMsMin = 200;

const states: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
};

/** What a call came to, as far as a breaker looks at it. */
export interface Judged {
  /** Counts against the backend. */
  readonly isFailure: boolean;
}

export interface Breaker {
  readonly state: BreakerState;
  /** What the call came to; undefined = it was not made, as the breaker is open or its one trial call is under way. */
  run<T extends Judged>(call: () => Promise<T>): Promise<T | undefined>;
}

/** A breaker, closed at first; `onChange` is told each new state. */
export function createBreaker(onChange: (state: BreakerState) => void): Breaker {
  const policy = circuitBreaker(
    handleWhenResult((result) => (result as Judged).isFailure),
    { halfOpenAfter: { next: openFor }, breaker: new RowOrShareBreaker() },
  );
  policy.onStateChange((state) => onChange(states[state]));
  return {
    get state() {
      return states[policy.state];
    },
    async run(call) {
      // Cockatiel would let it wait for the end of the trial call, and then call: longer than its own deadline.
      if (policy.state === CircuitState.HalfOpen) return undefined;
      try {
        return await policy.execute(call);
      } catch (error) {
        if (error instanceof BrokenCircuitError) return undefined;
        throw error;
      }
    },
  };
}

/**
 * How long it stays open. Cockatiel asks the wall clock, and would stay open for the hour by which that is set back: so
 * what it compares with is never over, or over, by the clock that only goes forward.
 */
function openFor(): IBackoff<unknown> {
  const openedAtMs = performance.now();
  return {
    get duration() {
      const isOver = performance.now() - openedAtMs >= breakerOpenMs;
      return isOver ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    },
    next: openFor,
  };
}

/** The share tells at many calls, the row at few, or when all went well until now. */
class RowOrShareBreaker implements IBreaker {
  state: unknown = undefined;
  readonly #share = new SamplingBreaker({
    threshold: failedShareMax,
    duration: sampleMs,
    minimumRps: sampleCallsMin / (sampleMs / 1000),
  });
  #inRow = 0;
  #rowSinceMs = 0;

  success(state: CircuitState): void {
    this.#inRow = 0;
    this.#share.success(state);
  }

  failure(state: CircuitState): boolean {
    const nowMs = performance.now();
    if (this.#inRow === 0) this.#rowSinceMs = nowMs;
    this.#inRow += 1;
    const isLongRow = this.#inRow >= rowLength && nowMs - this.#rowSinceMs >= rowMsMin;
    return this.#share.failure(state) || isLongRow;
  }
}
