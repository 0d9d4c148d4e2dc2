/** Services behind the gateway without gRPC: they do what a test sets, note what they were asked, and know repeats. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Refusal, refuse } from '../../src/contract/errors.ts';
import type { BackendOutcome, Backends, CallContext } from '../../src/gateway/backends/backends.ts';

export interface FakeCall {
  readonly method: string;
  readonly request: Readonly<Record<string, unknown>>;
  readonly traceparent: string;
}

interface Kept {
  readonly id: string;
  readonly userId: string;
}

export class FakeBackends implements Backends {
  readonly calls: FakeCall[] = [];
  /** Made so far, by user and idempotency key, as a real service has them. */
  readonly reservations = new Map<string, Kept>();
  readonly intents = new Map<string, Kept>();
  /** Most calls that were ever under way at once. */
  inFlightMax = 0;
  private inFlight = 0;
  /** Time that a call takes, ms. */
  delayMs = 0;
  /** What the next calls answer instead, in turn. `after` = it did its work before. A function may throw. */
  readonly next: (Refusal | { readonly after: Refusal } | (() => never))[] = [];

  /** The calls of one method. */
  of(method: string): FakeCall[] {
    return this.calls.filter((call) => call.method === method);
  }

  readonly reservation: Backends['reservation'] = {
    reserve: (request, context) =>
      this.call('reserve', request, context, () => {
        const { userId, idempotencyKey, seatIds } = request;
        const { id } = made(this.reservations, 'rsv', { userId, idempotencyKey });
        return {
          ok: true,
          reply: {
            reservation_id: id,
            status: 'HOLD',
            hold_expires_at: '2026-05-01T10:01:00.000Z',
            seat_ids: [...seatIds],
          },
        };
      }),
    get: (request, context) =>
      this.call('get', request, context, () =>
        this.ofUser(this.reservations, request.reservationId, request.userId, 'RESERVATION_NOT_FOUND', {
          reservation_id: request.reservationId,
          event_id: 'evt_x',
          status: 'HOLD',
          seat_ids: [],
          quantity: 1,
        }),
      ),
    confirm: (request, context) =>
      this.call('confirm', request, context, () =>
        this.ofUser(this.reservations, request.reservationId, request.userId, 'RESERVATION_NOT_FOUND', {
          order_id: `ord_${request.reservationId}`,
          status: 'CONFIRMED',
        }),
      ),
    cancel: (request, context) =>
      this.call('cancel', request, context, () =>
        this.ofUser(this.reservations, request.reservationId, request.userId, 'RESERVATION_NOT_FOUND', {
          status: 'CANCELLED',
        }),
      ),
  };

  readonly payment: Backends['payment'] = {
    createIntent: (request, context) =>
      this.call('createIntent', request, context, () => ({
        ok: true,
        reply: {
          payment_intent_id: made(this.intents, 'pay', request).id,
          status: 'PENDING',
          next: 'webhook',
        },
      })),
    status: (request, context) =>
      this.call('status', request, context, () =>
        this.ofUser(this.intents, request.paymentIntentId, request.userId, 'PAYMENT_NOT_FOUND', {
          payment_intent_id: request.paymentIntentId,
          reservation_id: 'rsv_1',
          status: 'COMPLETED',
          amount: 100,
          currency: 'KRW',
        }),
      ),
    process: (request, context) =>
      this.call('process', request, context, () => ({
        ok: true,
        reply: { payment_id: `p_${request.paymentIntentId}`, status: 'COMPLETED' },
      })),
  };

  breakers(): Record<string, never> {
    return {};
  }

  close(): void {}

  private async call<T>(
    method: string,
    request: object,
    { traceparent }: CallContext,
    work: () => BackendOutcome<T>,
  ): Promise<BackendOutcome<T>> {
    this.calls.push({ method, request: { ...request }, traceparent });
    this.inFlight += 1;
    this.inFlightMax = Math.max(this.inFlightMax, this.inFlight);
    try {
      if (this.delayMs > 0) await sleep(this.delayMs);
      const instead = this.next.shift();
      if (instead === undefined) return work();
      if (typeof instead === 'function') return instead();
      if (!('after' in instead)) return instead;
      work();
      return instead.after;
    } finally {
      this.inFlight -= 1;
    }
  }

  private ofUser<T>(
    kept: ReadonlyMap<string, Kept>,
    id: string,
    userId: string,
    unknown: 'RESERVATION_NOT_FOUND' | 'PAYMENT_NOT_FOUND',
    reply: T,
  ): BackendOutcome<T> {
    const found = [...kept.values()].find((each) => each.id === id);
    if (found === undefined) return refuse(unknown);
    return found.userId === userId ? { ok: true, reply } : refuse('FORBIDDEN');
  }
}

function made(
  kept: Map<string, Kept>,
  prefix: string,
  { userId, idempotencyKey }: { readonly userId: string; readonly idempotencyKey: string },
): Kept {
  const key = JSON.stringify([userId, idempotencyKey]);
  const known = kept.get(key) ?? { id: `${prefix}_${kept.size + 1}`, userId };
  kept.set(key, known);
  return known;
}
