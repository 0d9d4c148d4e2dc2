/**
 * What visitors are told when a backend says no or fails: one table for gRPC status codes, one for the codes that travel
 * in the `error` field of an answer. A backend's own sentence is never passed on.
 */
import { status as grpcStatus } from '@grpc/grpc-js';
import type { ErrorCode as BackendErrorCode } from '../../../generated/proto/common/v1/ErrorCode.ts';
import { type ErrorCode, type Refusal, refuse } from '../../contract/errors.ts';
import { breakerOpenMs } from '../../contract/limits.ts';
import type { BackendName } from './backends.ts';

/** A backend's "no" as visitors get it. */
export interface Verdict {
  readonly refusal: Refusal;
  /** The service itself is ill: what a circuit breaker counts. A business "no", or "not so fast", is health. */
  readonly isFailure: boolean;
  /** What counters call it, where the code alone would count it as a failure. */
  readonly counted?: string;
}

/** Whole seconds after which a backend that cannot be reached may be tried again: when its breaker lets one call through. */
const unavailableRetrySec = breakerOpenMs / 1000;
const overloadedRetrySec = 1;
const collisionRetrySec = 1;

const no = (code: ErrorCode): Verdict => ({ refusal: refuse(code), isFailure: false });

const failed: Verdict = { refusal: refuse('BACKEND_ERROR'), isFailure: true };
const timeout: Verdict = { refusal: refuse('BACKEND_TIMEOUT'), isFailure: true };
const unavailable: Verdict = {
  refusal: refuse('BACKEND_UNAVAILABLE', { retryAfterSec: unavailableRetrySec }),
  isFailure: true,
};
const overloaded: Verdict = {
  refusal: refuse('OVERLOADED', { retryAfterSec: overloadedRetrySec }),
  isFailure: false,
  counted: 'collision',
};
/** Not a 409: refusals below 500 are kept for their Idempotency-Key, and this one passes. */
const collision: Verdict = {
  refusal: refuse('BACKEND_UNAVAILABLE', {
    retryAfterSec: collisionRetrySec,
    message: 'This was changed by another request at the same moment: please try again.',
  }),
  isFailure: false,
};
const notFound = {
  reservation: no('RESERVATION_NOT_FOUND'),
  inventory: no('RESERVATION_NOT_FOUND'),
  payment: no('PAYMENT_NOT_FOUND'),
} as const;

type ByBackend = Readonly<Record<BackendName, Verdict>>;

/** By gRPC status code; codes that are not here are failures of the backend. */
const byStatus: Readonly<Record<number, Verdict | ByBackend>> = {
  [grpcStatus.INVALID_ARGUMENT]: no('BAD_REQUEST'),
  [grpcStatus.OUT_OF_RANGE]: no('BAD_REQUEST'),
  [grpcStatus.NOT_FOUND]: notFound,
  [grpcStatus.ALREADY_EXISTS]: no('STATE_CONFLICT'),
  [grpcStatus.FAILED_PRECONDITION]: no('STATE_CONFLICT'),
  [grpcStatus.PERMISSION_DENIED]: no('FORBIDDEN'),
  // Our certificate or key is wrong, not the visitor's token.
  [grpcStatus.UNAUTHENTICATED]: failed,
  [grpcStatus.RESOURCE_EXHAUSTED]: overloaded,
  [grpcStatus.ABORTED]: collision,
  [grpcStatus.UNAVAILABLE]: unavailable,
  [grpcStatus.DEADLINE_EXCEEDED]: timeout,
  [grpcStatus.CANCELLED]: failed,
  [grpcStatus.UNKNOWN]: failed,
  [grpcStatus.UNIMPLEMENTED]: failed,
  [grpcStatus.INTERNAL]: failed,
  [grpcStatus.DATA_LOSS]: failed,
};

/** By the code in an answer's `error`. */
const byCode: Readonly<Record<Extract<BackendErrorCode, string>, Verdict | ByBackend>> = {
  ERROR_CODE_UNSPECIFIED: failed,
  ERROR_CODE_UNAUTHENTICATED: failed,
  ERROR_CODE_FORBIDDEN: no('FORBIDDEN'),
  ERROR_CODE_UNAUTHORIZED: no('FORBIDDEN'),
  ERROR_CODE_INVALID_ARGUMENT: no('BAD_REQUEST'),
  ERROR_CODE_NOT_FOUND: notFound,
  ERROR_CODE_ALREADY_EXISTS: no('STATE_CONFLICT'),
  ERROR_CODE_FAILED_PRECONDITION: no('STATE_CONFLICT'),
  ERROR_CODE_RATE_LIMITED: overloaded,
  ERROR_CODE_QUOTA_EXCEEDED: overloaded,
  // Every call that needs a key carries one.
  ERROR_CODE_IDEMPOTENCY_REQUIRED: failed,
  ERROR_CODE_IDEMPOTENCY_CONFLICT: no('IDEMPOTENCY_CONFLICT'),
  ERROR_CODE_RESERVATION_EXPIRED: no('RESERVATION_EXPIRED'),
  ERROR_CODE_PAYMENT_NOT_APPROVED: no('PAYMENT_NOT_APPROVED'),
  ERROR_CODE_INVENTORY_CONFLICT: no('SEATS_TAKEN'),
  ERROR_CODE_INSUFFICIENT_INVENTORY: no('SEATS_TAKEN'),
  ERROR_CODE_INTERNAL: failed,
  ERROR_CODE_UNAVAILABLE: unavailable,
  ERROR_CODE_TIMEOUT: timeout,
  ERROR_CODE_UPSTREAM_TIMEOUT: timeout,
  ERROR_CODE_UPSTREAM_ERROR: failed,
  ERROR_CODE_DATA_CORRUPTION: failed,
  ERROR_CODE_CONCURRENT_MODIFICATION: collision,
};

/** What a call that ended with this gRPC status (never OK) comes to. */
export function verdictOfStatus(backend: BackendName, status: number): Verdict {
  return pick(backend, byStatus[status]);
}

/** What an answer with this code in its `error` comes to; a number is a code that the contract does not know. */
export function verdictOfCode(backend: BackendName, code: string | number): Verdict {
  return pick(backend, Object.hasOwn(byCode, code) ? byCode[code as keyof typeof byCode] : undefined);
}

/** An answer that the contract does not allow. */
export const brokenAnswer: Verdict = failed;

/** A call that was not made. */
export const notReachable: Refusal = unavailable.refusal;

function pick(backend: BackendName, row: Verdict | ByBackend | undefined): Verdict {
  if (row === undefined) return failed;
  return 'refusal' in row ? row : row[backend];
}
