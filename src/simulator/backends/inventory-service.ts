/** InventoryService: who has which seat. */
import { randomUUID } from 'node:crypto';
import type { Seat } from '../../../generated/proto/common/v1/Seat.ts';
import type { CheckAvailabilityRequest__Output } from '../../../generated/proto/reservation/v1/CheckAvailabilityRequest.ts';
import type { CheckAvailabilityResponse } from '../../../generated/proto/reservation/v1/CheckAvailabilityResponse.ts';
import type { CommitReservationRequest__Output } from '../../../generated/proto/reservation/v1/CommitReservationRequest.ts';
import type { CommitReservationResponse } from '../../../generated/proto/reservation/v1/CommitReservationResponse.ts';
import type { GetInventoryStatusRequest__Output } from '../../../generated/proto/reservation/v1/GetInventoryStatusRequest.ts';
import type { GetInventoryStatusResponse } from '../../../generated/proto/reservation/v1/GetInventoryStatusResponse.ts';
import type { InventoryServiceHandlers } from '../../../generated/proto/reservation/v1/InventoryService.ts';
import type { ReleaseHoldRequest__Output } from '../../../generated/proto/reservation/v1/ReleaseHoldRequest.ts';
import type { ReleaseHoldResponse } from '../../../generated/proto/reservation/v1/ReleaseHoldResponse.ts';
import type { ReserveSeatRequest__Output } from '../../../generated/proto/reservation/v1/ReserveSeatRequest.ts';
import type { ReserveSeatResponse } from '../../../generated/proto/reservation/v1/ReserveSeatResponse.ts';
import { seatsMax } from '../../contract/reservations.ts';
import type { AnswersKept } from './answers-kept.ts';
import type { Hall } from './hall.ts';
import type { Halls } from './halls.ts';
import { invalid, Problem } from './problem.ts';
import { type SeatPlace, won } from './seat-map.ts';
import type { Methods } from './serving.ts';
import { msOf, timestampOf } from './wire-time.ts';

export interface InventoryOptions {
  readonly halls: Halls;
  readonly answers: AnswersKept;
  readonly nowMs: () => number;
  /** Length of a hold whose caller names no end, ms. */
  readonly holdMs: number;
}

const statusOf = {
  free: 'SEAT_STATUS_AVAILABLE',
  held: 'SEAT_STATUS_RESERVED',
  sold: 'SEAT_STATUS_SOLD',
} as const;

/** The methods over these halls. */
export function inventoryMethods(options: InventoryOptions): Methods<InventoryServiceHandlers> {
  const { answers } = options;
  return {
    CheckAvailability: (request) => checkAvailability(options.halls.of(request.eventId), request),
    ReserveSeat: (request) => {
      const scope = { method: 'ReserveSeat', owner: request.userId, key: request.idempotencyKey };
      return answers.once(scope, request, async () => reserveSeat(options, request));
    },
    CommitReservation: (request) => {
      const scope = { method: 'CommitReservation', owner: request.userId, key: request.idempotencyKey };
      return answers.once(scope, request, async () => commit(options.halls.of(request.eventId), request));
    },
    ReleaseHold: (request) => {
      const scope = { method: 'ReleaseHold', owner: request.reservationId, key: request.idempotencyKey };
      return answers.once(scope, request, async () => release(options, request));
    },
    GetInventoryStatus: (request) => inventoryStatus(options, request),
  };
}

/** A seat as it goes over the wire. */
const wireSeat = (place: SeatPlace, state: 'free' | 'held' | 'sold'): Seat => ({
  id: place.id,
  section: place.section,
  row: place.row,
  number: place.number,
  price: won(place.price),
  status: statusOf[state],
});

/** Checks the seats that a request names. Gives how many are asked for. @throws Problem */
export function wantedSeats({
  seatIds,
  quantity,
}: {
  readonly seatIds: readonly string[];
  readonly quantity: number;
}): number {
  if (new Set(seatIds).size !== seatIds.length) throw invalid('seat_ids', 'each seat once');
  if (seatIds.length > 0 && quantity !== 0 && quantity !== seatIds.length) {
    throw invalid('quantity', 'must be the number of seat_ids');
  }
  const wanted = seatIds.length || quantity;
  if (wanted < 1 || wanted > seatsMax) throw invalid('quantity', `1 to ${seatsMax}`);
  return wanted;
}

function checkAvailability(
  hall: Hall,
  { seatIds, quantity, section }: CheckAvailabilityRequest__Output,
): CheckAvailabilityResponse {
  hall.settle();
  const inSection = section === '' ? hall.seats : hall.seats.filter((seat) => seat.section === section);
  if (inSection.length === 0) throw new Problem('NOT_FOUND', 'there is no such section');
  const free = inSection.filter((seat) => hall.stateOf(seat) === 'free');
  const asked = seatIds.map((id) => hall.seat(id));
  const unavailable = asked.filter((seat) => hall.stateOf(seat) !== 'free');
  const shown = asked.length > 0 ? asked.filter((seat) => !unavailable.includes(seat)) : free.slice(0, 100);
  return {
    available: asked.length > 0 ? unavailable.length === 0 : free.length >= Math.max(quantity, 1),
    availableSeats: shown.map((seat) => wireSeat(seat, 'free')),
    unavailableSeatIds: unavailable.map(({ id }) => id),
    remainingInSection: free.length,
  };
}

function reserveSeat(
  { halls, holdMs, nowMs }: InventoryOptions,
  request: ReserveSeatRequest__Output,
): ReserveSeatResponse {
  const { reservationId, userId, seatIds } = request;
  if (reservationId === '') throw invalid('reservation_id', 'is needed');
  const quantity = wantedSeats(request);
  const untilMs = msOf(request.holdExpiresAt) ?? nowMs() + holdMs;
  const hold = halls.of(request.eventId).hold({ reservationId, userId, seatIds, quantity, untilMs });
  return {
    holdId: reservationId,
    reservedSeats: hold.seats.map((seat) => wireSeat(seat, 'held')),
    holdExpiresAt: timestampOf(hold.untilMs),
    status: 'HOLD_STATUS_ACTIVE',
  };
}

function commit(
  hall: Hall,
  { reservationId, userId, seatIds }: CommitReservationRequest__Output,
): CommitReservationResponse {
  const orderId = `ord_${randomUUID()}`;
  checkSeats(hall, { reservationId, seatIds });
  const hold = hall.commit({ reservationId, userId, orderId });
  return {
    orderId: hold.orderId ?? '',
    soldSeats: hold.seats.map((seat) => wireSeat(seat, 'sold')),
    status: 'COMMIT_STATUS_SUCCESS',
    committedAt: timestampOf(hold.committedAtMs ?? 0),
  };
}

function release(
  { halls, nowMs }: InventoryOptions,
  { eventId, reservationId, seatIds }: ReleaseHoldRequest__Output,
): ReleaseHoldResponse {
  const hall = halls.of(eventId);
  const found = hall.find(reservationId);
  if (found === undefined) {
    throw new Problem('NOT_FOUND', 'there is no such hold', {
      reply: { status: 'RELEASE_STATUS_NOT_FOUND' },
    });
  }
  checkSeats(hall, { reservationId, seatIds });
  const { hold, now } = hall.release(reservationId);
  return {
    releasedSeats: now ? hold.seats.map((seat) => wireSeat(seat, 'free')) : [],
    status: now ? 'RELEASE_STATUS_SUCCESS' : 'RELEASE_STATUS_ALREADY_RELEASED',
    releasedAt: timestampOf(nowMs()),
  };
}

/** All seats of a hold or none: a request that names others is refused. */
function checkSeats(
  hall: Hall,
  { reservationId, seatIds }: { readonly reservationId: string; readonly seatIds: readonly string[] },
): void {
  const held = hall.find(reservationId)?.seats.map(({ id }) => id) ?? [];
  const isSame = seatIds.length === held.length && seatIds.every((id) => held.includes(id));
  if (held.length > 0 && seatIds.length > 0 && !isSame) {
    throw invalid('seat_ids', 'must be all seats of the hold, or none');
  }
}

function inventoryStatus(
  { halls, nowMs }: InventoryOptions,
  { eventId, section }: GetInventoryStatusRequest__Output,
): GetInventoryStatusResponse {
  const hall = halls.of(eventId);
  const counts = hall.counts();
  const bySection = Map.groupBy(hall.seats, (seat) => seat.section);
  const sections = [...bySection].filter(([name]) => section === '' || name === section);
  if (sections.length === 0) throw new Problem('NOT_FOUND', 'there is no such section');
  return {
    event: { id: eventId, name: eventId, totalSeats: counts.seats, remainingSeats: counts.free },
    sections: sections.map(([name, seats]) => sectionOf(hall, name, seats)),
    stats: {
      totalSeats: counts.seats,
      availableSeats: counts.free,
      reservedSeats: counts.held,
      soldSeats: counts.sold,
      blockedSeats: 0,
      availabilityPercentage: (counts.free / counts.seats) * 100,
      lastUpdated: timestampOf(nowMs()),
    },
  };
}

function sectionOf(hall: Hall, name: string, seats: readonly SeatPlace[]) {
  const count = { free: 0, held: 0, sold: 0 };
  for (const seat of seats) count[hall.stateOf(seat)] += 1;
  const price = won(seats[0]?.price ?? 0);
  return {
    sectionId: name,
    sectionName: `Section ${name}`,
    totalSeats: seats.length,
    availableSeats: count.free,
    reservedSeats: count.held,
    soldSeats: count.sold,
    blockedSeats: 0,
    minPrice: price,
    maxPrice: price,
  };
}
