/**
 * QueueService: the front desk over gRPC. Each method reads its request, asks the desk, and writes the outcome; all of
 * them run through `serve`, which gives the call its trace, its meter and its end. errors.ts says which refusals are
 * told in the answer and which end the call.
 *
 * Beside the message, answers of JoinQueue and GetQueueStatus have the trailer `poll-after-sec`: when to ask again.
 */
import { type handleUnaryCall, Metadata, status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { GetQueueStatsRequest__Output } from '../../../generated/proto/gateway/v1/GetQueueStatsRequest.ts';
import type { GetQueueStatsResponse } from '../../../generated/proto/gateway/v1/GetQueueStatsResponse.ts';
import type { GetQueueStatusRequest__Output } from '../../../generated/proto/gateway/v1/GetQueueStatusRequest.ts';
import type { GetQueueStatusResponse } from '../../../generated/proto/gateway/v1/GetQueueStatusResponse.ts';
import type { JoinQueueRequest__Output } from '../../../generated/proto/gateway/v1/JoinQueueRequest.ts';
import type { JoinQueueResponse } from '../../../generated/proto/gateway/v1/JoinQueueResponse.ts';
import type { LeaveQueueRequest__Output } from '../../../generated/proto/gateway/v1/LeaveQueueRequest.ts';
import type { LeaveQueueResponse } from '../../../generated/proto/gateway/v1/LeaveQueueResponse.ts';
import type { QueueServiceHandlers } from '../../../generated/proto/gateway/v1/QueueService.ts';
import type { RequestAdmissionRequest__Output } from '../../../generated/proto/gateway/v1/RequestAdmissionRequest.ts';
import type { RequestAdmissionResponse } from '../../../generated/proto/gateway/v1/RequestAdmissionResponse.ts';
import { errorCatalogue, type Refusal, refuse, TacosError } from '../../contract/errors.ts';
import { userIdCharsMax } from '../../contract/limits.ts';
import {
  type EnterReply,
  eventIdSchema,
  type JoinReply,
  joinBodySchema,
  type LeaveReply,
  type StatusReply,
} from '../../contract/visitor-api.ts';
import type { Line, Outcome } from '../../queue/line-types.ts';
import { eventOfToken } from '../../queue/waiting-token.ts';
import type { FrontDesk } from '../front-desk.ts';
import { checkShape } from '../http/body.ts';
import { checkToken } from '../http/query.ts';
import { createTraceIds, type TraceIdForm } from '../http/trace-id.ts';
import type { Meters, OperationName } from '../metrics/meters.ts';
import type { RateGate } from '../rate-limit/rate-gate.ts';
import type { Tracer } from '../tracing/tracer.ts';
import { Unreadable } from './definition.ts';
import { callEndOf, errorOf } from './errors.ts';
import type { Telling } from './messages.ts';
import * as messages from './messages.ts';
import { CallAsker, callerHeaders, type Origin, textOf } from './metadata.ts';
import { StatsBook } from './stats.ts';

export interface QueueServiceOptions {
  readonly desk: FrontDesk;
  readonly line: Line;
  readonly meters: Meters;
  readonly log: Logger;
  readonly gate: RateGate;
  /** How new trace ids look; default `random`. */
  readonly traceIdForm?: TraceIdForm;
  /** Absent = tracing is off. */
  readonly tracer?: Tracer;
}

const serviceName = 'gateway.v1.QueueService';

/** One method: how its request is asked for, and how each outcome is written. */
interface Method<Request, Reply, Response> {
  readonly name: string;
  /** Counts what could not even be read; GetQueueStats is no operation of the line. */
  readonly operation?: OperationName;
  readonly ask: (request: Request, origin: Origin) => Outcome<Reply> | Promise<Outcome<Reply>>;
  readonly yes: (reply: Reply, telling: Telling, request: Request) => Response;
  readonly no: (refusal: Refusal, telling: Telling) => Response;
  readonly pollAfterSec?: (reply: Reply) => number;
}

export function createQueueService(options: QueueServiceOptions): QueueServiceHandlers {
  return {
    JoinQueue: serve(options, joinQueue(options)),
    GetQueueStatus: serve(options, getQueueStatus(options)),
    RequestAdmission: serve(options, requestAdmission(options)),
    LeaveQueue: serve(options, leaveQueue(options)),
    GetQueueStats: serve(options, getQueueStats(options)),
  };
}

/** Makes the handler of a method. What the method throws is a bug, unless it is a TacosError. */
function serve<Request, Reply, Response>(
  { desk, meters, log, tracer, traceIdForm }: QueueServiceOptions,
  { name, operation, ask, yes, no, pollAfterSec }: Method<Request, Reply, Response>,
): handleUnaryCall<Request, Response> {
  const meter = meters.route('GRPC', `/${serviceName}/${name}`);
  const traceIds = createTraceIds(traceIdForm);
  return (call, callback) => {
    const { request, metadata } = call;
    const startedMs = performance.now();
    const span = tracer?.startRequest({
      traceparent: textOf(metadata, 'traceparent'),
      tracestate: textOf(metadata, 'tracestate'),
      'x-amzn-trace-id': textOf(metadata, 'x-amzn-trace-id'),
    });
    const traceId = span?.traceId ?? traceIds(textOf(metadata, 'traceparent'));
    const finish = (outcome: Outcome<Reply>): void => {
      const callEnd = outcome.ok ? undefined : callEndOf(outcome, traceId);
      const telling = { traceId, nowMs: Date.now() };
      if (callEnd !== undefined) callback(callEnd);
      else if (!outcome.ok) callback(null, no(outcome, telling));
      else callback(null, yes(outcome.reply, telling, request), trailer(pollAfterSec?.(outcome.reply)));
      meter.record(outcome.ok ? 200 : errorCatalogue[outcome.code].status, startedMs);
      span?.endRpc({ service: serviceName, method: name, code: callEnd?.code ?? status.OK });
    };
    const fail = (error: unknown): void => {
      const isExpected = error instanceof TacosError;
      if (!isExpected) log.error({ err: error, traceId, route: meter.route }, 'a call failed');
      finish(isExpected ? error.refusal : refuse('INTERNAL'));
    };
    try {
      if (request instanceof Unreadable) {
        finish(operation === undefined ? request.refusal : desk.refused(operation, request.refusal));
        return;
      }
      const asked = span === undefined ? ask(request, call) : span.run(() => ask(request, call));
      if (asked instanceof Promise) asked.then(finish).catch(fail);
      else finish(asked);
    } catch (error) {
      fail(error);
    }
  };
}

function trailer(pollAfterSec: number | undefined): Metadata | undefined {
  if (pollAfterSec === undefined) return undefined;
  const metadata = new Metadata();
  metadata.set('poll-after-sec', String(pollAfterSec));
  return metadata;
}

/** The request's user_id is a claimed one, as in HTTP's body. session_id and metadata say nothing about a place. */
const joinQueue = ({
  desk,
  line,
  gate,
}: QueueServiceOptions): Method<JoinQueueRequest__Output, JoinReply, JoinQueueResponse> => ({
  name: 'JoinQueue',
  operation: 'join',
  ask: ({ eventId, userId, proof }, origin) => {
    const body = {
      event_id: eventId,
      ...(userId === '' ? {} : { user_id: userId }),
      ...(proof ? { proof } : {}),
    };
    const checked = checkShape(body, joinBodySchema);
    return checked.ok ? desk.join(checked.value, callerHeaders(origin, gate)) : desk.refused('join', checked);
  },
  yes: (reply, telling, { eventId }) =>
    messages.joined(reply, line.facts(eventId)?.expireSec(reply.position_hint), telling),
  no: messages.notJoined,
  pollAfterSec: ({ poll_after_sec }) => poll_after_sec,
});

const getQueueStatus = ({
  desk,
  line,
}: QueueServiceOptions): Method<GetQueueStatusRequest__Output, StatusReply, GetQueueStatusResponse> => ({
  name: 'GetQueueStatus',
  operation: 'status',
  ask: ({ waitingToken }, origin) => {
    const token = checkToken(waitingToken);
    return typeof token === 'string'
      ? desk.status(token, new CallAsker(origin))
      : desk.refused('status', token);
  },
  yes: (reply, telling, { waitingToken }) => {
    const facts = line.facts(eventOfToken(waitingToken) ?? '');
    return messages.standing(reply, facts?.expireSec(reply.position), telling);
  },
  no: messages.noStanding,
  pollAfterSec: ({ poll_after_sec }) => poll_after_sec,
});

/** A place is entered by its token alone; an event_id that is given must be the token's. */
const requestAdmission = ({
  desk,
  gate,
}: QueueServiceOptions): Method<RequestAdmissionRequest__Output, EnterReply, RequestAdmissionResponse> => ({
  name: 'RequestAdmission',
  operation: 'enter',
  ask: ({ waitingToken, eventId, userId }, origin) => {
    const refusal = admissionRefusal(waitingToken, eventId, userId);
    if (refusal !== undefined) return desk.refused('enter', refusal);
    return desk.enter(waitingToken, callerHeaders(origin, gate));
  },
  yes: messages.admitted,
  no: messages.notAdmitted,
});

function admissionRefusal(waitingToken: string, eventId: string, userId: string): Refusal | undefined {
  if (userId.length > userIdCharsMax) {
    return refuse('BAD_REQUEST', { message: `user_id: at most ${userIdCharsMax} characters` });
  }
  if (eventId === '') return undefined;
  const checked = checkShape(eventId, eventIdSchema);
  if (!checked.ok) return checked;
  const isOther = typeof checkToken(waitingToken) === 'string' && eventOfToken(waitingToken) !== eventId;
  return isOther
    ? refuse('TOKEN_NOT_FOUND', { message: 'This waiting token is not of this event.' })
    : undefined;
}

const leaveQueue = ({
  desk,
}: QueueServiceOptions): Method<LeaveQueueRequest__Output, LeaveReply, LeaveQueueResponse> => ({
  name: 'LeaveQueue',
  operation: 'leave',
  ask: ({ waitingToken }, origin) => {
    const token = checkToken(waitingToken);
    return typeof token === 'string'
      ? desk.leave(token, new CallAsker(origin))
      : desk.refused('leave', token);
  },
  yes: (_, telling) => messages.gone(telling),
  no: messages.notGone,
});

/** One event's figures are for everybody, as its visitors see them anyway; the list of all is for who is signed in. */
function getQueueStats({
  desk,
  line,
  gate,
}: QueueServiceOptions): Method<GetQueueStatsRequest__Output, GetQueueStatsResponse, GetQueueStatsResponse> {
  const book = new StatsBook(line);
  return {
    name: 'GetQueueStats',
    ask: async ({ eventId }, origin) => {
      const headers = callerHeaders(origin, gate);
      if (eventId === '') return (await desk.mustBeSignedIn(headers)) ?? book.read('', Date.now());
      const checked = checkShape(eventId, eventIdSchema);
      if (!checked.ok) return checked;
      return gate.byAddress(headers) ?? book.read(eventId, Date.now());
    },
    yes: (reply) => reply,
    no: (refusal, { traceId }) => ({ error: errorOf(refusal, traceId) }),
  };
}
