/** Expected refusals of the simulated services, as the existing services tell them: in the `error` field of a reply. */
import type { Error__Output, Error as WireError } from '../../../generated/proto/common/v1/Error.ts';
import type { ErrorCode__Output } from '../../../generated/proto/common/v1/ErrorCode.ts';
import type { ErrorDetail } from '../../../generated/proto/common/v1/ErrorDetail.ts';

type Bare<Code> = Code extends `ERROR_CODE_${infer Name}` ? Name : never;

/** A code of common.v1.ErrorCode without its prefix. */
export type ProblemCode = Bare<ErrorCode__Output>;

/** What a problem may carry beside its code. */
export interface ProblemDetails {
  /** Which field is wrong, or which seats are not free. */
  readonly details?: readonly ErrorDetail[];
  /** Further fields of the reply, such as the status of a commit. */
  readonly reply?: Readonly<Record<string, unknown>>;
}

/** Faults that may be gone at the next try: such an answer is never kept for its idempotency key. */
const passing: ReadonlySet<ProblemCode> = new Set([
  'INTERNAL',
  'UNAVAILABLE',
  'TIMEOUT',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_ERROR',
  'RATE_LIMITED',
]);

/** An expected "no" of a service. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly details: readonly ErrorDetail[];
  readonly reply: Readonly<Record<string, unknown>>;

  constructor(code: ProblemCode, message: string, { details = [], reply = {} }: ProblemDetails = {}) {
    super(message);
    this.code = code;
    this.details = details;
    this.reply = reply;
  }

  /** Whether the same request gets the same answer from now on. */
  get isFinal(): boolean {
    return !passing.has(this.code);
  }
}

/** A problem with one field of the request. */
export const invalid = (field: string, reason: string): Problem =>
  new Problem('INVALID_ARGUMENT', `${field}: ${reason}`, { details: [{ field, reason }] });

/** The `error` field that tells of a problem. */
export const wireError = ({ code, message, details }: Problem, traceId: string): WireError => ({
  code: `ERROR_CODE_${code}`,
  message,
  traceId,
  details: [...details],
});

/** An `error` field that was received. */
export type FieldError = Error__Output;

/** The problem that another service told. */
export const problemOf = ({ code, message, details }: FieldError): Problem =>
  new Problem(code.slice('ERROR_CODE_'.length) as ProblemCode, message, { details });
