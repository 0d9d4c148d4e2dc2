/**
 * How a refusal is told over gRPC. What the line decided about an event or a place is an answer: status OK, with `error`
 * in the message. What kept it from deciding ends the call with a gRPC status, so that clients, proxies and their retry
 * rules understand it without knowing our messages:
 *
 * | our code                      | gRPC status        | when                                                     |
 * |-------------------------------|--------------------|----------------------------------------------------------|
 * | BAD_REQUEST                   | INVALID_ARGUMENT   | not our message, not UTF-8, a field out of its bounds    |
 * | BODY_TOO_LARGE, RATE_LIMITED  | RESOURCE_EXHAUSTED | over 16 KiB (grpc-js refuses it itself); too many calls  |
 * | UNAUTHENTICATED               | UNAUTHENTICATED    | no valid bearer token where one is needed                |
 * | OVERLOADED, UNAVAILABLE       | UNAVAILABLE        | Redis is away, or too busy                               |
 * | INTERNAL                      | INTERNAL           | a bug                                                    |
 * | all others                    | OK                 | `error` in the answer                                    |
 *
 * Such a status comes with trailers: `x-request-id` the trace id, `error-code` our code and, where asking again may help,
 * `retry-after` (s) and `grpc-retry-pushback-ms`. A deadline that passes is DEADLINE_EXCEEDED, by grpc-js, and so is a
 * message that does not arrive in time, by server.ts.
 */
import { Metadata, status } from '@grpc/grpc-js';
import type { Error as ErrorMessage } from '../../../generated/proto/common/v1/Error.ts';
import { type ErrorCode, errorCatalogue, type Refusal } from '../../contract/errors.ts';
import { retryAfterSecOf } from '../http/answer.ts';

/** Codes that end a call, and how; all others are told in the answer. */
const callStatuses: Readonly<Partial<Record<ErrorCode, status>>> = {
  BAD_REQUEST: status.INVALID_ARGUMENT,
  BODY_TOO_LARGE: status.RESOURCE_EXHAUSTED,
  RATE_LIMITED: status.RESOURCE_EXHAUSTED,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  OVERLOADED: status.UNAVAILABLE,
  UNAVAILABLE: status.UNAVAILABLE,
  INTERNAL: status.INTERNAL,
};

/** Our codes in the words of common.v1.ErrorCode, which has fewer: `details` name ours. */
const wireCodes = {
  BAD_REQUEST: 'ERROR_CODE_INVALID_ARGUMENT',
  IDEMPOTENCY_REQUIRED: 'ERROR_CODE_IDEMPOTENCY_REQUIRED',
  UNAUTHENTICATED: 'ERROR_CODE_UNAUTHENTICATED',
  BAD_CREDENTIALS: 'ERROR_CODE_UNAUTHENTICATED',
  FORBIDDEN: 'ERROR_CODE_FORBIDDEN',
  PASS_REFUSED: 'ERROR_CODE_FORBIDDEN',
  NOT_YOURS: 'ERROR_CODE_FORBIDDEN',
  NOT_READY: 'ERROR_CODE_FAILED_PRECONDITION',
  CHALLENGE_REQUIRED: 'ERROR_CODE_FAILED_PRECONDITION',
  QUEUE_NOT_OPEN: 'ERROR_CODE_FAILED_PRECONDITION',
  QUEUE_CLOSED: 'ERROR_CODE_FAILED_PRECONDITION',
  NOT_FOUND: 'ERROR_CODE_NOT_FOUND',
  EVENT_NOT_FOUND: 'ERROR_CODE_NOT_FOUND',
  AUDIT_NOT_FOUND: 'ERROR_CODE_NOT_FOUND',
  VISITOR_NOT_FOUND: 'ERROR_CODE_NOT_FOUND',
  SALE_NOT_FOUND: 'ERROR_CODE_NOT_FOUND',
  TOKEN_NOT_FOUND: 'ERROR_CODE_NOT_FOUND',
  RESERVATION_NOT_FOUND: 'ERROR_CODE_NOT_FOUND',
  PAYMENT_NOT_FOUND: 'ERROR_CODE_NOT_FOUND',
  METHOD_NOT_ALLOWED: 'ERROR_CODE_INVALID_ARGUMENT',
  DUPLICATE_REQUEST: 'ERROR_CODE_ALREADY_EXISTS',
  IDEMPOTENCY_CONFLICT: 'ERROR_CODE_IDEMPOTENCY_CONFLICT',
  REQUEST_IN_FLIGHT: 'ERROR_CODE_CONCURRENT_MODIFICATION',
  SEATS_TAKEN: 'ERROR_CODE_INVENTORY_CONFLICT',
  USER_EXISTS: 'ERROR_CODE_ALREADY_EXISTS',
  ALREADY_ENTERED: 'ERROR_CODE_ALREADY_EXISTS',
  EVENT_EXISTS: 'ERROR_CODE_ALREADY_EXISTS',
  ACTION_RUNNING: 'ERROR_CODE_CONCURRENT_MODIFICATION',
  TOKEN_EXPIRED: 'ERROR_CODE_RESERVATION_EXPIRED',
  RESERVATION_EXPIRED: 'ERROR_CODE_RESERVATION_EXPIRED',
  PAYMENT_NOT_APPROVED: 'ERROR_CODE_PAYMENT_NOT_APPROVED',
  VERSION_CONFLICT: 'ERROR_CODE_CONCURRENT_MODIFICATION',
  STATE_CONFLICT: 'ERROR_CODE_FAILED_PRECONDITION',
  REQUEST_TIMEOUT: 'ERROR_CODE_TIMEOUT',
  BODY_TOO_LARGE: 'ERROR_CODE_INVALID_ARGUMENT',
  UNSUPPORTED_MEDIA_TYPE: 'ERROR_CODE_INVALID_ARGUMENT',
  CONSENT_REQUIRED: 'ERROR_CODE_FAILED_PRECONDITION',
  GUARD_RAIL: 'ERROR_CODE_FAILED_PRECONDITION',
  CLUSTER_REPLY_LOST: 'ERROR_CODE_UPSTREAM_TIMEOUT',
  CLUSTER_UNAVAILABLE: 'ERROR_CODE_UNAVAILABLE',
  CLUSTER_FORBIDDEN: 'ERROR_CODE_FORBIDDEN',
  CLUSTER_NOT_SET: 'ERROR_CODE_FAILED_PRECONDITION',
  HPA_NOT_FOUND: 'ERROR_CODE_NOT_FOUND',
  LOADTEST_NOT_FOUND: 'ERROR_CODE_NOT_FOUND',
  LOADTEST_NOT_SET: 'ERROR_CODE_FAILED_PRECONDITION',
  LOADTEST_NO_OPERATOR: 'ERROR_CODE_FAILED_PRECONDITION',
  HEADERS_TOO_LARGE: 'ERROR_CODE_INVALID_ARGUMENT',
  RATE_LIMITED: 'ERROR_CODE_RATE_LIMITED',
  INTERNAL: 'ERROR_CODE_INTERNAL',
  QUEUE_FULL: 'ERROR_CODE_QUOTA_EXCEEDED',
  EVENTS_FULL: 'ERROR_CODE_QUOTA_EXCEEDED',
  STREAMS_FULL: 'ERROR_CODE_QUOTA_EXCEEDED',
  OVERLOADED: 'ERROR_CODE_UNAVAILABLE',
  BACKEND_ERROR: 'ERROR_CODE_UPSTREAM_ERROR',
  BACKEND_UNAVAILABLE: 'ERROR_CODE_UNAVAILABLE',
  BACKEND_TIMEOUT: 'ERROR_CODE_UPSTREAM_TIMEOUT',
  UNAVAILABLE: 'ERROR_CODE_UNAVAILABLE',
} as const satisfies Record<ErrorCode, ErrorMessage['code']>;

/** Fields of a refusal's body that clients act on. */
const toldFields = ['reason', 'detail', 'position', 'opens_at'] as const;

/** `challenge_seed`, `challenge_difficulty` and `challenge_expires_in_sec` of a refused join. */
const challengeIn = ({ body }: Refusal): object =>
  typeof body?.challenge === 'object' && body.challenge !== null ? body.challenge : {};

const messageOf = ({ code, message }: Refusal): string => message ?? errorCatalogue[code].message;

/** A refusal as the `error` of an answer; its details are pairs of `reason`, a name, and `value`. */
export function errorOf(refusal: Refusal, traceId: string): ErrorMessage {
  const details = [{ reason: 'code', value: refusal.code as string }];
  const retryAfterSec = retryAfterSecOf(refusal);
  if (retryAfterSec !== undefined) details.push({ reason: 'retry_after_sec', value: String(retryAfterSec) });
  for (const field of toldFields) {
    const value = refusal.body?.[field];
    if (value !== undefined) details.push({ reason: field, value: String(value) });
  }
  for (const [field, value] of Object.entries(challengeIn(refusal)))
    details.push({ reason: `challenge_${field}`, value: String(value) });
  return { code: wireCodes[refusal.code], message: messageOf(refusal), traceId, details };
}

/** A call that ends with a status instead of an answer. */
export interface CallEnd {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

/** How a refusal ends its call; undefined where it is told in the answer. */
export function callEndOf(refusal: Refusal, traceId: string): CallEnd | undefined {
  const code = callStatuses[refusal.code];
  if (code === undefined) return undefined;
  const metadata = new Metadata();
  metadata.set('x-request-id', traceId);
  metadata.set('error-code', refusal.code);
  const retryAfterSec = retryAfterSecOf(refusal);
  if (retryAfterSec !== undefined) {
    metadata.set('retry-after', String(retryAfterSec));
    metadata.set('grpc-retry-pushback-ms', String(retryAfterSec * 1000));
  }
  return { code, details: messageOf(refusal), metadata };
}
