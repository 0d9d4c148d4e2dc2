/** Posts audit records and alarms to ALERT_WEBHOOK_URL, in order, one at a time, again and again while it fails. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeskNews } from './desk.ts';

/** What the webhook is built from; the bounds are for tests. */
export interface WebhookOptions {
  /** http or https; a secret, as many receivers know their senders by it. */
  readonly url: string;
  /** Name of the environment, in every message. */
  readonly environment: string;
  readonly log: { warn(detail: object, message: string): void };
  /** News that may wait; the oldest goes when there is one more. Default 1,000. */
  readonly queueMax?: number;
  /** Pause after the first failure, ms, doubled up to the longest. Default 1 s, 60 s. */
  readonly pauseMs?: { readonly first: number; readonly longest: number };
  /** News older than this are given up, ms; default 1 h. */
  readonly giveUpMs?: number;
  /** Longest wait for an answer, ms; default 5 s. */
  readonly timeoutMs?: number;
}

interface Letter {
  readonly id: string;
  readonly body: string;
  readonly queuedAt: number;
}

/** Time to send what is left when the server stops, ms. */
const flushMs = 2_000;

/** Answers that mean this very message will never be taken: it must not hold up those behind it. */
const refusedForGood = new Set([400, 413, 415, 422]);

/** The queue in front of the receiver. */
export class Webhook {
  private readonly options: Required<WebhookOptions>;
  private readonly letters: Letter[] = [];
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private isFailing = false;
  private droppedCount = 0;
  private deadline = Number.POSITIVE_INFINITY;

  constructor(options: WebhookOptions) {
    this.options = {
      queueMax: 1_000,
      pauseMs: { first: 1_000, longest: 60_000 },
      giveUpMs: 3_600_000,
      timeoutMs: 5_000,
      ...options,
    };
  }

  /** True since the last attempt failed. */
  get failing(): boolean {
    return this.isFailing;
  }

  /** News that never reached the receiver. */
  get dropped(): number {
    return this.droppedCount;
  }

  /** News under way or waiting. */
  get waiting(): number {
    return this.letters.length;
  }

  /** Queues the news and returns at once. */
  post(news: DeskNews): void {
    if (this.stopping.signal.aborted) return;
    const body = messageOf(news, this.options.environment);
    this.letters.push({ id: randomUUID(), body, queuedAt: performance.now() });
    // The first one is under way.
    if (this.letters.length > this.options.queueMax) this.drop(1, 'the queue is full');
    if (this.running === undefined) this.start();
  }

  /** Sends one message at once, past those that wait; true where it was taken. */
  async test(): Promise<boolean> {
    const at = new Date().toISOString();
    const body = JSON.stringify({ kind: 'test', environment: this.options.environment, at });
    return (await this.send({ id: randomUUID(), body, queuedAt: performance.now() })) === 'taken';
  }

  /** Takes no more news, and tries for 2 s to send those it has. */
  async close(): Promise<void> {
    this.deadline = performance.now() + flushMs;
    this.stopping.abort();
    await Promise.race([this.running, sleep(flushMs, undefined, { ref: false })]);
    while (this.letters.length > 0) this.drop(0, 'the server stops');
  }

  private start(): void {
    this.running = this.run().then(() => {
      this.running = undefined;
      if (this.letters.length > 0 && performance.now() < this.deadline) this.start();
    });
  }

  private async run(): Promise<void> {
    let pauseMs = this.options.pauseMs.first;
    for (let letter = this.letters[0]; letter !== undefined; letter = this.letters[0]) {
      const outcome = await this.send(letter);
      this.isFailing = outcome !== 'taken';
      if (performance.now() >= this.deadline) return;
      if (outcome === 'taken') this.letters.shift();
      if (outcome === 'refused') this.drop(0, 'the receiver refuses it');
      if (outcome === 'failed') {
        if (performance.now() - letter.queuedAt > this.options.giveUpMs) this.drop(0, 'it is too old');
        await this.pause(pauseMs);
        pauseMs = Math.min(pauseMs * 2, this.options.pauseMs.longest);
      } else {
        pauseMs = this.options.pauseMs.first;
      }
    }
  }

  private async send({ id, body }: Letter): Promise<'taken' | 'refused' | 'failed'> {
    const leftMs = Math.min(this.options.timeoutMs, this.deadline - performance.now());
    if (leftMs <= 0) return 'failed';
    try {
      const reply = await fetch(this.options.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': id },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(Math.ceil(leftMs)),
      });
      await reply.body?.cancel();
      if (reply.ok) return 'taken';
      this.warn(`it answered ${reply.status}`);
      return refusedForGood.has(reply.status) ? 'refused' : 'failed';
    } catch (error) {
      const { cause, name } = error as { cause?: { code?: unknown }; name: string };
      this.warn(String(cause?.code ?? name));
      return 'failed';
    }
  }

  /** Waits between attempts: a tenth of a second at most once the server stops. */
  private async pause(ms: number): Promise<void> {
    if (this.stopping.signal.aborted) await sleep(Math.min(ms, 100));
    else await sleep(ms, undefined, { signal: this.stopping.signal, ref: false }).catch(() => {});
  }

  private drop(index: number, cause: string): void {
    this.letters.splice(index, 1);
    this.droppedCount += 1;
    this.options.log.warn({ cause, dropped: this.droppedCount }, 'a message for the webhook was dropped');
  }

  private warn(cause: string): void {
    if (this.isFailing) return;
    this.options.log.warn({ cause }, 'posting to the webhook failed; trying again');
  }
}

/** One message as JSON. Characters that could steer a terminal are escaped, also those that JSON would let through. */
export function messageOf(news: DeskNews, environment: string): string {
  const at = news.kind === 'audit' ? news.entry.at : new Date().toISOString();
  const { kind, ...rest } = news;
  return JSON.stringify({ kind, environment, at, ...rest }).replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) =>
      [...Array(character.length).keys()]
        .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`)
        .join(''),
  );
}
