/** ReservationService: holds seats for a while, sells them once they are paid for. */
import type { CancelReservationRequest__Output } from '../../../generated/proto/reservation/v1/CancelReservationRequest.ts';
import type { CancelReservationResponse } from '../../../generated/proto/reservation/v1/CancelReservationResponse.ts';
import type { ConfirmReservationRequest__Output } from '../../../generated/proto/reservation/v1/ConfirmReservationRequest.ts';
import type { ConfirmReservationResponse } from '../../../generated/proto/reservation/v1/ConfirmReservationResponse.ts';
import type { CreateReservationRequest__Output } from '../../../generated/proto/reservation/v1/CreateReservationRequest.ts';
import type { CreateReservationResponse } from '../../../generated/proto/reservation/v1/CreateReservationResponse.ts';
import type { ExtendHoldRequest__Output } from '../../../generated/proto/reservation/v1/ExtendHoldRequest.ts';
import type { ExtendHoldResponse } from '../../../generated/proto/reservation/v1/ExtendHoldResponse.ts';
import type { ListReservationsRequest__Output } from '../../../generated/proto/reservation/v1/ListReservationsRequest.ts';
import type { ListReservationsResponse } from '../../../generated/proto/reservation/v1/ListReservationsResponse.ts';
import type { Reservation as WireReservation } from '../../../generated/proto/reservation/v1/Reservation.ts';
import type { ReservationServiceHandlers } from '../../../generated/proto/reservation/v1/ReservationService.ts';
import type { AnswersKept } from './answers-kept.ts';
import { wantedSeats } from './inventory-service.ts';
import type { Neighbours } from './neighbours.ts';
import { pageOf } from './paging.ts';
import { invalid, Problem } from './problem.ts';
import type { Reservation, Reservations } from './reservations.ts';
import { currency, won } from './seat-map.ts';
import type { CallFacts, Methods } from './serving.ts';
import { timestampOf } from './wire-time.ts';

export interface ReservationOptions {
  readonly reservations: Reservations;
  readonly neighbours: Neighbours;
  readonly answers: AnswersKept;
  readonly nowMs: () => number;
  /** Length of a hold, ms. */
  readonly holdMs: number;
}

interface Keyed {
  readonly userId: string;
  readonly idempotencyKey: string;
}

/** The methods over these reservations. */
export function reservationMethods(options: ReservationOptions): Methods<ReservationServiceHandlers> {
  const { reservations } = options;
  const once = <T>(method: string, request: Keyed, work: () => Promise<T>): Promise<T> => {
    const scope = { method, owner: request.userId, key: request.idempotencyKey };
    return options.answers.once(scope, request, work);
  };
  const stepOnce = <T>(method: string, request: Keyed & { reservationId: string }, work: () => Promise<T>) =>
    once(method, request, () => reservations.step(request.reservationId, work));
  return {
    CreateReservation: (request, facts) =>
      once('CreateReservation', request, () => create(options, request, facts)),
    GetReservation: ({ reservationId, userId }) => ({
      reservation: wireReservation(reservations.of(reservationId, userId)),
    }),
    ConfirmReservation: (request, facts) =>
      stepOnce('ConfirmReservation', request, () => confirm(options, request, facts)),
    CancelReservation: (request, facts) =>
      stepOnce('CancelReservation', request, () => cancel(options, request, facts)),
    ListReservations: (request) => list(options, request),
    ExtendHold: (request, facts) => stepOnce('ExtendHold', request, () => extend(options, request, facts)),
  };
}

async function create(
  { reservations, neighbours, nowMs, holdMs }: ReservationOptions,
  request: CreateReservationRequest__Output,
  facts: CallFacts,
): Promise<CreateReservationResponse> {
  const { eventId, userId, seatIds } = request;
  if (userId === '') throw invalid('user_id', 'is needed');
  const quantity = wantedSeats(request);
  const id = reservations.newId();
  const createdAtMs = nowMs();
  const untilMs = createdAtMs + holdMs;
  const wanted = { reservationId: id, eventId, userId, seatIds, quantity };
  // Should no answer come, the hold that may have been made ends by itself.
  const hold = await neighbours.hold(
    { ...wanted, holdExpiresAt: timestampOf(untilMs), idempotencyKey: id },
    facts,
  );
  const seats = hold.reservedSeats;
  const amount = seats.reduce((sum, { price }) => sum + (price?.amount ?? 0), 0);
  reservations.add({
    ...{ id, eventId, userId, seats, amount, createdAtMs, holdMs, untilMs },
    ...{ state: 'HOLD', updatedAtMs: createdAtMs, paymentIntentId: '', orderId: '', isCommitOpen: false },
  });
  return {
    reservationId: id,
    status: 'RESERVATION_STATUS_HOLD',
    holdExpiresAt: timestampOf(untilMs),
    reservedSeats: [...seats],
    totalAmount: won(amount),
  };
}

async function confirm(
  { reservations, neighbours }: ReservationOptions,
  { reservationId, userId, paymentIntentId }: ConfirmReservationRequest__Output,
  facts: CallFacts,
): Promise<ConfirmReservationResponse> {
  const reservation = reservations.of(reservationId, userId);
  const { state } = reservation;
  if (state === 'CONFIRMED' && reservation.paymentIntentId === paymentIntentId) return confirmed(reservation);
  if (state === 'EXPIRED') throw expired();
  if (state !== 'HOLD') throw new Problem('FAILED_PRECONDITION', `this reservation is ${state} already`);
  await checkPayment({ reservation, paymentIntentId, neighbours }, facts);
  reservation.isCommitOpen = true;
  try {
    const { eventId } = reservation;
    const { orderId } = await neighbours.commit(
      { reservationId, eventId, userId, paymentIntentId, idempotencyKey: reservationId },
      facts,
    );
    reservation.orderId = orderId;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.isFinal) reservation.isCommitOpen = false;
    if (error.code === 'RESERVATION_EXPIRED') reservations.become(reservation, 'EXPIRED');
    throw error;
  }
  reservation.isCommitOpen = false;
  reservation.paymentIntentId = paymentIntentId;
  reservations.become(reservation, 'CONFIRMED');
  return confirmed(reservation);
}

/** Only a completed payment by this user, of this reservation and all of its price, will do. */
async function checkPayment(
  wanted: {
    readonly reservation: Reservation;
    readonly paymentIntentId: string;
    readonly neighbours: Neighbours;
  },
  facts: CallFacts,
): Promise<void> {
  const { reservation, paymentIntentId, neighbours } = wanted;
  const { id, userId, amount } = reservation;
  const payment = await neighbours.payment({ paymentIntentId, userId }, facts).catch((error: unknown) => {
    if (error instanceof Problem && error.isFinal) throw notApproved('there is no such payment of this user');
    throw error;
  });
  if (payment.reservationId !== id) throw notApproved('this payment is of another reservation');
  if (payment.status !== 'PAYMENT_STATUS_COMPLETED') throw notApproved('this payment is not completed');
  const paid = payment.amount;
  if (paid === null || paid.currency !== currency || paid.amount < amount) {
    throw notApproved(`this payment does not cover ${amount} ${currency}`);
  }
}

async function cancel(
  { reservations, neighbours }: ReservationOptions,
  { reservationId, userId, reason }: CancelReservationRequest__Output,
  facts: CallFacts,
): Promise<CancelReservationResponse> {
  const reservation = reservations.of(reservationId, userId);
  const { state, eventId } = reservation;
  if (state === 'EXPIRED') throw expired();
  if (state === 'CONFIRMED') throw new Problem('FAILED_PRECONDITION', 'this reservation is confirmed');
  if (state === 'HOLD') {
    await neighbours.release({ reservationId, eventId, reason, idempotencyKey: reservationId }, facts);
    reservations.become(reservation, 'CANCELLED');
  }
  return {
    status: 'RESERVATION_STATUS_CANCELLED',
    cancelledAt: timestampOf(reservation.updatedAtMs),
    releasedSeats: reservation.seats.map((seat) => ({ ...seat, status: 'SEAT_STATUS_AVAILABLE' })),
  };
}

function list(
  { reservations }: ReservationOptions,
  { userId, status, eventId, pagination }: ListReservationsRequest__Output,
): ListReservationsResponse {
  if (userId === '') throw invalid('user_id', 'is needed');
  const isAsked = ({ state, eventId: event }: Reservation): boolean =>
    (status === 'RESERVATION_STATUS_UNSPECIFIED' || status === wireStatus(state)) &&
    (eventId === '' || eventId === event);
  const { items, pageInfo } = pageOf(reservations.list(userId).filter(isAsked), pagination);
  return { reservations: items.map(wireReservation), pageInfo };
}

/** All extensions of a reservation together are at most as long as its hold was at first. */
async function extend(
  { reservations, neighbours }: ReservationOptions,
  { reservationId, userId, extensionSeconds, idempotencyKey }: ExtendHoldRequest__Output,
  facts: CallFacts,
): Promise<ExtendHoldResponse> {
  const reservation = reservations.of(reservationId, userId);
  const { state, createdAtMs, holdMs, eventId } = reservation;
  if (state === 'EXPIRED') throw expired();
  if (state !== 'HOLD') throw new Problem('FAILED_PRECONDITION', `this reservation is ${state}`);
  if (extensionSeconds < 1) throw invalid('extension_seconds', '1 or more');
  const untilMs = reservation.untilMs + extensionSeconds * 1000;
  if (untilMs > createdAtMs + 2 * holdMs) {
    return { newExpiresAt: timestampOf(reservation.untilMs), extendedSeconds: 0, extensionAllowed: false };
  }
  const key = idempotencyKey === '' ? '' : `extend-${idempotencyKey}`;
  const seatIds = reservation.seats.map(({ id }) => id);
  const holdExpiresAt = timestampOf(untilMs);
  await neighbours.hold(
    { reservationId, eventId, userId, seatIds, holdExpiresAt, idempotencyKey: key },
    facts,
  );
  reservation.untilMs = untilMs;
  return { newExpiresAt: holdExpiresAt, extendedSeconds: extensionSeconds, extensionAllowed: true };
}

function confirmed(reservation: Reservation): ConfirmReservationResponse {
  return {
    orderId: reservation.orderId,
    status: 'RESERVATION_STATUS_CONFIRMED',
    confirmedAt: timestampOf(reservation.updatedAtMs),
    confirmedSeats: reservation.seats.map((seat) => ({ ...seat, status: 'SEAT_STATUS_SOLD' })),
  };
}

function wireReservation(reservation: Reservation): WireReservation {
  const { state, seats } = reservation;
  return {
    reservationId: reservation.id,
    eventId: reservation.eventId,
    userId: reservation.userId,
    status: wireStatus(state),
    seats: [...seats],
    quantity: seats.length,
    totalAmount: won(reservation.amount),
    createdAt: timestampOf(reservation.createdAtMs),
    updatedAt: timestampOf(reservation.updatedAtMs),
    holdExpiresAt: timestampOf(reservation.untilMs),
    paymentIntentId: reservation.paymentIntentId,
    orderId: reservation.orderId,
  };
}

const wireStatus = (state: Reservation['state']): `RESERVATION_STATUS_${Reservation['state']}` =>
  `RESERVATION_STATUS_${state}`;
const expired = (): Problem => new Problem('RESERVATION_EXPIRED', 'the hold of this reservation has ended');
const notApproved = (message: string): Problem => new Problem('PAYMENT_NOT_APPROVED', message);
