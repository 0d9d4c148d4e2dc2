import { randomUUID } from 'node:crypto';
import type { Seat__Output } from '../../../generated/proto/common/v1/Seat.ts';
import { Problem } from './problem.ts';

/**
 * One reservation.
 *
 * | status    | meaning                       | leaves it when                                             |
 * |-----------|-------------------------------|------------------------------------------------------------|
 * | HOLD      | seats held until `untilMs`    | confirmed → CONFIRMED; cancelled → CANCELLED; its time is  |
 * |           |                               | up → EXPIRED                                               |
 * | CONFIRMED | paid, the seats are sold      | never                                                      |
 * | CANCELLED | given back by its user        | forgotten after 10 min                                     |
 * | EXPIRED   | given back by time            | forgotten after 10 min                                     |
 *
 * The inventory decides: a confirmation whose commit got no answer may be tried again after the hold's end, and gets the
 * order if it was made. Steps of one reservation run one after the other.
 */
export type ReservationState = 'HOLD' | 'CONFIRMED' | 'CANCELLED' | 'EXPIRED';

export interface Reservation {
  readonly id: string;
  readonly eventId: string;
  readonly userId: string;
  readonly seats: readonly Seat__Output[];
  /** won */
  readonly amount: number;
  readonly createdAtMs: number;
  readonly holdMs: number;
  state: ReservationState;
  updatedAtMs: number;
  untilMs: number;
  paymentIntentId: string;
  orderId: string;
  /** A commit was asked for and not answered. */
  isCommitOpen: boolean;
}

/** One that has ended is remembered for so long, ms. */
const rememberedMs = 10 * 60_000;

/** All reservations, in memory. */
export class Reservations {
  readonly #nowMs: () => number;
  readonly #byId = new Map<string, Reservation>();
  readonly #steps = new Map<string, Promise<unknown>>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** A new id. */
  newId(): string {
    return `rsv_${randomUUID()}`;
  }

  add(reservation: Reservation): void {
    this.#byId.set(reservation.id, reservation);
  }

  /** The reservation, as it is now. @throws Problem when there is none, or it is another user's */
  of(id: string, userId: string): Reservation {
    const reservation = this.#byId.get(id);
    if (reservation === undefined) throw new Problem('NOT_FOUND', 'there is no such reservation');
    if (reservation.userId !== userId) {
      throw new Problem('FORBIDDEN', 'this reservation is of another user');
    }
    return this.#settled(reservation);
  }

  /** Runs `work` when all earlier steps of the same reservation are over. */
  async step<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.#steps.get(id) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#steps.set(id, mine);
    try {
      return await mine;
    } finally {
      if (this.#steps.get(id) === mine) this.#steps.delete(id);
    }
  }

  /** Those of a user, newest first. */
  list(userId: string): Reservation[] {
    const own = [...this.#byId.values()].filter((each) => each.userId === userId);
    return own.map((each) => this.#settled(each)).reverse();
  }

  /** How many there are of each state. */
  counts(): Record<ReservationState, number> {
    const counts = { HOLD: 0, CONFIRMED: 0, CANCELLED: 0, EXPIRED: 0 };
    for (const each of this.#byId.values()) counts[this.#settled(each).state] += 1;
    return counts;
  }

  /** Changes the state. */
  become(reservation: Reservation, state: ReservationState): void {
    reservation.state = state;
    reservation.updatedAtMs = this.#nowMs();
  }

  /** Forgets what ended long ago. */
  prune(): void {
    const nowMs = this.#nowMs();
    for (const reservation of this.#byId.values()) {
      const { id, state, updatedAtMs } = this.#settled(reservation);
      const hasEnded = state === 'CANCELLED' || state === 'EXPIRED';
      if (hasEnded && updatedAtMs + rememberedMs <= nowMs) this.#byId.delete(id);
    }
  }

  #settled(reservation: Reservation): Reservation {
    const { state, untilMs, isCommitOpen } = reservation;
    if (state === 'HOLD' && !isCommitOpen && untilMs <= this.#nowMs()) {
      reservation.state = 'EXPIRED';
      reservation.updatedAtMs = untilMs;
    }
    return reservation;
  }
}
