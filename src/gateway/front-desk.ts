/**
 * What the gateway does around the line for a visitor, whichever wire they came by: who asks, may they, and the counts.
 * HTTP (operations.ts) and gRPC (grpc/service.ts) read a request, ask here, and write the outcome in their own words.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Refusal } from '../contract/errors.ts';
import type { EnterReply, JoinBody, JoinReply, LeaveReply, StatusReply } from '../contract/visitor-api.ts';
import type { Line, Outcome } from '../queue/line-types.ts';
import { type Authenticator, isRefusal, signedIn } from './auth/authenticator.ts';
import { badIdempotencyKey, isIdempotencyKey } from './http/idempotency-key.ts';
import { checkToken } from './http/query.ts';
import type { Meters, OperationName } from './metrics/meters.ts';
import type { RateGate } from './rate-limit/rate-gate.ts';

/** Each gives the outcome, counted; what they throw is a bug. Tokens of `status` and `leave` have passed checkToken. */
export interface FrontDesk {
  /** `headers` = those of the request that say who asks and with which key, lower-case. */
  join(body: JoinBody, headers: IncomingHttpHeaders): Promise<Outcome<JoinReply>>;
  /** No promise while the line answers from memory. */
  status(token: string, asker: Asker): Outcome<StatusReply> | Promise<Outcome<StatusReply>>;
  enter(token: string, headers: IncomingHttpHeaders): Promise<Outcome<EnterReply>>;
  leave(token: string, asker: Asker): Promise<Outcome<LeaveReply>>;
  /** Why this caller is not signed in; undefined when they are. Not counted: it is no operation of the line. */
  mustBeSignedIn(headers: IncomingHttpHeaders): Promise<Refusal | undefined>;
  /** Counts what was refused before it came here. */
  refused(operation: OperationName, refusal: Refusal): Refusal;
}

/** The request as it came; looked at only where its token is no good, to count it for its address. */
export interface Asker {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

export interface FrontDeskOptions {
  readonly line: Line;
  readonly authenticate: Authenticator;
  /** Whether only people who are signed in may enter. */
  readonly authEnterRequired: boolean;
  readonly meters: Meters;
  readonly gate: RateGate;
}

export function createFrontDesk(options: FrontDeskOptions): FrontDesk {
  const { line, authEnterRequired, gate } = options;
  const authenticate = gate.counting(options.authenticate);
  const authenticateEnter = gate.guarding(options.authenticate);
  const { operations: meters, positions } = options.meters;

  function counted<T>(operation: OperationName, outcome: Outcome<T>): Outcome<T> {
    if (outcome.ok) meters[operation].ok += 1;
    else meters[operation].refuse(outcome.code);
    return outcome;
  }

  function refused(operation: OperationName, refusal: Refusal): Refusal {
    meters[operation].refuse(refusal.code);
    return refusal;
  }

  async function join(body: JoinBody, headers: IncomingHttpHeaders): Promise<Outcome<JoinReply>> {
    const idempotencyKey = headers['idempotency-key'];
    if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey))
      return refused('join', badIdempotencyKey);
    const caller = await authenticate(headers);
    if (isRefusal(caller)) return refused('join', caller);
    const { event_id: eventId, user_id: userId } = body;
    const outcome = await line.join({
      eventId,
      caller,
      ...(userId === undefined ? {} : { userId }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    return counted('join', outcome);
  }

  function status(token: string, asker: Asker): Outcome<StatusReply> | Promise<Outcome<StatusReply>> {
    const outcome = line.status(token);
    if (outcome instanceof Promise) return outcome.then((later) => countedStatus(later, asker));
    return countedStatus(outcome, asker);
  }

  function countedStatus(outcome: Outcome<StatusReply>, asker: Asker): Outcome<StatusReply> {
    if (!outcome.ok) return refused('status', guessed(gate, outcome, asker));
    positions.told(outcome.reply.position);
    return counted('status', outcome);
  }

  async function enter(text: string, headers: IncomingHttpHeaders): Promise<Outcome<EnterReply>> {
    const token = checkToken(text);
    if (typeof token !== 'string') return refused('enter', token);
    const caller = await (authEnterRequired
      ? signedIn(authenticateEnter, headers)
      : authenticateEnter(headers));
    if (isRefusal(caller)) return refused('enter', caller);
    const outcome = await line.enter(token, caller);
    if (outcome.ok || outcome.code !== 'TOKEN_NOT_FOUND') return counted('enter', outcome);
    return refused('enter', gate.byAddress(headers) ?? outcome);
  }

  async function leave(token: string, asker: Asker): Promise<Outcome<LeaveReply>> {
    const outcome = await line.leave(token);
    return counted('leave', outcome.ok ? outcome : guessed(gate, outcome, asker));
  }

  async function mustBeSignedIn(headers: IncomingHttpHeaders): Promise<Refusal | undefined> {
    const caller = await signedIn(authenticate, headers);
    return isRefusal(caller) ? caller : undefined;
  }

  return { join, status, enter, leave, mustBeSignedIn, refused };
}

/** Tokens that are no good are limited by address: the refusal, or that there were too many. */
export function guessed(gate: RateGate, refusal: Refusal, { headers, socket }: Asker): Refusal {
  if (refusal.code !== 'TOKEN_NOT_FOUND') return refusal;
  gate.noteAddress(socket.remoteAddress, headers);
  return gate.byAddress(headers) ?? refusal;
}
