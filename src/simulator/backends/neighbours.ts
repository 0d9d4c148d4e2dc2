/** What the reservation service asks of the two others. */
import { credentials } from '@grpc/grpc-js';
import type { GetPaymentStatusResponse__Output } from '../../../generated/proto/payment/v1/GetPaymentStatusResponse.ts';
import type { Payment__Output } from '../../../generated/proto/payment/v1/Payment.ts';
import type { CommitReservationRequest } from '../../../generated/proto/reservation/v1/CommitReservationRequest.ts';
import type { CommitReservationResponse__Output } from '../../../generated/proto/reservation/v1/CommitReservationResponse.ts';
import type { ReleaseHoldRequest } from '../../../generated/proto/reservation/v1/ReleaseHoldRequest.ts';
import type { ReleaseHoldResponse__Output } from '../../../generated/proto/reservation/v1/ReleaseHoldResponse.ts';
import type { ReserveSeatRequest } from '../../../generated/proto/reservation/v1/ReserveSeatRequest.ts';
import type { ReserveSeatResponse__Output } from '../../../generated/proto/reservation/v1/ReserveSeatResponse.ts';
import { protos } from '../../grpc/protos.ts';
import { ask } from './asking.ts';
import { type FieldError, problemOf } from './problem.ts';
import type { CallFacts } from './serving.ts';

/** Refusals come as Problems, as their service told them; a call without an answer is UPSTREAM_ERROR. */
export interface Neighbours {
  hold(request: ReserveSeatRequest, facts: CallFacts): Promise<ReserveSeatResponse__Output>;
  commit(request: CommitReservationRequest, facts: CallFacts): Promise<CommitReservationResponse__Output>;
  release(request: ReleaseHoldRequest, facts: CallFacts): Promise<void>;
  /** A payment as this user sees it. */
  payment(request: { paymentIntentId: string; userId: string }, facts: CallFacts): Promise<Payment__Output>;
  close(): void;
}

/** Connects to the services at these addresses. */
export function connectNeighbours(addresses: {
  readonly inventory: string;
  readonly payment: string;
}): Neighbours {
  const { reservation, payment } = protos();
  const inventory = new reservation.InventoryService(addresses.inventory, credentials.createInsecure());
  const payments = new payment.PaymentService(addresses.payment, credentials.createInsecure());
  return {
    hold: async (request, facts) =>
      accepted(
        await ask<ReserveSeatResponse__Output>(facts, (...rest) => inventory.ReserveSeat(request, ...rest)),
      ),
    commit: async (request, facts) =>
      accepted(
        await ask<CommitReservationResponse__Output>(facts, (...rest) =>
          inventory.CommitReservation(request, ...rest),
        ),
      ),
    release: async (request, facts) => {
      accepted(
        await ask<ReleaseHoldResponse__Output>(facts, (...rest) => inventory.ReleaseHold(request, ...rest)),
      );
    },
    payment: async (request, facts) => {
      const reply = accepted(
        await ask<GetPaymentStatusResponse__Output>(facts, (...rest) =>
          payments.GetPaymentStatus(request, ...rest),
        ),
      );
      if (reply.payment === null) throw new Error('a payment status without a payment');
      return reply.payment;
    },
    close: () => {
      inventory.close();
      payments.close();
    },
  };
}

function accepted<Reply extends { readonly error: FieldError | null }>(reply: Reply): Reply {
  if (reply.error) throw problemOf(reply.error);
  return reply;
}
