/** Tells a merchant's server how a payment ended: by POST, again after a failure, a bounded number of times. */
import { randomUUID } from 'node:crypto';
import { isLoopback } from '../options.ts';
import { invalid } from './problem.ts';

export interface WebhookOptions {
  /** Tries after the first one. Default 4. */
  readonly retries: number;
  /** Whether servers off this machine may be called. Default false. */
  readonly anywhere: boolean;
}

/** Webhooks that wait or are under way at most; more are dropped and counted. */
const waitingMax = 10_000;
/** Longest wait for an answer; between tries, doubling, ms. */
const answerMs = 2_000;
const retryFirstMs = 200;

/** What became of webhooks since the start. */
export interface WebhookCounts {
  waiting: number;
  tries: number;
  delivered: number;
  /** Given up, or dropped as too many waited. */
  failed: number;
}

export class Webhooks {
  readonly #options: WebhookOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #stopped = new AbortController();
  readonly counts: WebhookCounts = { waiting: 0, tries: 0, delivered: 0, failed: 0 };

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  /** @throws Problem for an address that is not to be called */
  check(url: string): void {
    if (url === '') return;
    const parsed = URL.parse(url);
    const isWeb = parsed !== null && /^https?:$/.test(parsed.protocol);
    if (!isWeb) throw invalid('webhook_url', 'not an http address');
    if (!isLoopback(parsed) && !this.#options.anywhere) {
      throw invalid('webhook_url', 'this simulator calls its own machine only');
    }
  }

  /** Sends what `body` gives at that time, after `afterMs`. Gives the id that all tries carry. */
  send(url: string, afterMs: number, body: () => object | undefined): string {
    const id = `wh_${randomUUID()}`;
    if (this.counts.waiting >= waitingMax) {
      this.counts.failed += 1;
      return id;
    }
    this.counts.waiting += 1;
    this.#after(afterMs, () => {
      const told = body();
      if (told === undefined) this.counts.waiting -= 1;
      else void this.#try({ url, id, text: JSON.stringify({ webhook_id: id, ...told }) }, 0);
    });
    return id;
  }

  /** Sends nothing any more. */
  stop(): void {
    this.#stopped.abort();
    for (const timer of this.#timers) clearTimeout(timer);
  }

  async #try(webhook: { url: string; id: string; text: string }, retried: number): Promise<void> {
    this.counts.tries += 1;
    const isDelivered = await this.#post(webhook);
    if (isDelivered || retried >= this.#options.retries) {
      this.counts[isDelivered ? 'delivered' : 'failed'] += 1;
      this.counts.waiting -= 1;
      return;
    }
    this.#after(retryFirstMs * 2 ** retried, () => void this.#try(webhook, retried + 1));
  }

  async #post({ url, id, text }: { url: string; id: string; text: string }): Promise<boolean> {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-webhook-id': id },
        body: text,
        // A redirect could lead off this machine.
        redirect: 'error',
        signal: AbortSignal.any([AbortSignal.timeout(answerMs), this.#stopped.signal]),
      });
      await answer.body?.cancel();
      return answer.ok;
    } catch {
      return false;
    }
  }

  #after(ms: number, work: () => void): void {
    if (this.#stopped.signal.aborted) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
  }
}
