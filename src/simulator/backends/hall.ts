import { Problem } from './problem.ts';
import { type SeatPlace, seatMap } from './seat-map.ts';

/**
 * Who has which seat of one event. A reservation holds its seats once:
 *
 * | state     | meaning                | leaves it when                                                       |
 * |-----------|------------------------|----------------------------------------------------------------------|
 * | active    | held until `untilMs`   | committed → committed; released → released; its time is up → expired |
 * | committed | sold for good          | never                                                                |
 * | released  | given back on request  | forgotten after 10 min                                               |
 * | expired   | given back by its time | forgotten after 10 min                                               |
 *
 * Every method is one synchronous step: all seats of a request or none, and nothing in between is ever seen. Times that
 * have come are applied before anything else, so no late timer can sell a seat twice or release it twice.
 */
export type HoldState = 'active' | 'committed' | 'released' | 'expired';

export interface Hold {
  readonly reservationId: string;
  readonly userId: string;
  readonly seats: readonly SeatPlace[];
  readonly state: HoldState;
  readonly untilMs: number;
  /** Once committed. */
  readonly orderId?: string;
  readonly committedAtMs?: number;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type OwnHold = Mutable<Hold> & { endedAtMs: number };

/** Counts of one event. free + held + sold = seats; made = active + committed + released + expired holds. */
export interface HallCounts {
  readonly seats: number;
  readonly free: number;
  readonly held: number;
  readonly sold: number;
  readonly holds: {
    readonly made: number;
    readonly active: number;
    readonly committed: number;
    readonly released: number;
    readonly expired: number;
  };
  /** Seats that came back, by why. */
  readonly seatsReleased: { readonly byTime: number; readonly onRequest: number };
}

/** A hold that has ended is remembered for so long, ms: whoever asks late hears what became of it. */
const rememberedMs = 10 * 60_000;

export class Hall {
  readonly seats: readonly SeatPlace[];
  readonly #nowMs: () => number;
  readonly #byId: ReadonlyMap<string, SeatPlace>;
  readonly #holders = new Map<SeatPlace, OwnHold>();
  readonly #holds = new Map<string, OwnHold>();
  readonly #active = new Set<OwnHold>();
  /** In the order in which they ended. */
  readonly #ended = new Set<OwnHold>();
  readonly #count = { made: 0, committed: 0, released: 0, expired: 0, sold: 0, byTime: 0, onRequest: 0 };
  #nextEndMs = Number.POSITIVE_INFINITY;

  constructor(seats: number, nowMs: () => number) {
    this.seats = seatMap(seats);
    this.#byId = new Map(this.seats.map((seat) => [seat.id, seat]));
    this.#nowMs = nowMs;
  }

  /** Holds the named seats, or any `quantity` free ones. @throws Problem; then no seat was held */
  hold(wanted: {
    readonly reservationId: string;
    readonly userId: string;
    readonly seatIds: readonly string[];
    readonly quantity: number;
    readonly untilMs: number;
  }): Hold {
    const nowMs = this.settle();
    const { reservationId, userId, untilMs } = wanted;
    const before = this.#holds.get(reservationId);
    if (before !== undefined) return this.#prolong(before, wanted);
    if (untilMs <= nowMs) throw expired();
    const seats = wanted.seatIds.length > 0 ? this.#named(wanted.seatIds) : this.#anyFree(wanted.quantity);
    const hold: OwnHold = { reservationId, userId, seats, state: 'active', untilMs, endedAtMs: 0 };
    for (const seat of seats) this.#holders.set(seat, hold);
    this.#holds.set(reservationId, hold);
    this.#active.add(hold);
    this.#count.made += 1;
    this.#nextEndMs = Math.min(this.#nextEndMs, untilMs);
    return hold;
  }

  /** Sells what a reservation holds; again gives the same order. @throws Problem when it holds nothing (any more) */
  commit(wanted: {
    readonly reservationId: string;
    readonly userId: string;
    readonly orderId: string;
  }): Hold {
    const nowMs = this.settle();
    const hold = this.#known(wanted.reservationId);
    if (hold.userId !== wanted.userId) throw new Problem('FORBIDDEN', 'this hold is of another user');
    if (hold.state === 'committed') return hold;
    if (hold.state === 'expired') throw expired({ status: 'COMMIT_STATUS_FAILED_EXPIRED' });
    if (hold.state === 'released') {
      const reply = { status: 'COMMIT_STATUS_FAILED_CONFLICT' };
      throw new Problem('FAILED_PRECONDITION', 'this hold was released', { reply });
    }
    this.#active.delete(hold);
    hold.state = 'committed';
    hold.orderId = wanted.orderId;
    hold.committedAtMs = nowMs;
    this.#count.committed += 1;
    this.#count.sold += hold.seats.length;
    return hold;
  }

  /** Gives back what a reservation holds; `now` tells whether this call did it. @throws Problem for a sold or unknown one */
  release(reservationId: string): { readonly hold: Hold; readonly now: boolean } {
    this.settle();
    const hold = this.#known(reservationId);
    if (hold.state === 'committed') throw new Problem('FAILED_PRECONDITION', 'these seats are sold');
    const now = hold.state === 'active';
    if (now) this.#giveBack(hold, 'released');
    return { hold, now };
  }

  /** The hold of a reservation, as it is now; undefined when there is none, or it ended long ago. */
  find(reservationId: string): Hold | undefined {
    this.settle();
    return this.#holds.get(reservationId);
  }

  /** Applies what time has made. Gives the time at which it looked, ms. */
  settle(): number {
    const nowMs = this.#nowMs();
    if (nowMs >= this.#nextEndMs) {
      this.#nextEndMs = Number.POSITIVE_INFINITY;
      for (const hold of this.#active) {
        if (hold.untilMs <= nowMs) this.#giveBack(hold, 'expired');
        else this.#nextEndMs = Math.min(this.#nextEndMs, hold.untilMs);
      }
    }
    for (const hold of this.#ended) {
      if (hold.endedAtMs + rememberedMs > nowMs) break;
      this.#ended.delete(hold);
      this.#holds.delete(hold.reservationId);
    }
    return nowMs;
  }

  /** What the seat is, now. */
  stateOf(seat: SeatPlace): 'free' | 'held' | 'sold' {
    const hold = this.#holders.get(seat);
    if (hold === undefined) return 'free';
    return hold.state === 'committed' ? 'sold' : 'held';
  }

  /** The seat of an id. @throws Problem NOT_FOUND */
  seat(id: string): SeatPlace {
    const seat = this.#byId.get(id);
    if (seat !== undefined) return seat;
    const details = [{ field: 'seat_ids', reason: 'unknown seat', value: id }];
    throw new Problem('NOT_FOUND', 'there is no such seat', { details });
  }

  counts(): HallCounts {
    this.settle();
    const { made, committed, released, expired, sold, byTime, onRequest } = this.#count;
    const held = this.#holders.size - sold;
    const holds = { made, active: this.#active.size, committed, released, expired };
    const free = this.seats.length - held - sold;
    return { seats: this.seats.length, free, held, sold, holds, seatsReleased: { byTime, onRequest } };
  }

  /** Holds that were committed, oldest first. */
  sold(): Hold[] {
    return [...this.#holds.values()].filter(({ state }) => state === 'committed');
  }

  #prolong(hold: OwnHold, { userId, untilMs }: { readonly userId: string; readonly untilMs: number }): Hold {
    if (hold.userId !== userId) throw new Problem('FORBIDDEN', 'this hold is of another user');
    if (hold.state === 'expired') throw expired();
    if (hold.state !== 'active') throw new Problem('FAILED_PRECONDITION', `this hold was ${hold.state}`);
    hold.untilMs = Math.max(hold.untilMs, untilMs);
    return hold;
  }

  #named(ids: readonly string[]): SeatPlace[] {
    const seats = ids.map((id) => this.seat(id));
    const taken = seats.filter((seat) => this.#holders.has(seat));
    if (taken.length === 0) return seats;
    const details = taken.map(({ id }) => ({ field: 'seat_ids', reason: 'not free', value: id }));
    throw new Problem('INVENTORY_CONFLICT', 'these seats are not free', { details });
  }

  #anyFree(quantity: number): SeatPlace[] {
    const found: SeatPlace[] = [];
    if (this.seats.length - this.#holders.size >= quantity) {
      for (const seat of this.seats) {
        if (!this.#holders.has(seat)) found.push(seat);
        if (found.length === quantity) return found;
      }
    }
    throw new Problem('INSUFFICIENT_INVENTORY', 'not so many seats are free');
  }

  #known(reservationId: string): OwnHold {
    const hold = this.#holds.get(reservationId);
    if (hold === undefined) throw new Problem('NOT_FOUND', 'there is no such hold');
    return hold;
  }

  #giveBack(hold: OwnHold, state: 'released' | 'expired'): void {
    for (const seat of hold.seats) this.#holders.delete(seat);
    this.#active.delete(hold);
    hold.state = state;
    hold.endedAtMs = this.#nowMs();
    this.#ended.add(hold);
    this.#count[state] += 1;
    this.#count[state === 'expired' ? 'byTime' : 'onRequest'] += hold.seats.length;
  }
}

const expired = (reply: Readonly<Record<string, unknown>> = {}): Problem =>
  new Problem('RESERVATION_EXPIRED', 'the hold on these seats has ended', { reply });
