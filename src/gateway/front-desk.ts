/**
 * What the gateway does around the line for a visitor, whichever wire they came by: who asks, may they, and the counts.
 * HTTP (operations.ts) and gRPC (grpc/service.ts) read a request, ask here, and write the outcome in their own words.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Refusal } from '../contract/errors.ts';
import type { EnterReply, JoinBody, JoinReply, LeaveReply, StatusReply } from '../contract/visitor-api.ts';
import type { Line, Outcome } from '../queue/line-types.ts';
import { eventOfToken } from '../queue/waiting-token.ts';
import { type Authenticator, isRefusal, signedIn } from './auth/authenticator.ts';
import { badIdempotencyKey, isIdempotencyKey } from './http/idempotency-key.ts';
import { checkToken } from './http/query.ts';
import type { Meters, OperationName } from './metrics/meters.ts';
import { OperationCounts } from './metrics/operation-counts.ts';
import type { OverloadGuard } from './overload/guard.ts';
import type { Work } from './overload/shares.ts';
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
  /** Why a stream may not be opened for this token now, counted; undefined when it may. */
  streamRefusal(token: string): Refusal | undefined;
  /** Why a join is refused before its body was read, counted; mostly undefined. */
  unreadJoinRefusal(): Refusal | undefined;
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
  /** Refuses what there is no time for; the same for all wires of the process. */
  readonly guard: OverloadGuard;
}

export function createFrontDesk(options: FrontDeskOptions): FrontDesk {
  const { line, authEnterRequired, gate, guard } = options;
  const authenticate = gate.counting(options.authenticate);
  const authenticateEnter = gate.guarding(options.authenticate);
  const { positions } = options.meters;
  const counts = new OperationCounts(line, options.meters);

  /** Before anything else, so that it costs nothing: tokens were not looked at, nor who asks. */
  function busy(work: Work, event: string | undefined, operation: OperationName = work): Refusal | undefined {
    const refusal = guard.refusalOf(work, event);
    return refusal && counts.refusedAt(event, operation, refusal);
  }

  const busyFor = (work: Work, token: string, operation?: OperationName): Refusal | undefined =>
    guard.isOpen() ? undefined : busy(work, eventOfToken(token), operation);

  async function join(body: JoinBody, headers: IncomingHttpHeaders): Promise<Outcome<JoinReply>> {
    const { event_id: eventId, user_id: userId } = body;
    const refusal = guard.isOpen() ? undefined : busy('join', eventId);
    if (refusal !== undefined) return refusal;
    const idempotencyKey = headers['idempotency-key'];
    if (idempotencyKey !== undefined && !isIdempotencyKey(idempotencyKey))
      return counts.refusedAt(eventId, 'join', badIdempotencyKey);
    const caller = await authenticate(headers);
    if (isRefusal(caller)) return counts.refusedAt(eventId, 'join', caller);
    const outcome = await line.join({
      eventId,
      caller,
      ...(userId === undefined ? {} : { userId }),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    return outcome.ok ? counts.ok('join', outcome) : counts.refusedAt(eventId, 'join', outcome);
  }

  function status(token: string, asker: Asker): Outcome<StatusReply> | Promise<Outcome<StatusReply>> {
    const refusal = busyFor('status', token);
    if (refusal !== undefined) return refusal;
    const outcome = line.status(token);
    if (outcome instanceof Promise) return outcome.then((later) => countedStatus(later, token, asker));
    return countedStatus(outcome, token, asker);
  }

  function countedStatus(outcome: Outcome<StatusReply>, token: string, asker: Asker): Outcome<StatusReply> {
    if (!outcome.ok) return refusedAsker('status', outcome, { token, asker });
    positions.told(outcome.reply.position);
    return counts.ok('status', outcome);
  }

  /** A token that is no good belongs to no event, and counts for its address. */
  function refusedAsker(
    operation: OperationName,
    refusal: Refusal,
    { token, asker }: { readonly token: string; readonly asker: Asker },
  ): Refusal {
    if (refusal.code !== 'TOKEN_NOT_FOUND') return counts.refusedOf(token, operation, refusal);
    return counts.refused(operation, guessed(gate, refusal, asker));
  }

  async function enter(text: string, headers: IncomingHttpHeaders): Promise<Outcome<EnterReply>> {
    const token = checkToken(text);
    if (typeof token !== 'string') return counts.refused('enter', token);
    const refusal = busyFor('enter', token);
    if (refusal !== undefined) return refusal;
    const caller = await (authEnterRequired
      ? signedIn(authenticateEnter, headers)
      : authenticateEnter(headers));
    if (isRefusal(caller)) return counts.refusedOf(token, 'enter', caller);
    const outcome = await line.enter(token, caller);
    if (outcome.ok) return counts.ok('enter', outcome);
    if (outcome.code !== 'TOKEN_NOT_FOUND') return counts.refusedOf(token, 'enter', outcome);
    return counts.refused('enter', gate.byAddress(headers) ?? outcome);
  }

  async function leave(token: string, asker: Asker): Promise<Outcome<LeaveReply>> {
    const outcome = await line.leave(token);
    return outcome.ok ? counts.ok('leave', outcome) : refusedAsker('leave', outcome, { token, asker });
  }

  async function mustBeSignedIn(headers: IncomingHttpHeaders): Promise<Refusal | undefined> {
    const caller = await signedIn(authenticate, headers);
    return isRefusal(caller) ? caller : undefined;
  }

  function unreadJoinRefusal(): Refusal | undefined {
    const refusal = guard.refusalUnread();
    return refusal && counts.refused('join', refusal);
  }

  return {
    join,
    status,
    enter,
    leave,
    mustBeSignedIn,
    streamRefusal: (token) => busyFor('status', token, 'stream'),
    unreadJoinRefusal,
    refused: counts.refused.bind(counts),
  };
}

/** Tokens that are no good are limited by address: the refusal, or that there were too many. */
export function guessed(gate: RateGate, refusal: Refusal, { headers, socket }: Asker): Refusal {
  if (refusal.code !== 'TOKEN_NOT_FOUND') return refusal;
  gate.noteAddress(socket.remoteAddress, headers);
  return gate.byAddress(headers) ?? refusal;
}
