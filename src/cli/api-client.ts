/** The admin API over HTTP. Alone knows URLs, headers, retries and the shape of answers. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import type { z } from 'zod';
import {
  type BucketChange,
  type BucketItemReply,
  bucketItemReplySchema,
  type ChangeReply,
  type CreateEvent,
  changeReplySchema,
  type EventItemReply,
  type EventList,
  environmentHeader,
  eventItemReplySchema,
  eventListSchema,
  type QueueSnapshot,
  queueSnapshotSchema,
  type VersionReply,
  versionReplySchema,
} from '../contract/admin-api.ts';
import { badAnswer, errorOfReply, type FailedCall, lostReply, unreachable } from './api-errors.ts';
import { CliError } from './errors.ts';
import { parseClean } from './output/clean.ts';
import { readStream, type StreamMessage } from './watch/stream.ts';

/** Where an admin API is and how to sign in. */
export interface ApiTarget {
  /** Origin, such as http://127.0.0.1:8002. */
  readonly server: string;
  readonly token: string | undefined;
  /** What the client calls itself: program, version, host. */
  readonly client: string;
  /** Longest wait for an answer, ms. */
  readonly timeoutMs: number;
  /** Runnable next step when the server cannot be reached. */
  readonly unreachableHint: string;
  /** Told of every request, for -v. */
  readonly trace?: (line: string) => void;
}

/** How a change is sent. */
export interface ChangeHeaders {
  readonly ifRevision?: number;
  readonly idempotencyKey: string;
}

/** Calls of the admin API; every one throws CliError. */
export interface AdminApi {
  version(): Promise<VersionReply>;
  listEvents(): Promise<EventList>;
  createEvent(input: CreateEvent): Promise<EventItemReply>;
  snapshot(event: string): Promise<QueueSnapshot>;
  bucket(event: string): Promise<BucketItemReply>;
  /** Sent again with the same key when the answer is lost. */
  changeBucket(event: string, change: BucketChange, headers: ChangeHeaders): Promise<ChangeReply>;
  stream(event: string, options: { lastEventId?: string; signal: AbortSignal }): AsyncIterable<StreamMessage>;
  /** Environment name that the last answer carried. */
  readonly environment: string | undefined;
}

interface Call extends FailedCall {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  /** Times that it may be sent. */
  readonly attempts: number;
}

/** Pauses between attempts, ms. */
const retryMs = [200, 600];

/** Errors of undici and the sockets before a byte of the request has left. */
const notSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Opens a client; nothing is sent until the first call. */
export function createApiClient(target: ApiTarget): AdminApi {
  let environment: string | undefined;
  const noteEnvironment = ({ headers }: Pick<Dispatcher.ResponseData, 'headers'>): void => {
    const name = headers[environmentHeader];
    if (typeof name === 'string') environment = name.slice(0, 64);
  };

  const send = async (call: Call): Promise<{ status: number; body: string }> => {
    const { request } = await import('undici');
    const startedAt = performance.now();
    const reply = await request(`${target.server}${call.path}`, {
      method: call.method,
      headers: {
        ...headersOf(target),
        ...call.headers,
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      headersTimeout: target.timeoutMs,
      bodyTimeout: target.timeoutMs,
      signal: AbortSignal.timeout(target.timeoutMs),
    });
    noteEnvironment(reply);
    const body = await reply.body.text();
    const tookMs = Math.round(performance.now() - startedAt);
    target.trace?.(`${call.method} ${call.path} -> ${reply.statusCode} in ${tookMs} ms`);
    return { status: reply.statusCode, body };
  };

  const get = <T extends z.ZodType>(path: string, schema: T, event?: string): Promise<z.output<T>> =>
    answer(
      { method: 'GET', path, attempts: 1, isMutation: false, ...(event === undefined ? {} : { event }) },
      schema,
    );

  const answer = async <T extends z.ZodType>(call: Call, schema: T): Promise<z.output<T>> => {
    const body = await attemptAll(target, call, () => send(call));
    const parsed = schema.safeParse(jsonOf(body));
    if (!parsed.success) throw badAnswer(`answer to ${call.method} ${call.path}`);
    return parsed.data;
  };

  return {
    version: () => get('/version', versionReplySchema),
    listEvents: () => get('/admin/v1/events', eventListSchema),
    snapshot: (event) => get(`${pathOf(event)}/snapshot`, queueSnapshotSchema, event),
    bucket: (event) => get(`${pathOf(event)}/bucket`, bucketItemReplySchema, event),
    createEvent: (input) =>
      answer(
        {
          method: 'POST',
          path: '/admin/v1/events',
          body: input,
          attempts: 1,
          isMutation: true,
          event: input.event,
          check: 'tacos event list',
        },
        eventItemReplySchema,
      ),
    changeBucket: (event, change, { ifRevision, idempotencyKey }) =>
      answer(
        {
          method: 'PATCH',
          path: `${pathOf(event)}/bucket`,
          headers: {
            'idempotency-key': idempotencyKey,
            ...(ifRevision === undefined ? {} : { 'if-match': `"${ifRevision}"` }),
          },
          body: change,
          attempts: 1 + retryMs.length,
          isMutation: change.dryRun !== true,
          event,
          check: `tacos bucket get ${event}`,
        },
        changeReplySchema,
      ),
    stream: (event, options) => streamOf(target, event, options, noteEnvironment),
    get environment() {
      return environment;
    },
  };
}

async function attemptAll(
  target: ApiTarget,
  call: Call,
  send: () => Promise<{ status: number; body: string }>,
): Promise<string> {
  let wasSent = false;
  for (let attempt = 1; ; attempt += 1) {
    let failure: CliError;
    try {
      const { status, body } = await send();
      if (status < 300) return body;
      failure = errorOfReply(status, body, call);
      wasSent = failure.details.applied === 'unknown';
      if (!wasSent) throw failure;
    } catch (error) {
      if (error === undefined || (error instanceof CliError && error.details.applied !== 'unknown'))
        throw error;
      const { code, text } = causeOf(error, target.timeoutMs);
      target.trace?.(`${call.method} ${call.path} -> ${code}`);
      wasSent ||= !notSent.has(code);
      failure = wasSent ? lostReply(call, text) : unreachable(target.server, text, target.unreachableHint);
    }
    const waitMs = attempt < call.attempts ? retryMs[attempt - 1] : undefined;
    if (waitMs === undefined) throw failure;
    await sleep(waitMs);
  }
}

async function* streamOf(
  target: ApiTarget,
  event: string,
  options: { lastEventId?: string; signal: AbortSignal },
  noteEnvironment: (reply: Dispatcher.ResponseData) => void,
): AsyncIterable<StreamMessage> {
  const { request } = await import('undici');
  const path = `${pathOf(event)}/stream`;
  let reply: Dispatcher.ResponseData;
  try {
    reply = await request(`${target.server}${path}`, {
      headers: {
        ...headersOf(target),
        accept: 'text/event-stream',
        ...(options.lastEventId === undefined ? {} : { 'last-event-id': options.lastEventId }),
      },
      headersTimeout: target.timeoutMs,
      bodyTimeout: 0,
      signal: options.signal,
    });
  } catch (error) {
    const { text } = causeOf(error, target.timeoutMs);
    throw unreachable(target.server, text, target.unreachableHint);
  }
  noteEnvironment(reply);
  target.trace?.(`GET ${path} -> ${reply.statusCode}`);
  if (reply.statusCode !== 200) {
    throw errorOfReply(reply.statusCode, await reply.body.text(), { isMutation: false, event });
  }
  yield* readStream(reply.body);
}

const pathOf = (event: string): string => `/admin/v1/events/${encodeURIComponent(event)}`;

const headersOf = ({ token, client }: ApiTarget): Record<string, string> => ({
  'user-agent': client,
  ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
});

function jsonOf(body: string): unknown {
  try {
    return parseClean(body);
  } catch {
    return undefined;
  }
}

function causeOf(error: unknown, timeoutMs: number): { code: string; text: string } {
  const { code, name, message } = error as { code?: unknown; name?: string; message?: string };
  if (name === 'TimeoutError') return { code: 'TIMEOUT', text: `no answer within ${timeoutMs / 1000} s` };
  const text = typeof code === 'string' ? code : (message ?? String(error));
  return { code: typeof code === 'string' ? code : 'UNKNOWN', text: sayings[text] ?? text };
}

const sayings: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  ECONNRESET: 'connection reset',
  UND_ERR_SOCKET: 'the connection broke',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
};
