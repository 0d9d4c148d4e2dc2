/** Sending answers on the thin path, straight on node:http. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { refuse } from '../../contract/errors.ts';
import type { RouteMeter } from '../metrics/meters.ts';
import type { RestingConnections } from '../overload/resting.ts';
import type { RequestSpan } from '../tracing/tracer.ts';
import { type Answer, fixedHeaders, jsonType, refusalAnswer } from './answer.ts';
import type { Cors } from './cors.ts';

/** One request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly meter: RouteMeter;
  readonly traceId: string;
  /** performance.now() when the request came. */
  readonly startedMs: number;
  /** Undefined where tracing is off. */
  readonly span: RequestSpan | undefined;
}

/** Where the process is in its life; shared by all that answer. */
export interface Lifecycle {
  /** The gateway stops: it says "not ready" and asks every client to close its connection. */
  isDraining: boolean;
}

/** Longest that a refused upload is still read, ms and bytes, so that its client gets to read the answer. */
const lingerMs = 1_000;
const lingerBytesMax = 1024 * 1024;

const close = ['connection', 'close'] as const;

export class Sender {
  private readonly cors: Cors;
  private readonly lifecycle: Lifecycle;
  private readonly resting: Pick<RestingConnections, 'rest'>;

  constructor(options: {
    readonly cors: Cors;
    readonly lifecycle: Lifecycle;
    readonly resting: Pick<RestingConnections, 'rest'>;
  }) {
    this.cors = options.cors;
    this.lifecycle = options.lifecycle;
    this.resting = options.resting;
  }

  /** Sends a whole answer in one write. */
  send(exchange: Exchange, answer: Answer): void {
    const head = this.head(exchange, jsonType, answer.headers);
    head.push('content-length', String(Buffer.byteLength(answer.body)));
    exchange.response.writeHead(answer.status, head);
    exchange.response.end(answer.body);
    finish(exchange, answer.status);
    if (answer.restSec !== undefined && !this.lifecycle.isDraining)
      this.resting.rest(exchange.request, answer.restSec);
  }

  /**
   * Refuses a body that is too large. The answer goes out at once; the connection is closed only when the client has
   * had its say or a moment to read, since closing on unread bytes would reset it and lose the answer.
   */
  sendTooLarge(exchange: Exchange): void {
    const { request, response } = exchange;
    const { status, body } = refusalAnswer(refuse('BODY_TOO_LARGE'), exchange.traceId);
    const head = this.head(exchange, jsonType, close);
    head.push('content-length', String(Buffer.byteLength(body)));
    response.writeHead(status, head);
    response.write(body);
    finish(exchange, status);
    const timer = setTimeout(() => response.end(), lingerMs);
    response.once('close', () => clearTimeout(timer));
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > lingerBytesMax) response.end();
    });
    request.once('end', () => response.end());
    request.resume();
  }

  /** Writes the head of an event stream. */
  startStream(exchange: Exchange): void {
    // Not used again after the stream, lest it be left open when the gateway stops.
    const more = ['x-accel-buffering', 'no', ...close];
    const head = this.head(exchange, 'text/event-stream; charset=utf-8', more);
    exchange.response.writeHead(200, head);
    finish(exchange, 200);
  }

  private head({ request, traceId }: Exchange, type: string, more: readonly string[]): string[] {
    const head = ['content-type', type, ...fixedHeaders, 'x-request-id', traceId];
    const cors = this.cors.headers(request.headers.origin);
    if (cors.length > 0) head.push(...cors);
    if (more.length > 0) head.push(...more);
    if (this.lifecycle.isDraining && !more.includes(close[0])) head.push(...close);
    return head;
  }
}

/** Counts the answer, and ends the span: what a stream does later is no part of its request. */
function finish({ meter, startedMs, span }: Exchange, status: number): void {
  meter.record(status, startedMs);
  if (span !== undefined) span.endHttp({ method: meter.method, route: meter.route, status });
}
