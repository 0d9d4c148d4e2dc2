/** The seats of a simulated hall: sections A, B, …, rows from 1, seats from 1; an id such as `A-1-12`. */
import type { Money } from '../../../generated/proto/common/v1/Money.ts';

const seatsPerRow = 20;
const rowsPerSection = 10;
const seatsPerSection = seatsPerRow * rowsPerSection;
/** Seats of one event at most. */
export const hallSeatsMax = 200_000;

/** Prices of sections A, B and all others, in won. */
const prices = [150_000, 120_000, 90_000] as const;
export const currency = 'KRW';

export interface SeatPlace {
  readonly id: string;
  readonly section: string;
  readonly row: string;
  readonly number: string;
  /** won */
  readonly price: number;
}

/** A hall of `seats` seats: full rows of 20, ten to a section. */
export function seatMap(seats: number): SeatPlace[] {
  return Array.from({ length: seats }, (_, index) => {
    const sectionIndex = Math.floor(index / seatsPerSection);
    const section = sectionName(sectionIndex);
    const row = String((Math.floor(index / seatsPerRow) % rowsPerSection) + 1);
    const number = String((index % seatsPerRow) + 1);
    const price = prices[Math.min(sectionIndex, prices.length - 1)] as number;
    return { id: `${section}-${row}-${number}`, section, row, number, price };
  });
}

/** An amount as it goes over the wire. */
export const won = (amount: number): Money => ({ amount, currency });

/** A to Z, then AA, AB, … */
function sectionName(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : `${sectionName(Math.floor(index / 26) - 1)}${letter}`;
}
