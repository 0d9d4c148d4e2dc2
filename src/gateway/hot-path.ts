/**
 * The thin path: the queue's routes answered straight on node:http, ahead of Fastify, which knows the same routes with
 * the same operations behind them. What is not exactly one of these routes (other methods, escaped or odd paths) is
 * Fastify's.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { refuse, TacosError } from '../contract/errors.ts';
import { headersMax } from '../contract/limits.ts';
import { type FrontDesk, guessed } from './front-desk.ts';
import { type Answer, answer, refusalAnswer } from './http/answer.ts';
import { readBody } from './http/body.ts';
import type { Exchange, Sender } from './http/exchange.ts';
import { searchOf, tokenOf } from './http/query.ts';
import type { TraceIds } from './http/trace-id.ts';
import type { Meters, RouteMeter } from './metrics/meters.ts';
import type { BodyRequest, Operations } from './operations.ts';
import type { RateGate } from './rate-limit/rate-gate.ts';
import type { Streams } from './streams.ts';
import type { RequestSpan, Tracer } from './tracing/tracer.ts';

/** What answering takes, on either path. */
export interface HttpContext {
  readonly desk: Pick<FrontDesk, 'streamRefusal'>;
  readonly operations: Operations;
  readonly streams: Streams;
  readonly meters: Meters;
  readonly traceIds: TraceIds;
  readonly sender: Sender;
  readonly gate: RateGate;
  readonly log: Logger;
  /** Undefined where tracing is off. */
  readonly tracer: Tracer | undefined;
}

/** Prefix of the visitor API. */
export const apiPrefix = '/api/v1';

/** Answers a request, or says that it is not one of its own. */
export type HotPath = (request: IncomingMessage, response: ServerResponse) => boolean;

interface HotRoute {
  readonly method: string;
  readonly meter: RouteMeter;
  readonly run: (exchange: Exchange) => void;
}

export function createHotPath(context: HttpContext): HotPath {
  const { meters, sender, traceIds, tracer } = context;
  const routes = createRoutes(context);
  const unread = meters.route('other', 'unread');
  const begin = (request: IncomingMessage, response: ServerResponse, meter: RouteMeter): Exchange => {
    const span = tracer?.startRequest(request.headers);
    const traceId = span === undefined ? traceIds(request.headers.traceparent) : span.traceId;
    return { request, response, meter, traceId, startedMs: performance.now(), span };
  };
  return (request, response) => {
    const url = request.url ?? '';
    const isFlood = request.rawHeaders.length > headerTextsMax;
    if (isFlood || url.charCodeAt(0) !== slash || isHostMissing(request)) {
      const exchange = begin(request, response, unread);
      sender.send(exchange, isFlood ? tooManyHeaders(exchange) : answerUnread(exchange));
      return true;
    }
    const queryAt = url.indexOf('?');
    const found = routes.get(queryAt === -1 ? url : url.slice(0, queryAt));
    if (found === undefined || found.method !== request.method) return false;
    const exchange = begin(request, response, found.meter);
    try {
      found.run(exchange);
    } catch (error) {
      fail(context, exchange, error);
    }
    return true;
  };
}

/** The routes by their whole path. */
function createRoutes(context: HttpContext): ReadonlyMap<string, HotRoute> {
  const { operations, meters, sender, gate } = context;

  const finish = (exchange: Exchange, answered: Promise<Answer>): void => {
    answered
      .then((result) => sender.send(exchange, result))
      .catch((error: unknown) => fail(context, exchange, error));
  };
  const bySearch =
    (ask: Operations['status']) =>
    (exchange: Exchange): void => {
      const { span, traceId, request } = exchange;
      const answered = within(span, () => ask(searchOf(request.url ?? ''), traceId, request));
      if (answered instanceof Promise) finish(exchange, answered);
      else sender.send(exchange, answered);
    };
  const stream = (exchange: Exchange): void =>
    void within(exchange.span, () => openStream(context, exchange)).catch((error: unknown) =>
      fail(context, exchange, error),
    );
  const withBody =
    (run: (request: BodyRequest) => Promise<Answer>) =>
    (exchange: Exchange): void =>
      readBody(exchange.request, (body) => {
        if (body === undefined) sender.sendTooLarge(exchange);
        else {
          const { request, traceId, span } = exchange;
          gate.noteAddress(request.socket.remoteAddress, request.headers);
          // Events of the body come in a context of their own: the span's begins here.
          finish(
            exchange,
            within(span, () => run({ headers: request.headers, body, traceId })),
          );
        }
      });

  const route = (method: string, name: string, run: HotRoute['run']): [string, HotRoute] => {
    const path = `${apiPrefix}/queue/${name}`;
    return [path, { method, meter: meters.route(method, path), run }];
  };
  return new Map([
    route('GET', 'status', bySearch(operations.status)),
    route('POST', 'join', withBody(operations.join)),
    route('GET', 'challenge', bySearch(operations.challenge)),
    route('POST', 'enter', withBody(operations.enter)),
    route('DELETE', 'leave', bySearch(operations.leave)),
    route('GET', 'stream', stream),
  ]);
}

/** Runs `act` as work of the span, if there is one. */
const within = <T>(span: RequestSpan | undefined, act: () => T): T =>
  span === undefined ? act() : span.run(act);

/** An error at the end of the thin path: an expected one is its refusal, any other a bug. */
function fail({ sender, log }: HttpContext, exchange: Exchange, error: unknown): void {
  const { traceId, meter, response } = exchange;
  const isExpected = error instanceof TacosError;
  if (!isExpected) log.error({ err: error, traceId, route: meter.route }, 'a request failed');
  if (response.headersSent) response.destroy();
  else sender.send(exchange, refusalAnswer(isExpected ? error.refusal : refuse('INTERNAL'), traceId));
}

const slash = 47;
/** Names and values. */
const headerTextsMax = 2 * headersMax;

/** Only the first of them were read: who asks is not known, so nothing else is answered. */
function tooManyHeaders({ traceId }: Exchange): Answer {
  const refused = refuse('HEADERS_TOO_LARGE', { message: `More than ${headersMax} headers.` });
  return { ...refusalAnswer(refused, traceId), headers: ['connection', 'close'] };
}

const isHostMissing = ({ httpVersionMinor, headers }: IncomingMessage): boolean =>
  httpVersionMinor === 1 && headers.host === undefined;

/** `OPTIONS *` asks about the server as a whole; a target with a scheme is meant for a proxy, which this is not. */
function answerUnread({ request, traceId }: Exchange): Answer {
  if (request.url === '*' && request.method === 'OPTIONS' && !isHostMissing(request)) {
    return { ...answer(204, ''), headers: ['allow', 'GET, HEAD, POST, DELETE, OPTIONS'] };
  }
  const message = isHostMissing(request)
    ? 'The Host header is missing.'
    : 'The request target must begin with a slash.';
  return refusalAnswer(refuse('BAD_REQUEST', { message }), traceId);
}

/** Opens an event stream on the exchange, or refuses it. */
export async function openStream(
  { desk, streams, sender, meters, gate }: HttpContext,
  exchange: Exchange,
): Promise<void> {
  const token = tokenOf(searchOf(exchange.request.url ?? ''));
  const busy = typeof token === 'string' ? desk.streamRefusal(token) : undefined;
  if (busy !== undefined) {
    sender.send(exchange, refusalAnswer(busy, exchange.traceId));
    return;
  }
  const opened =
    typeof token === 'string'
      ? await streams.open(token, exchange.response, () => sender.startStream(exchange))
      : token;
  if (opened === undefined) {
    meters.operations.stream.ok += 1;
    return;
  }
  const refusal = guessed(gate, opened, exchange.request);
  meters.operations.stream.refuse(refusal.code);
  sender.send(exchange, refusalAnswer(refusal, exchange.traceId));
}
