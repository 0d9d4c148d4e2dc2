/**
 * What the gateway asks of the services behind it, in its own words: routes know this and nothing of gRPC. An expected
 * "no" is a refusal of the error catalogue; nothing here throws but for a bug.
 */
import type { Refusal } from '../../contract/errors.ts';
import type {
  CancelReply,
  ConfirmReply,
  IntentBody,
  IntentReply,
  PaymentReply,
  ProcessReply,
  ReservationReply,
  ReserveReply,
} from '../../contract/reservations.ts';

/** What a call carries beside its request. */
export interface CallContext {
  /** W3C traceparent of the request that the call is made for. */
  readonly traceparent: string;
  /** W3C tracestate beside it, where one came with the request. */
  readonly tracestate?: string;
  /** AWS X-Ray header beside it, where that is switched on. */
  readonly xrayTraceId?: string;
}

/** Backends answer with the reply as visitors get it. Refusals below 500 are final: the same request gets them again. */
export type BackendOutcome<T> = { readonly ok: true; readonly reply: T } | Refusal;

export interface ReserveRequest {
  readonly eventId: string;
  readonly seatIds: readonly string[];
  readonly quantity: number;
  readonly userId: string;
  readonly reservationToken: string;
  readonly idempotencyKey: string;
}

export interface ReservationBackend {
  reserve(request: ReserveRequest, call: CallContext): Promise<BackendOutcome<ReserveReply>>;
  get(
    request: { readonly reservationId: string; readonly userId: string },
    call: CallContext,
  ): Promise<BackendOutcome<ReservationReply>>;
  confirm(
    request: {
      readonly reservationId: string;
      readonly paymentIntentId: string;
      readonly userId: string;
      readonly idempotencyKey: string;
    },
    call: CallContext,
  ): Promise<BackendOutcome<ConfirmReply>>;
  cancel(
    request: {
      readonly reservationId: string;
      readonly userId: string;
      readonly reason: string;
      readonly idempotencyKey: string;
    },
    call: CallContext,
  ): Promise<BackendOutcome<CancelReply>>;
}

export interface PaymentBackend {
  createIntent(
    request: IntentBody & { readonly userId: string; readonly idempotencyKey: string },
    call: CallContext,
  ): Promise<BackendOutcome<IntentReply>>;
  status(
    request: { readonly paymentIntentId: string; readonly userId: string },
    call: CallContext,
  ): Promise<BackendOutcome<PaymentReply>>;
  process(
    request: { readonly paymentIntentId: string; readonly idempotencyKey: string },
    call: CallContext,
  ): Promise<BackendOutcome<ProcessReply>>;
}

export const backendNames = ['reservation', 'inventory', 'payment'] as const;
export type BackendName = (typeof backendNames)[number];

/** Of a circuit breaker: half-open lets one trial call through. */
export const breakerStates = ['closed', 'half_open', 'open'] as const;
export type BreakerState = (typeof breakerStates)[number];

/** All services behind the gateway. One without an address answers BACKEND_UNAVAILABLE to everything. */
export interface Backends {
  readonly reservation: ReservationBackend;
  readonly payment: PaymentBackend;
  /** Breaker of each service that has an address. */
  breakers(): Readonly<Partial<Record<BackendName, BreakerState>>>;
  close(): void;
}
