/** Log lines of calls that did not go well: at most one a second of each kind, with how many were left out. */
import type { Logger } from 'pino';
import { backendText } from './backend-text.ts';
import type { BackendName, BreakerState } from './backends.ts';

/** Lines of one kind (level and outcome) are at least this far apart, ms. */
export const quietMs = 1_000;

/** A call that came to something else than a reply. */
export interface CallNote {
  readonly method: string;
  /** Outcome as the meters have it. */
  readonly outcome: string;
  /** gRPC status, the code of the answer's error, or `broken answer`. */
  readonly by: string;
  /** The backend's or the channel's own words, as they came. */
  readonly text: string;
  /** What the call carried and no log may show. */
  readonly secrets: readonly string[];
  /** The backend is to blame, not the request. */
  readonly isFailure: boolean;
  readonly traceparent: string;
}

/** The log of one backend. */
export class CallLog {
  readonly #backend: BackendName;
  readonly #log: Logger;
  readonly #kinds = new Map<string, { atMs: number; leftOut: number }>();

  constructor(backend: BackendName, log: Logger) {
    this.#backend = backend;
    this.#log = log;
  }

  /** Failures as warnings, refusals as information. */
  note({ method, outcome, by, text, secrets, isFailure, traceparent }: CallNote): void {
    // Outcomes are a closed set, so the map stays small.
    const kind = `${method} ${outcome}`;
    const last = this.#kinds.get(kind);
    const nowMs = performance.now();
    if (last !== undefined && nowMs - last.atMs < quietMs) {
      last.leftOut += 1;
      return;
    }
    this.#kinds.set(kind, { atMs: nowMs, leftOut: 0 });
    const line = {
      backend: this.#backend,
      method,
      outcome,
      by,
      says: backendText(text, secrets),
      traceId: traceparent.split('-')[1] ?? '',
      ...(last === undefined || last.leftOut === 0 ? {} : { leftOut: last.leftOut }),
    };
    if (isFailure) this.#log.warn(line, 'a call of a backend failed');
    else this.#log.info(line, 'a backend refused a call');
  }

  breaker(state: BreakerState): void {
    const line = { backend: this.#backend, breaker: state };
    if (state === 'open') this.#log.warn(line, 'calls of a backend are held back: too many failed');
    if (state === 'closed') this.#log.info(line, 'a backend is well again');
  }

  files(error: Error): void {
    this.#log.warn({ backend: this.#backend, says: error.message }, 'certificates could not be read again');
  }
}
