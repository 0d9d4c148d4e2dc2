/** How a purchase ended. */
export const saleEnds = [
  'confirmed',
  'soldOut',
  'neverPaid',
  'declined',
  'expired',
  'refused',
  'gaveUp',
] as const;
/**
 * `confirmed` the seats are theirs; `soldOut` no seats were free; `neverPaid` reserved and left; `declined` the payment
 * failed; `expired` the hold ended before the confirmation; `refused` an answer that no retry mends; `gaveUp` failures
 * without end.
 */
export type SaleEnd = (typeof saleEnds)[number];

/** One purchase that was confirmed. */
export interface Order {
  readonly orderId: string;
  readonly reservationId: string;
  readonly userId: string;
  readonly seatIds: readonly string[];
}

/** Orders that are kept: bounds the memory of an endless run. */
const ordersMax = 100_000;

/** Counts of all purchases of a run. */
export class Sales {
  /** Purchases under way. */
  underway = 0;
  begun = 0;
  reserved = 0;
  paid = 0;
  /** Seats of confirmed purchases. */
  seats = 0;
  /** Requests sent again, or in copies, under the Idempotency-Key of an answer. */
  repeated = 0;
  /** Of those, how many were answered otherwise than the first one. */
  answeredOtherwise = 0;
  readonly ends: Record<SaleEnd, number> = {
    ...{ confirmed: 0, soldOut: 0, neverPaid: 0, declined: 0, expired: 0, refused: 0, gaveUp: 0 },
  };
  readonly orders: Order[] = [];

  confirmed(order: Order): void {
    this.seats += order.seatIds.length;
    if (this.orders.length < ordersMax) this.orders.push(order);
  }
}

/** The sales in a report. */
export interface SalesReport {
  readonly begun: number;
  readonly reserved: number;
  readonly paid: number;
  readonly seats: number;
  readonly repeated: number;
  readonly answeredOtherwise: number;
  readonly ends: Readonly<Record<SaleEnd, number>>;
  /** At most 100,000. */
  readonly orders: readonly Order[];
}

/** The sales as plain data. */
export function salesReport({
  begun,
  reserved,
  paid,
  seats,
  repeated,
  answeredOtherwise,
  ends,
  orders,
}: Sales): SalesReport {
  return {
    begun,
    reserved,
    paid,
    seats,
    repeated,
    answeredOtherwise,
    ends: { ...ends },
    orders: [...orders],
  };
}
