/** Reads the fields of backends' answers: what the contract promises is checked here once, and trusted afterwards. */
import type { Money__Output } from '../../../generated/proto/common/v1/Money.ts';
import type { Seat__Output } from '../../../generated/proto/common/v1/Seat.ts';
import type { Timestamp__Output } from '../../../generated/proto/google/protobuf/Timestamp.ts';

/** A backend's answer is not what the contract says; the message names the field, never its value. */
export class BrokenAnswer extends Error {
  override readonly name = 'BrokenAnswer';
}

const idForm = /^[\x21-\x7e]{1,128}$/;
const currencyForm = /^[A-Z]{3}$/;
/** The last second of the year 9999, as Timestamp defines it. */
const secondsMax = 253_402_300_799;
const addressCharsMax = 2_048;

/** An id that must be there. @throws BrokenAnswer */
export function readId(value: string, field: string): string {
  if (!idForm.test(value)) throw new BrokenAnswer(`${field} is missing or no id`);
  return value;
}

/** An id that may be absent. @throws BrokenAnswer for one of a wrong form */
export const readIdIfAny = (value: string, field: string): string | undefined =>
  value === '' ? undefined : readId(value, field);

/** A message that must be there. @throws BrokenAnswer */
export function readPart<T>(value: T | null | undefined, field: string): T {
  if (value === null || value === undefined) throw new BrokenAnswer(`${field} is missing`);
  return value;
}

/** A time that must be there, RFC 3339; the second 0 is what a field never set looks like. @throws BrokenAnswer */
export function readTime(value: Timestamp__Output | null | undefined, field: string): string {
  const time = readTimeIfAny(value, field);
  if (time === undefined) throw new BrokenAnswer(`${field} is missing`);
  return time;
}

/** A time that may be absent, RFC 3339. @throws BrokenAnswer for one that is no date */
export function readTimeIfAny(
  value: Timestamp__Output | null | undefined,
  field: string,
): string | undefined {
  if (value === null || value === undefined || value.seconds === 0) return undefined;
  if (!(value.seconds > 0 && value.seconds <= secondsMax)) throw new BrokenAnswer(`${field} is no time`);
  return new Date(value.seconds * 1_000 + Math.floor(value.nanos / 1e6)).toISOString();
}

/** An enum's value without its prefix, as one of the known words. @throws BrokenAnswer for any other */
export function readWord<const W extends readonly string[]>(
  value: string | number,
  { prefix, words, field }: { readonly prefix: string; readonly words: W; readonly field: string },
): W[number] {
  // A number is a value that our copy of the contract does not know.
  const word = typeof value === 'string' && value.startsWith(prefix) ? value.slice(prefix.length) : '';
  if (!words.includes(word)) throw new BrokenAnswer(`${field} is not set or not known`);
  return word;
}

/** Money that must be there. @throws BrokenAnswer */
export function readMoney(
  value: Money__Output | null | undefined,
  field: string,
): { amount: number; currency: string } {
  const { amount, currency } = readPart(value, field);
  if (!Number.isSafeInteger(amount) || amount < 0 || !currencyForm.test(currency))
    throw new BrokenAnswer(`${field} is no amount of money`);
  return { amount, currency };
}

/** Money that may be absent: no message, or one without a currency. @throws BrokenAnswer for a wrong one */
export const readMoneyIfAny = (
  value: Money__Output | null | undefined,
  field: string,
): { amount?: number; currency?: string } =>
  value === null || value === undefined || value.currency === '' ? {} : readMoney(value, field);

/** Ids of seats. @throws BrokenAnswer */
export const readSeatIds = (seats: readonly Seat__Output[], field: string): string[] =>
  seats.map(({ id }) => readId(id, `${field}.id`));

/** An address that a browser may be sent to; undefined for none, and for anything but http and https. */
export function readWebAddress(value: string): string | undefined {
  if (value === '' || value.length > addressCharsMax || !URL.canParse(value)) return undefined;
  return /^https?:$/.test(new URL(value).protocol) ? value : undefined;
}

/** Why a payment failed, where it is a code such as `card_declined`: sentences of backends are not passed on. */
export const readReason = (value: string | undefined): string | undefined =>
  value !== undefined && /^[A-Za-z0-9_.-]{1,64}$/.test(value) ? value : undefined;
