/** Answers by idempotency key: a request that comes again, or at once in many copies, is done once. */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Problem } from './problem.ts';

/** How long an answer is kept, ms. */
export const keptMs = 10 * 60_000;
/** Answers kept at most; the least used go first. */
const answersMax = 100_000;

/** Whose key it is: the same key of another method or another person is another key. */
export interface KeyScope {
  readonly method: string;
  /** '' where a method knows no person. */
  readonly owner: string;
  /** '' = none given: the request is done each time. */
  readonly key: string;
}

interface Kept {
  readonly digest: string;
  readonly answer: Promise<unknown>;
}

export class AnswersKept {
  readonly #kept: LRUCache<string, Kept>;

  /** `nowMs` replaces the clock, for tests. */
  constructor(nowMs?: () => number) {
    const perf = nowMs === undefined ? {} : { perf: { now: nowMs } };
    this.#kept = new LRUCache({ max: answersMax, ttl: keptMs, ttlResolution: 0, ...perf });
  }

  get size(): number {
    return this.#kept.size;
  }

  /**
   * Does `work`, or gives what the same key and request got before, a refusal included. Answers that may differ at the
   * next try (see Problem.isFinal, and anything else thrown) are forgotten.
   *
   * @throws Problem IDEMPOTENCY_CONFLICT for a key that was used with another request; whatever `work` throws
   */
  async once<T>({ method, owner, key }: KeyScope, request: object, work: () => Promise<T>): Promise<T> {
    if (key === '') return work();
    const id = JSON.stringify([method, owner, key]);
    const digest = createHash('sha256').update(JSON.stringify(request)).digest('base64');
    const before = this.#kept.get(id);
    if (before !== undefined) {
      if (before.digest === digest) return before.answer as Promise<T>;
      throw new Problem('IDEMPOTENCY_CONFLICT', 'this idempotency_key was used with another request');
    }
    const answer = work();
    this.#kept.set(id, { digest, answer });
    answer.catch((error: unknown) => {
      const isFinal = error instanceof Problem && error.isFinal;
      if (!isFinal && this.#kept.peek(id)?.answer === answer) this.#kept.delete(id);
    });
    return answer;
  }
}
