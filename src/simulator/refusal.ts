import type { ErrorSeen } from './replies.ts';
import type { RefusalCount } from './tally.ts';
import type { Answer } from './wire.ts';

/** Reasons that excuse a refusal after "ready", besides any 503 (Redis failed, or overload). */
const explainingReasons = new Set(['settings_changed', 'returned_in_front', 'restoring', 'paused']);
/** "Ready" is a promise for an enter within this time, ms. */
const readyMs = 1_000;

/** A refused enter: why, and how far that is excused. */
export interface RefusalSeen {
  readonly reason: string;
  readonly kind: keyof RefusalCount;
}

/**
 * Judges a refused enter by when the visitor last heard "ready" (ms, performance.now()). Late = answered more
 * than 1 s after that: then the refusal may have been right. Unexplained = certainly a broken promise.
 */
export function judgeRefusal(answer: Answer, error: ErrorSeen, readyAtMs: number): RefusalSeen {
  const reason = error.reason ?? error.code?.toLowerCase() ?? `http_${answer.status}`;
  if (answer.status === 503 || explainingReasons.has(reason)) return { reason, kind: 'explained' };
  return { reason, kind: answer.answeredAtMs - readyAtMs > readyMs ? 'late' : 'unexplained' };
}
