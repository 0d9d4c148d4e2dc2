/** The reservation service as routes see it. */
import type { CancelReservationResponse__Output } from '../../../generated/proto/reservation/v1/CancelReservationResponse.ts';
import type { ConfirmReservationResponse__Output } from '../../../generated/proto/reservation/v1/ConfirmReservationResponse.ts';
import type { CreateReservationResponse__Output } from '../../../generated/proto/reservation/v1/CreateReservationResponse.ts';
import type { GetReservationResponse__Output } from '../../../generated/proto/reservation/v1/GetReservationResponse.ts';
import type { ReservationServiceClient } from '../../../generated/proto/reservation/v1/ReservationService.ts';
import type { ReservationStatus__Output } from '../../../generated/proto/reservation/v1/ReservationStatus.ts';
import { present } from '../../contract/config-kinds.ts';
import { refuse } from '../../contract/errors.ts';
import {
  type CancelReply,
  type ConfirmReply,
  type ReservationReply,
  type ReserveReply,
  reservationStatuses,
} from '../../contract/reservations.ts';
import {
  BrokenAnswer,
  readId,
  readIdIfAny,
  readMoneyIfAny,
  readPart,
  readSeatIds,
  readTime,
  readTimeIfAny,
  readWord,
} from './answers.ts';
import type { BackendOutcome, ReservationBackend } from './backends.ts';
import type { BackendCaller } from './caller.ts';

/** A new reservation that was refused is told by an error, not by a status. */
const newStatuses: readonly string[] = ['PENDING', 'HOLD', 'CONFIRMED'];

/** Calls through `caller`. */
export function createReservationBackend(
  caller: BackendCaller<ReservationServiceClient>,
): ReservationBackend {
  return {
    reserve: (request, context) =>
      caller.call(
        {
          method: 'CreateReservation',
          isRepeatable: request.idempotencyKey !== '',
          secrets: [request.reservationToken, request.idempotencyKey],
          send: (client, ...rest) =>
            client.createReservation({ ...request, seatIds: [...request.seatIds] }, ...rest),
          read: (answer: CreateReservationResponse__Output) => readNew(answer, request.seatIds),
        },
        context,
      ),
    get: (request, context) =>
      caller.call(
        {
          method: 'GetReservation',
          isRepeatable: true,
          send: (client, ...rest) => client.getReservation(request, ...rest),
          read: (answer: GetReservationResponse__Output) => readHeld(answer, request),
        },
        context,
      ),
    confirm: (request, context) =>
      caller.call(
        {
          method: 'ConfirmReservation',
          isRepeatable: request.idempotencyKey !== '',
          secrets: [request.idempotencyKey],
          send: (client, ...rest) => client.confirmReservation(request, ...rest),
          read: readConfirmed,
        },
        context,
      ),
    cancel: (request, context) =>
      caller.call(
        {
          method: 'CancelReservation',
          isRepeatable: request.idempotencyKey !== '',
          secrets: [request.idempotencyKey],
          send: (client, ...rest) => client.cancelReservation(request, ...rest),
          read: readCancelled,
        },
        context,
      ),
  };
}

function readNew(
  answer: CreateReservationResponse__Output,
  wantedSeats: readonly string[],
): BackendOutcome<ReserveReply> {
  const status = readStatus(answer.status);
  if (!newStatuses.includes(status)) throw new BrokenAnswer('status is not one of a new reservation');
  const seatIds = readSeatIds(answer.reservedSeats, 'reserved_seats');
  return {
    ok: true,
    reply: {
      reservation_id: readId(answer.reservationId, 'reservation_id'),
      status,
      hold_expires_at: readTime(answer.holdExpiresAt, 'hold_expires_at'),
      seat_ids: seatIds.length > 0 ? seatIds : [...wantedSeats],
      ...readMoneyIfAny(answer.totalAmount, 'total_amount'),
    },
  };
}

function readHeld(
  answer: GetReservationResponse__Output,
  asked: { readonly reservationId: string; readonly userId: string },
): BackendOutcome<ReservationReply> {
  const held = readPart(answer.reservation, 'reservation');
  if (held.reservationId !== asked.reservationId) throw new BrokenAnswer('reservation_id is another one');
  // The service is told who asks, and should refuse by itself.
  if (held.userId !== '' && held.userId !== asked.userId) return refuse('FORBIDDEN');
  return {
    ok: true,
    reply: {
      reservation_id: readId(held.reservationId, 'reservation_id'),
      event_id: readId(held.eventId, 'event_id'),
      status: readStatus(held.status),
      seat_ids: readSeatIds(held.seats, 'seats'),
      quantity: held.quantity || held.seats.length,
      ...readMoneyIfAny(held.totalAmount, 'total_amount'),
      ...present({
        created_at: readTimeIfAny(held.createdAt, 'created_at'),
        hold_expires_at: readTimeIfAny(held.holdExpiresAt, 'hold_expires_at'),
        payment_intent_id: readIdIfAny(held.paymentIntentId, 'payment_intent_id'),
        order_id: readIdIfAny(held.orderId, 'order_id'),
      }),
    },
  };
}

function readConfirmed(answer: ConfirmReservationResponse__Output): BackendOutcome<ConfirmReply> {
  const status = readStatus(answer.status);
  if (status === 'EXPIRED') return refuse('RESERVATION_EXPIRED');
  if (status === 'CANCELLED' || status === 'FAILED' || status === 'REFUNDED') return refuse('STATE_CONFLICT');
  if (status !== 'CONFIRMED') throw new BrokenAnswer('status is not one of a confirmed reservation');
  return {
    ok: true,
    reply: {
      order_id: readId(answer.orderId, 'order_id'),
      status,
      ...present({ confirmed_at: readTimeIfAny(answer.confirmedAt, 'confirmed_at') }),
    },
  };
}

function readCancelled(answer: CancelReservationResponse__Output): BackendOutcome<CancelReply> {
  return {
    ok: true,
    reply: {
      status: readStatus(answer.status),
      ...present({ cancelled_at: readTimeIfAny(answer.cancelledAt, 'cancelled_at') }),
    },
  };
}

const readStatus = (value: ReservationStatus__Output): (typeof reservationStatuses)[number] =>
  readWord(value, { prefix: 'RESERVATION_STATUS_', words: reservationStatuses, field: 'status' });
