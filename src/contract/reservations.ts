/** The wire of what comes after the line: reservations, payment, sign-in. JSON is snake_case. */
import { z } from 'zod';
import { eventIdSchema } from './visitor-api.ts';

/** Ids that backends give out, and seats: printable, without spaces. */
const idSchema = z.string().regex(/^[\x21-\x7e]{1,128}$/, '1 to 128 printable characters');

/** Seats of one reservation. */
export const seatsMax = 10;

export const reserveBodySchema = z
  .object({
    event_id: eventIdSchema,
    /** Seats asked for by name; none = any `quantity` seats. */
    seat_ids: z.array(idSchema).max(seatsMax).default([]),
    /** Default: as many as there are seat_ids. */
    quantity: z.number().int().min(1).max(seatsMax).optional(),
    reservation_token: z.string().min(1).max(4_096),
  })
  .refine(({ seat_ids, quantity }) => seat_ids.length > 0 || quantity !== undefined, {
    path: ['quantity'],
    message: 'needed where no seat_ids are given',
  })
  .refine(
    ({ seat_ids, quantity }) =>
      seat_ids.length === 0 || quantity === undefined || quantity === seat_ids.length,
    { path: ['quantity'], message: 'must be the number of seat_ids' },
  )
  .refine(({ seat_ids }) => new Set(seat_ids).size === seat_ids.length, {
    path: ['seat_ids'],
    message: 'each seat once',
  });
export type ReserveBody = z.infer<typeof reserveBodySchema>;

export const reservationStatuses = [
  'PENDING',
  'HOLD',
  'CONFIRMED',
  'CANCELLED',
  'EXPIRED',
  'FAILED',
  'REFUNDED',
] as const;

export const reserveReplySchema = z.object({
  reservation_id: z.string(),
  status: z.enum(reservationStatuses),
  /** RFC 3339. */
  hold_expires_at: z.string(),
  seat_ids: z.array(z.string()),
  /** Smallest unit of the currency, such as won or cents. */
  amount: z.number().int().optional(),
  currency: z.string().optional(),
});
export type ReserveReply = z.infer<typeof reserveReplySchema>;

export const reservationReplySchema = z.object({
  reservation_id: z.string(),
  event_id: z.string(),
  status: z.enum(reservationStatuses),
  seat_ids: z.array(z.string()),
  quantity: z.number().int(),
  amount: z.number().int().optional(),
  currency: z.string().optional(),
  created_at: z.string().optional(),
  hold_expires_at: z.string().optional(),
  payment_intent_id: z.string().optional(),
  order_id: z.string().optional(),
});
export type ReservationReply = z.infer<typeof reservationReplySchema>;

export const confirmBodySchema = z.object({ payment_intent_id: idSchema });
export type ConfirmBody = z.infer<typeof confirmBodySchema>;
export const confirmReplySchema = z.object({
  order_id: z.string(),
  status: z.literal('CONFIRMED'),
  confirmed_at: z.string().optional(),
});
export type ConfirmReply = z.infer<typeof confirmReplySchema>;

export const cancelBodySchema = z.object({ reason: z.string().max(200).optional() });
export type CancelBody = z.infer<typeof cancelBodySchema>;
export const cancelReplySchema = z.object({
  status: z.enum(reservationStatuses),
  cancelled_at: z.string().optional(),
});
export type CancelReply = z.infer<typeof cancelReplySchema>;

/** What a visitor may ask of a simulated payment; `random` and `timeout` are for who calls the service itself. */
export const paymentScenarios = ['approve', 'fail', 'delay'] as const;
export const paymentStatuses = [
  'PENDING',
  'PROCESSING',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'REFUNDED',
  'EXPIRED',
] as const;

export const intentBodySchema = z.object({
  reservation_id: idSchema,
  /** Smallest unit of the currency. */
  amount: z.number().int().min(1).max(1_000_000_000_000),
  /** ISO 4217. */
  currency: z.string().regex(/^[A-Z]{3}$/, 'three capital letters, such as KRW'),
  /** Simulation only; a real payment service ignores it. */
  scenario: z.enum(paymentScenarios).default('approve'),
});
export type IntentBody = z.infer<typeof intentBodySchema>;
export const intentReplySchema = z.object({
  payment_intent_id: z.string(),
  status: z.enum(paymentStatuses),
  /** How its end is told. */
  next: z.literal('webhook'),
  payment_url: z.string().optional(),
  expires_at: z.string().optional(),
});
export type IntentReply = z.infer<typeof intentReplySchema>;

export const paymentReplySchema = z.object({
  payment_intent_id: z.string(),
  reservation_id: z.string(),
  status: z.enum(paymentStatuses),
  amount: z.number().int(),
  currency: z.string(),
  processed_at: z.string().optional(),
  failure_reason: z.string().optional(),
});
export type PaymentReply = z.infer<typeof paymentReplySchema>;

export const processBodySchema = z.object({ payment_intent_id: idSchema });
export type ProcessBody = z.infer<typeof processBodySchema>;
export const processReplySchema = z.object({
  payment_id: z.string(),
  status: z.enum(paymentStatuses),
  processed_at: z.string().optional(),
  failure_reason: z.string().optional(),
});
export type ProcessReply = z.infer<typeof processReplySchema>;

/** User names are case-sensitive; NFC-normalised before use. */
const userNameSchema = z
  .string()
  .normalize('NFC')
  .regex(/^[\p{L}\p{N}._@+-]{3,64}$/u, '3 to 64 letters, digits or . _ @ + -');

export const registerBodySchema = z.object({
  username: userNameSchema,
  password: z.string().min(10, 'at least 10 characters').max(256),
});
export type RegisterBody = z.infer<typeof registerBodySchema>;
export const loginBodySchema = z.object({ username: userNameSchema, password: z.string().min(1).max(256) });
export type LoginBody = z.infer<typeof loginBodySchema>;
export const signedInReplySchema = z.object({
  access_token: z.string(),
  token_type: z.literal('Bearer'),
  /** s */
  expires_in: z.number().int(),
  user_id: z.string(),
});
export type SignedInReply = z.infer<typeof signedInReplySchema>;
