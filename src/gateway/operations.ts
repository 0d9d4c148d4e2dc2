/** What the visitor API does, free of sockets: both ways into the gateway, the thin path and Fastify, end here. */
import type { IncomingHttpHeaders } from 'node:http';
import { type Refusal, refuse } from '../contract/errors.ts';
import { idempotencyKeyCharsMax } from '../contract/limits.ts';
import { enterBodySchema, joinBodySchema, type StatusReply } from '../contract/visitor-api.ts';
import type { Caller, Line, Outcome } from '../queue/line-types.ts';
import type { Authenticator } from './auth/authenticator.ts';
import { type Answer, answer, refusalAnswer } from './http/answer.ts';
import { parseBody } from './http/body.ts';
import { checkToken, tokenOf } from './http/query.ts';
import { statusJson } from './http/status-json.ts';
import type { Meters, OperationMeter } from './metrics/meters.ts';

/** A request with a body. */
export interface BodyRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly traceId: string;
}

/** Each gives the whole answer, refusals included; what they throw is a bug. */
export interface Operations {
  join(request: BodyRequest): Promise<Answer>;
  /** `search` = the query string as it came. No promise while the line answers from memory. */
  status(search: string, traceId: string): Answer | Promise<Answer>;
  enter(request: BodyRequest): Promise<Answer>;
  leave(search: string, traceId: string): Promise<Answer>;
}

export interface OperationsOptions {
  readonly line: Line;
  readonly authenticate: Authenticator;
  /** Whether only people who are signed in may enter. */
  readonly authEnterRequired: boolean;
  readonly meters: Meters;
}

export function createOperations(options: OperationsOptions): Operations {
  const { line, authenticate, authEnterRequired } = options;
  const meters = options.meters.operations;

  async function join({ headers, body, traceId }: BodyRequest): Promise<Answer> {
    const parsed = parseBody(headers, body, joinBodySchema);
    if (!parsed.ok) return refused(meters.join, parsed, traceId);
    const idempotencyKey = headers['idempotency-key'];
    if (!isIdempotencyKey(idempotencyKey)) return refused(meters.join, badIdempotencyKey, traceId);
    const caller = await authenticate(headers);
    if (isRefusal(caller)) return refused(meters.join, caller, traceId);
    const { event_id: eventId, user_id: userId } = parsed.value;
    const outcome = await line.join({
      eventId,
      caller,
      ...(userId === undefined ? {} : { userId }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    return toAnswer(meters.join, 202, outcome, traceId);
  }

  function status(search: string, traceId: string): Answer | Promise<Answer> {
    const token = tokenOf(search);
    if (typeof token !== 'string') return refused(meters.status, token, traceId);
    const outcome = line.status(token);
    if (outcome instanceof Promise) return outcome.then((later) => statusAnswer(later, traceId));
    return statusAnswer(outcome, traceId);
  }

  function statusAnswer(outcome: Outcome<StatusReply>, traceId: string): Answer {
    if (!outcome.ok) return refused(meters.status, outcome, traceId);
    meters.status.ok += 1;
    return answer(200, statusJson(outcome.reply));
  }

  async function enter({ headers, body, traceId }: BodyRequest): Promise<Answer> {
    const parsed = parseBody(headers, body, enterBodySchema);
    if (!parsed.ok) return refused(meters.enter, parsed, traceId);
    const token = checkToken(parsed.value.waiting_token);
    if (typeof token !== 'string') return refused(meters.enter, token, traceId);
    const caller = await authenticate(headers);
    if (isRefusal(caller)) return refused(meters.enter, caller, traceId);
    const isSignedIn = caller.authenticated === true || caller.subject !== undefined;
    if (authEnterRequired && !isSignedIn) return refused(meters.enter, refuse('UNAUTHENTICATED'), traceId);
    return toAnswer(meters.enter, 200, await line.enter(token, caller), traceId);
  }

  async function leave(search: string, traceId: string): Promise<Answer> {
    const token = tokenOf(search);
    if (typeof token !== 'string') return refused(meters.leave, token, traceId);
    return toAnswer(meters.leave, 200, await line.leave(token), traceId);
  }

  return { join, status, enter, leave };
}

function toAnswer(meter: OperationMeter, status: number, outcome: Outcome<unknown>, traceId: string): Answer {
  if (!outcome.ok) return refused(meter, outcome, traceId);
  meter.ok += 1;
  return answer(status, JSON.stringify(outcome.reply));
}

function refused(meter: OperationMeter, refusal: Refusal, traceId: string): Answer {
  meter.refuse(refusal.code);
  return refusalAnswer(refusal, traceId);
}

const isRefusal = (caller: Caller | Refusal): caller is Refusal => 'ok' in caller;

const badIdempotencyKey = refuse('BAD_REQUEST', {
  message: `Idempotency-Key must be 1 to ${idempotencyKeyCharsMax} printable characters.`,
});

function isIdempotencyKey(key: string | string[] | undefined): key is string | undefined {
  if (key === undefined) return true;
  return typeof key === 'string' && key.length <= idempotencyKeyCharsMax && /^[\x20-\x7e]+$/.test(key);
}
