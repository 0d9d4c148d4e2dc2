/** Server-Sent Events: statuses pushed to the visitors who prefer a stream to polling. */
import type { ServerResponse } from 'node:http';
import { type Refusal, refuse } from '../contract/errors.ts';
import { streamUnsentBytesMax } from '../contract/limits.ts';
import type { StatusReply } from '../contract/visitor-api.ts';
import type { Line, Unsubscribe } from '../queue/line-types.ts';
import { eventOfToken } from '../queue/waiting-token.ts';
import { statusJson } from './http/status-json.ts';

export interface StreamsOptions {
  readonly line: Line;
  /** Streams that may be open at once in this process. */
  readonly max: number;
  /** Time between comments, which keep proxies from closing a quiet stream, ms. */
  readonly commentMs: number;
}

interface Stream {
  readonly response: ServerResponse;
  lastId: number;
  unsubscribe: Unsubscribe | undefined;
  /** Its browser was asked to come back, to another gateway. */
  isHandedOver: boolean;
  isOver: boolean;
}

const finalStatuses: ReadonlySet<StatusReply['status']> = new Set(['entered', 'left', 'expired']);

/** Comments go out in this many portions, lest 10,000 streams be written to in one turn of the event loop. */
const commentSlots = 10;

/** A browser comes back this soon after a stream was cut, ms: spread, so that a crash does not bring all at once. */
const retryMsMin = 1_000;
const retryMsSpread = 4_000;

/** The same after a stream that was handed over: sooner, as those end bit by bit. */
const handedRetryMsMin = 200;
const handedRetryMsSpread = 1_000;

/** Streams are handed over in portions so far apart, ms. */
const portionMs = 25;

export class Streams {
  private readonly line: Line;
  private readonly max: number;
  private readonly slots: Set<Stream>[] = Array.from({ length: commentSlots }, () => new Set());
  private readonly timer: NodeJS.Timeout;
  private slotNow = 0;
  private slotNext = 0;
  private isEnded = false;
  /** Open now, those that are still being opened included. */
  count = 0;

  constructor({ line, max, commentMs }: StreamsOptions) {
    this.line = line;
    this.max = max;
    this.timer = setInterval(() => this.comment(), commentMs / commentSlots);
    this.timer.unref();
  }

  /**
   * Opens a stream on the response and keeps it until the place has ended or either side goes away. A refusal leaves
   * the response untouched. `start` writes the head, as soon as it is known that there will be a stream. The token has
   * passed checkToken.
   */
  async open(token: string, response: ServerResponse, start: () => void): Promise<Refusal | undefined> {
    if (this.count >= this.max) return this.refused(token, refuse('STREAMS_FULL', { retryAfterSec: 10 }));
    this.count += 1;
    const stream: Stream = {
      response,
      lastId: 0,
      unsubscribe: undefined,
      isHandedOver: false,
      isOver: false,
    };
    const slot = this.slots[this.slotNext] ?? new Set();
    this.slotNext = (this.slotNext + 1) % commentSlots;
    const release = (): void => {
      if (stream.isOver) return;
      stream.isOver = true;
      this.count -= 1;
      slot.delete(stream);
      stream.unsubscribe?.(stream.isHandedOver);
    };
    response.once('close', release);
    // The line may push before it has said that it accepts: such statuses wait for the head.
    let early: StatusReply[] | undefined = [];
    try {
      const outcome = await this.line.subscribe(token, (reply) => {
        if (early === undefined) push(stream, reply);
        else early.push(reply);
      });
      if (!outcome.ok) {
        response.off('close', release);
        release();
        return this.refused(token, outcome);
      }
      stream.unsubscribe = outcome.reply;
    } catch (error) {
      response.off('close', release);
      release();
      throw error;
    }
    if (stream.isOver) {
      stream.unsubscribe();
      return undefined;
    }
    slot.add(stream);
    start();
    response.write(retryAfter(retryMsMin, retryMsSpread));
    const waiting = early;
    early = undefined;
    for (const reply of waiting) push(stream, reply);
    if (this.isEnded) this.handOverSome(Number.POSITIVE_INFINITY);
    return undefined;
  }

  /**
   * Asks all streams, those opened meanwhile too, to come back to another gateway, spread over so long, ms. Whoever held one
   * counts as present as after a poll.
   */
  async handOver(withinMs: number): Promise<void> {
    const untilMs = performance.now() + withinMs;
    for (let leftMs = withinMs; leftMs > 0; leftMs = untilMs - performance.now()) {
      const left = this.slots.reduce((sum, slot) => sum + slot.size, 0);
      this.handOverSome(Math.ceil((left * portionMs) / leftMs));
      await new Promise((resolve) => setTimeout(resolve, Math.min(portionMs, leftMs)));
    }
    this.handOverSome(Number.POSITIVE_INFINITY);
  }

  /** Hands all over at once, each that is opened later too, and sends no more comments. */
  endAll(): void {
    this.isEnded = true;
    clearInterval(this.timer);
    this.handOverSome(Number.POSITIVE_INFINITY);
  }

  private handOverSome(count: number): void {
    let left = count;
    for (const slot of this.slots) {
      for (const stream of slot) {
        if (left <= 0) return;
        left -= 1;
        slot.delete(stream);
        stream.isHandedOver = true;
        // Not written to by the line any more, as it is ended.
        stream.response.end(retryAfter(handedRetryMsMin, handedRetryMsSpread));
      }
    }
  }

  /** Counts it at the event that the token names; a token that is no good belongs to none. */
  private refused(token: string, refusal: Refusal): Refusal {
    if (refusal.code !== 'TOKEN_NOT_FOUND')
      this.line.noteRefusal(eventOfToken(token), 'stream', refusal.code);
    return refusal;
  }

  private comment(): void {
    for (const stream of this.slots[this.slotNow] ?? []) write(stream, ':\n\n');
    this.slotNow = (this.slotNow + 1) % commentSlots;
  }
}

function push(stream: Stream, reply: StatusReply): void {
  stream.lastId += 1;
  write(stream, `event: status\nid: ${stream.lastId}\ndata: ${statusJson(reply)}\n\n`);
  if (finalStatuses.has(reply.status)) stream.response.end();
}

/** A reader too slow for its own stream is cut: it comes back when it can. */
function write({ response, isOver }: Stream, text: string): void {
  if (isOver || response.writableEnded) return;
  response.write(text);
  if (response.writableLength > streamUnsentBytesMax) response.destroy();
}

/** Says how soon to come back after the stream has ended. */
const retryAfter = (minMs: number, spreadMs: number): string =>
  `retry: ${Math.round(minMs + Math.random() * spreadMs)}\n\n`;
