import { type Dispatcher, Pool } from 'undici';

/** The calls of a visitor: those of the line, then those of a purchase. */
export const calls = ['join', 'status', 'enter', 'leave', 'reserve', 'intent', 'payment', 'confirm'] as const;
export type Call = (typeof calls)[number];

/** One request, ready to be sent. */
export interface Outgoing {
  readonly call: Call;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
  readonly body?: string;
}

/** What came back: an answer, or why there is none. Times are of performance.now(). */
export interface Answer {
  /** HTTP status; 0 = none came. */
  readonly status: number;
  readonly body: string;
  /** The Retry-After header in ms. */
  readonly retryAfterMs: number | undefined;
  /** Code of a connection error, such as ECONNREFUSED, when `status` is 0. */
  readonly failure: string | undefined;
  /** When it was asked for; it may then have waited for a free connection, ms. */
  readonly askedAtMs: number;
  /** When it went out, ms. */
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
}

/** Called exactly once a request. */
export type OnAnswer = (answer: Answer) => void;

/** How sockets are used. */
export interface WireOptions {
  readonly gateways: readonly string[];
  readonly connections: number;
  /** Longest time for a connection, for the head and for the body of an answer, ms. */
  readonly requestMs: number;
}

/** Any way to the gateways. */
export type AnyWire = Pick<Wire, 'inFlight' | 'send' | 'destroy'>;

/** Requests of all visitors over few kept-alive connections, one request at a time on each. */
export class Wire {
  readonly #pools: readonly Pool[];
  #inFlight = 0;

  constructor({ gateways, connections, requestMs }: WireOptions) {
    const timeouts = { headersTimeout: requestMs, bodyTimeout: requestMs, connect: { timeout: requestMs } };
    this.#pools = gateways.map((origin) => new Pool(origin, { connections, pipelining: 1, ...timeouts }));
  }

  /** Requests without an answer yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Sends to gateway `target` (any whole number; taken modulo their count). */
  send(target: number, outgoing: Outgoing, onAnswer: OnAnswer): void {
    this.#inFlight += 1;
    const exchange = new Exchange((answer) => {
      this.#inFlight -= 1;
      onAnswer(answer);
    });
    this.#pools[target % this.#pools.length]?.dispatch(outgoing, exchange);
  }

  /** Cuts every connection; requests in flight are answered with a failure. */
  async destroy(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.destroy()));
  }
}

/** Collects one answer. Straight on the dispatcher: no streams and no promises, as polls come by the million. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #done: OnAnswer;
  readonly #askedAtMs = performance.now();
  #sentAtMs = 0;
  #status = 0;
  #retryAfter: string | undefined;
  #chunks: Buffer | undefined;

  constructor(done: OnAnswer) {
    this.#done = done;
  }

  onRequestStart(): void {
    this.#sentAtMs = performance.now();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    const retryAfter = headers['retry-after'];
    if (typeof retryAfter === 'string') this.#retryAfter = retryAfter;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks = this.#chunks === undefined ? chunk : Buffer.concat([this.#chunks, chunk]);
  }

  onResponseEnd(): void {
    this.#answer(this.#status, undefined);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#answer(0, 'code' in error && typeof error.code === 'string' ? error.code : error.name);
  }

  #answer(status: number, failure: string | undefined): void {
    const answeredAtMs = performance.now();
    this.#done({
      status,
      body: this.#chunks?.toString() ?? '',
      retryAfterMs: this.#retryAfter === undefined ? undefined : retryAfterMs(this.#retryAfter),
      failure,
      askedAtMs: this.#askedAtMs,
      sentAtMs: this.#sentAtMs || answeredAtMs,
      answeredAtMs,
    });
  }
}

/** Retry-After as seconds or as an HTTP date, in ms from now; undefined when it is neither. */
export function retryAfterMs(text: string): number | undefined {
  const seconds = Number(text);
  if (text.trim() !== '' && Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - Date.now());
}
