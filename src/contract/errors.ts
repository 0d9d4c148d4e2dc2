/**
 * The error catalogue: every code that crosses a wire, with its HTTP status and the sentence a person reads.
 * Codes are forever: a code is never reused for another meaning.
 */
export const errorCatalogue = {
  BAD_REQUEST: { status: 400, message: 'The request is not valid.' },
  IDEMPOTENCY_REQUIRED: { status: 400, message: 'An Idempotency-Key header is needed.' },
  UNAUTHENTICATED: { status: 401, message: 'A valid bearer token is needed.' },
  BAD_CREDENTIALS: { status: 401, message: 'User name or password is wrong.' },
  FORBIDDEN: { status: 403, message: 'This is not allowed with this token.' },
  PASS_REFUSED: { status: 403, message: 'This reservation token is not valid for this reservation.' },
  /** Kubernetes does not let the server do it, whatever the operator may. */
  CLUSTER_FORBIDDEN: { status: 403, message: 'Kubernetes does not let this server do that.' },
  NOT_YOURS: { status: 403, message: 'This place belongs to someone else.' },
  NOT_READY: { status: 403, message: 'It is not your turn yet.' },
  /** The event asks for a proof of work: `challenge` in the body says which. */
  CHALLENGE_REQUIRED: { status: 403, message: 'This queue asks for a proof of work.' },
  QUEUE_NOT_OPEN: { status: 403, message: 'This queue is not open yet.' },
  QUEUE_CLOSED: { status: 403, message: 'This queue is closed.' },
  NOT_FOUND: { status: 404, message: 'There is nothing at this address.' },
  EVENT_NOT_FOUND: { status: 404, message: 'There is no such event.' },
  AUDIT_NOT_FOUND: { status: 404, message: 'There is no such record in the audit trail.' },
  HPA_NOT_FOUND: { status: 404, message: 'There is no such autoscaler.' },
  LOADTEST_NOT_FOUND: { status: 404, message: 'There is no such load test in the cluster.' },
  VISITOR_NOT_FOUND: { status: 404, message: 'There is no such visitor in this queue.' },
  SALE_NOT_FOUND: { status: 404, message: 'No sale was applied to this event.' },
  TOKEN_NOT_FOUND: { status: 404, message: 'This waiting token is not known.' },
  RESERVATION_NOT_FOUND: { status: 404, message: 'There is no such reservation.' },
  PAYMENT_NOT_FOUND: { status: 404, message: 'There is no such payment.' },
  METHOD_NOT_ALLOWED: { status: 405, message: 'This address does not take that method.' },
  DUPLICATE_REQUEST: { status: 409, message: 'You already have a place in this queue.' },
  IDEMPOTENCY_CONFLICT: { status: 409, message: 'This Idempotency-Key was used with another body.' },
  /** The first request with this key is still being answered: ask again after Retry-After. */
  REQUEST_IN_FLIGHT: { status: 409, message: 'A request with this Idempotency-Key is being answered.' },
  SEATS_TAKEN: { status: 409, message: 'These seats are not free any more.' },
  /** A reservation or payment that is over, or there already: the same request will not succeed later. */
  STATE_CONFLICT: { status: 409, message: 'This is not possible in its present state.' },
  USER_EXISTS: { status: 409, message: 'This user name is taken.' },
  ALREADY_ENTERED: { status: 409, message: 'This place has already been used to enter.' },
  EVENT_EXISTS: { status: 409, message: 'An event with this id exists already.' },
  ACTION_RUNNING: { status: 409, message: 'Places of this queue are being ended or given back right now.' },
  CLUSTER_NOT_SET: {
    status: 409,
    message: 'This server steers no autoscaler: it was started without KUBE_HPA.',
  },
  LOADTEST_NOT_SET: {
    status: 409,
    message: 'This server starts no load tests: it was started without KUBE_LOADTEST_NAMESPACE.',
  },
  /** The cluster does not know TestRuns. */
  LOADTEST_NO_OPERATOR: { status: 409, message: 'The k6-operator is not installed in this cluster.' },
  TOKEN_EXPIRED: { status: 410, message: 'This place has ended.' },
  RESERVATION_EXPIRED: { status: 410, message: 'The hold on these seats has ended.' },
  PAYMENT_NOT_APPROVED: { status: 412, message: 'The payment is not approved.' },
  VERSION_CONFLICT: { status: 412, message: 'The settings were changed by someone else meanwhile.' },
  REQUEST_TIMEOUT: { status: 408, message: 'The request took too long to arrive.' },
  BODY_TOO_LARGE: { status: 413, message: 'The body is larger than 16 KiB.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, message: 'The body must be application/json.' },
  /** A reason or a typed confirmation is missing, or the plan was made from data too old to consent to. */
  CONSENT_REQUIRED: { status: 422, message: 'This change needs a reason and a confirmation.' },
  GUARD_RAIL: { status: 422, message: 'A guard rail refuses this change.' },
  HEADERS_TOO_LARGE: { status: 431, message: 'The headers are larger than 16 KiB.' },
  RATE_LIMITED: { status: 429, message: 'Too many requests.' },
  INTERNAL: { status: 500, message: 'Something went wrong on our side.' },
  QUEUE_FULL: { status: 503, message: 'This queue is full.' },
  EVENTS_FULL: { status: 503, message: 'No more events can be created.' },
  STREAMS_FULL: { status: 503, message: 'No more streams here: poll the status instead.' },
  OVERLOADED: { status: 503, message: 'Too busy right now.' },
  /** Ours or a backend's answer was not what the contract says. */
  BACKEND_ERROR: { status: 502, message: 'A service behind this one failed.' },
  BACKEND_UNAVAILABLE: { status: 503, message: 'A service behind this one cannot be reached right now.' },
  BACKEND_TIMEOUT: { status: 504, message: 'A service behind this one did not answer in time.' },
  CLUSTER_UNAVAILABLE: { status: 503, message: 'The Kubernetes API cannot be reached right now.' },
  /** A change was sent and its answer lost: the audit trail says what became of it. */
  CLUSTER_REPLY_LOST: {
    status: 504,
    message: 'The Kubernetes API did not answer: it may have been changed or not.',
  },
  UNAVAILABLE: { status: 503, message: 'The queue cannot be reached right now; your place is safe.' },
} as const satisfies Record<string, { status: number; message: string }>;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof errorCatalogue;

/** What a refusal may carry beside its code. Data only, never markup. */
export interface RefusalDetails {
  /** Sentence that replaces the catalogue's. Must not echo unescaped input. */
  readonly message?: string;
  /** Whole seconds for the Retry-After header; always set for 429 and 503. */
  readonly retryAfterSec?: number;
  /** Next step for an operator. */
  readonly hint?: string;
  /** Further top-level fields of the body, such as `opens_at` or `admission`. */
  readonly body?: Readonly<Record<string, unknown>>;
}

/** An expected "no", as a value: hot paths return it instead of throwing. */
export interface Refusal extends RefusalDetails {
  readonly ok: false;
  readonly code: ErrorCode;
}

/** Makes a refusal. */
export const refuse = (code: ErrorCode, details: RefusalDetails = {}): Refusal => ({
  ok: false,
  code,
  ...details,
});

/** An expected "no", as an exception, for paths where throwing is simpler. Anything else thrown is a bug. */
export class TacosError extends Error {
  readonly refusal: Refusal;

  constructor(code: ErrorCode, details: RefusalDetails = {}) {
    super(details.message ?? errorCatalogue[code].message);
    this.name = 'TacosError';
    this.refusal = refuse(code, details);
  }
}

/** A change of the cluster may have been done or not: whoever comes next finds out on the object. */
export const isLeftOpen = (error: unknown): boolean =>
  error instanceof TacosError && error.refusal.code === 'CLUSTER_REPLY_LOST';

/** The JSON body of any error answer. */
export function errorBody(refusal: Refusal, traceId: string): Record<string, unknown> {
  const message = refusal.message ?? errorCatalogue[refusal.code].message;
  return {
    ...refusal.body,
    error: {
      code: refusal.code,
      message,
      trace_id: traceId,
      ...(refusal.hint === undefined ? {} : { hint: refusal.hint }),
    },
  };
}
