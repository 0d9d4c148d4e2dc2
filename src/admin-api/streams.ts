/** Server-sent events: what all streams of a process share, and one reader's feed. */
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { heartbeatMs as defaultHeartbeatMs, type Heartbeat } from '../contract/admin-api.ts';
import { TacosError } from '../contract/errors.ts';
import { callerOf } from './auth.ts';
import { commonHeaders } from './headers.ts';
import { clockSkewSec } from './sign-in/oidc-scheme.ts';

/** Bounds of the streams. */
export interface StreamLimits {
  /** Open at once. */
  readonly max: number;
  /** Between heartbeats, ms; default `heartbeatMs`. */
  readonly heartbeatMs?: number;
  /** A reader that has taken nothing for this long is cut, ms; default 30 s. */
  readonly stuckMs?: number;
}

/** Where a feed comes from. */
export interface FeedSource<T extends { readonly seq: number; readonly ageSec: number }> {
  /** Name of the events. */
  readonly name: 'snapshot' | 'overview';
  /** What the reader gets first, whatever it had before: the feed of another admin process counts differently. */
  readonly first: T;
  /** Calls the listener with each value that differs. */
  subscribe(listener: (value: T) => void): () => void;
  /** Age of the data now, s; null = there is nothing any more. */
  ageSec(): Promise<number | null>;
  /** Called once the reader has gone. */
  onEnd(): void;
}

const stuckMsDefault = 30_000;
/** An ended stream whose reader takes nothing more is cut after this, ms. */
const lastWordsMs = 1_000;
/** Longest timer of the runtime, ms. */
const timerMsMax = 2 ** 31 - 1;

/** The open streams of a process. */
export class Streams {
  private readonly limits: Required<StreamLimits>;
  private readonly open = new Set<() => void>();

  constructor({ max, heartbeatMs = defaultHeartbeatMs, stuckMs = stuckMsDefault }: StreamLimits) {
    this.limits = { max, heartbeatMs, stuckMs };
  }

  /** How many are open. */
  get count(): number {
    return this.open.size;
  }

  /** Ends all streams; their readers come back elsewhere. */
  endAll(): void {
    for (const end of this.open) end();
  }

  /**
   * Answers a request with a stream, which ends when the reader goes, the source has nothing more, or the caller's
   * token expires: then with an event `auth`. The source is made once there is room for the stream.
   *
   * @throws TacosError STREAMS_FULL
   */
  serve<T extends { readonly seq: number; readonly ageSec: number }>(
    { request, reply, environment }: { request: FastifyRequest; reply: FastifyReply; environment: string },
    makeSource: () => FeedSource<T>,
  ): void {
    if (this.open.size >= this.limits.max) {
      const message = `This server has ${this.limits.max} streams open, its most: read the snapshot instead.`;
      throw new TacosError('STREAMS_FULL', { message, retryAfterSec: 5 });
    }
    const { expiresAtMs } = callerOf(request);
    const out = reply.raw;
    reply.hijack();
    // Gone before the answer: there will be no close event any more.
    if (out.destroyed) return;
    const source = makeSource();
    out.writeHead(200, {
      ...commonHeaders(environment, request.id),
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    });
    const end = feed({ source, out, limits: this.limits, onEnd: () => this.open.delete(end) });
    this.open.add(end);
    if (expiresAtMs !== undefined) endAt(out, expiresAtMs + clockSkewSec * 1_000, end);
  }
}

/** Says that the token has expired, then ends the stream. */
function endAt(out: ServerResponse, atMs: number, end: () => void): void {
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    const leftMs = atMs - Date.now();
    if (leftMs > 0) {
      timer = setTimeout(arm, Math.min(leftMs, timerMsMax));
      return;
    }
    const data = { code: 'UNAUTHENTICATED', message: 'The token has expired: sign in again.' };
    out.write(`event: auth\ndata: ${JSON.stringify(data)}\n\n`);
    end();
  };
  arm();
  out.once('close', () => clearTimeout(timer));
}

interface FeedOptions<T extends { readonly seq: number; readonly ageSec: number }> {
  readonly source: FeedSource<T>;
  readonly out: ServerResponse;
  readonly limits: Required<StreamLimits>;
  readonly onEnd: () => void;
}

/** Feeds one reader until it goes or the returned function ends it. A slow one skips values and gets the latest. */
function feed<T extends { readonly seq: number; readonly ageSec: number }>(
  options: FeedOptions<T>,
): () => void {
  const { source, out, limits, onEnd } = options;
  let seq = 0;
  let takenAt = performance.now();
  let pending: T | undefined;
  let isBeating = false;
  const write = (text: string): void => {
    if (!out.writableEnded && out.write(text)) takenAt = performance.now();
  };
  const send = (value: T): void => {
    if (out.writableNeedDrain) {
      pending = value;
      return;
    }
    seq = value.seq;
    write(`id: ${value.seq}\nevent: ${source.name}\ndata: ${JSON.stringify(value)}\n\n`);
  };
  const beat = async (): Promise<void> => {
    if (out.writableNeedDrain) {
      if (performance.now() - takenAt > limits.stuckMs) out.destroy();
      return;
    }
    const ageSec = await source.ageSec();
    if (ageSec === null) {
      end();
      return;
    }
    const data: Heartbeat = { ageSec, seq };
    write(`event: heartbeat\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const end = (): void => {
    if (out.writableEnded) return;
    out.end();
    setTimeout(() => out.destroy(), lastWordsMs).unref();
  };
  out.on('drain', () => {
    takenAt = performance.now();
    const latest = pending;
    pending = undefined;
    if (latest !== undefined) send(latest);
  });
  write('retry: 1000\n\n');
  send(source.first);
  const unsubscribe = source.subscribe(send);
  const timer = setInterval(() => {
    if (isBeating) return;
    isBeating = true;
    void beat().finally(() => {
      isBeating = false;
    });
  }, limits.heartbeatMs);
  out.once('close', () => {
    clearInterval(timer);
    unsubscribe();
    source.onEnd();
    onEnd();
  });
  out.on('error', () => out.destroy());
  return end;
}
