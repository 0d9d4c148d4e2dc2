/** Outcomes of the line in the messages of gateway.v1. */
import type { GetQueueStatusResponse } from '../../../generated/proto/gateway/v1/GetQueueStatusResponse.ts';
import type { JoinQueueResponse } from '../../../generated/proto/gateway/v1/JoinQueueResponse.ts';
import type { LeaveQueueResponse } from '../../../generated/proto/gateway/v1/LeaveQueueResponse.ts';
import type { QueueStatus } from '../../../generated/proto/gateway/v1/QueueStatus.ts';
import type { RequestAdmissionResponse } from '../../../generated/proto/gateway/v1/RequestAdmissionResponse.ts';
import type { Timestamp } from '../../../generated/proto/google/protobuf/Timestamp.ts';
import { type ErrorCode, type Refusal, refuse } from '../../contract/errors.ts';
import type { EnterReply, JoinReply, StatusReply } from '../../contract/visitor-api.ts';
import { errorOf } from './errors.ts';

/** What a message says beside the outcome itself. */
export interface Telling {
  readonly traceId: string;
  /** Time now, epoch ms. */
  readonly nowMs: number;
}

/** Silence after which a place is lost, s; undefined = not known here. */
export type ExpireSec = number | undefined;

const int32Max = 2_147_483_647;

/** A figure that is not negative, whole and within int32. */
export const int32 = (figure: number): number =>
  Number.isNaN(figure) ? 0 : Math.min(int32Max, Math.max(0, Math.round(figure)));

/** A protobuf timestamp of epoch ms. */
export function timestamp(ms: number): Timestamp {
  const seconds = Math.floor(ms / 1000);
  return { seconds, nanos: Math.round((ms - seconds * 1000) * 1e6) };
}

const after = (nowMs: number, sec: ExpireSec): { expiresAt?: Timestamp } =>
  sec === undefined ? {} : { expiresAt: timestamp(nowMs + sec * 1000) };

/** A place was given; it expires unless it is asked about again. */
export function joined(reply: JoinReply, expireSec: ExpireSec, { nowMs }: Telling): JoinQueueResponse {
  return {
    waitingToken: reply.waiting_token,
    positionHint: int32(reply.position_hint),
    etaSeconds: int32(reply.eta_sec),
    status: 'QUEUE_STATUS_WAITING',
    ...after(nowMs, expireSec),
  };
}

/** No place was given; whoever proves to hold one already is given its token. */
export function notJoined(refusal: Refusal, { traceId }: Telling): JoinQueueResponse {
  const token = refusal.body?.waiting_token;
  return {
    status: 'QUEUE_STATUS_ERROR',
    error: errorOf(refusal, traceId),
    ...(typeof token === 'string' ? { waitingToken: token } : {}),
  };
}

const queueStatuses: Readonly<Record<StatusReply['status'], QueueStatus>> = {
  waiting: 'QUEUE_STATUS_WAITING',
  ready: 'QUEUE_STATUS_READY',
  entered: 'QUEUE_STATUS_EXPIRED',
  left: 'QUEUE_STATUS_LEFT',
  expired: 'QUEUE_STATUS_EXPIRED',
};

/** Where a place stands. One that was used to enter is told from a lost one by its error. */
export function standing(
  reply: StatusReply,
  expireSec: ExpireSec,
  { traceId, nowMs }: Telling,
): GetQueueStatusResponse {
  const isInLine = reply.status === 'waiting' || reply.status === 'ready';
  return {
    status: queueStatuses[reply.status],
    position: int32(reply.position),
    etaSeconds: int32(reply.eta_sec),
    admissionReady: reply.ready_for_entry,
    ...(isInLine ? after(nowMs, expireSec) : {}),
    ...(reply.status === 'entered' ? { error: errorOf(refuse('ALREADY_ENTERED'), traceId) } : {}),
  };
}

/** There is no such place. */
export const noStanding = (refusal: Refusal, { traceId }: Telling): GetQueueStatusResponse => ({
  status: 'QUEUE_STATUS_ERROR',
  error: errorOf(refusal, traceId),
});

/** Somebody is let in. */
export const admitted = (reply: EnterReply, { nowMs }: Telling): RequestAdmissionResponse => ({
  admission: 'ADMISSION_STATUS_GRANTED',
  reservationToken: reply.reservation_token,
  ttlSeconds: int32(reply.ttl_sec),
  validUntil: timestamp(nowMs + reply.ttl_sec * 1000),
});

/** Refusals of an admission that are more than "denied". */
const admissionStatuses: Readonly<
  Partial<Record<ErrorCode, RequestAdmissionResponse['admission'] & string>>
> = {
  ALREADY_ENTERED: 'ADMISSION_STATUS_EXPIRED',
  TOKEN_EXPIRED: 'ADMISSION_STATUS_EXPIRED',
  TOKEN_NOT_FOUND: 'ADMISSION_STATUS_INVALID',
};

/** Somebody is not let in, or not yet. */
export const notAdmitted = (refusal: Refusal, { traceId }: Telling): RequestAdmissionResponse => ({
  admission: admissionStatuses[refusal.code] ?? 'ADMISSION_STATUS_DENIED',
  error: errorOf(refusal, traceId),
});

/** A place was given up. */
export const gone = ({ nowMs }: Telling): LeaveQueueResponse => ({ success: true, leftAt: timestamp(nowMs) });

/** It was not. */
export const notGone = (refusal: Refusal, { traceId }: Telling): LeaveQueueResponse => ({
  success: false,
  error: errorOf(refusal, traceId),
});
