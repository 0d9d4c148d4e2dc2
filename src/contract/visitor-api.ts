/** The visitor API's wire: request and answer schemas, types by inference. JSON is snake_case. */
import { z } from 'zod';
import { eventIdPattern, proofCharsMax, tokenCharsMax, userIdCharsMax } from './limits.ts';

export const phases = ['scheduled', 'prequeue', 'open', 'draining', 'closed'] as const;
export const phaseSchema = z.enum(phases);
/** Where an event is in its life. */
export type Phase = z.infer<typeof phaseSchema>;

export const eventIdSchema = z
  .string()
  .regex(eventIdPattern, 'letters, digits, _ . : - and at most 64 of them');

/** The work that an event with a challenge asks for: SHA-256 of `seed:identity:nonce` begins with enough zero bits. */
export const proofSchema = z.object({
  seed: z.string().min(1).max(proofCharsMax),
  nonce: z.string().regex(new RegExp(`^[0-9A-Za-z_-]{1,${proofCharsMax}}$`), 'letters, digits, _ and -'),
});
export type Proof = z.infer<typeof proofSchema>;

export const challengeQuerySchema = z.object({ event_id: eventIdSchema });

export const challengeReplySchema = z.object({
  /** Empty where the event asks for nothing. */
  seed: z.string(),
  /** Leading zero bits; 0 = a join needs no proof. */
  difficulty: z.number().int(),
  expires_in_sec: z.number().int(),
});
export type ChallengeReply = z.infer<typeof challengeReplySchema>;

export const joinBodySchema = z.object({
  event_id: eventIdSchema,
  /** A claimed, unverified name of the visitor; a JWT's subject overrides it. */
  user_id: z.string().min(1).max(userIdCharsMax).optional(),
  /** Needed where the event has a challenge. */
  proof: proofSchema.optional(),
});
export type JoinBody = z.infer<typeof joinBodySchema>;

export const joinReplySchema = z.object({
  waiting_token: z.string(),
  reference: z.string(),
  position_hint: z.number().int(),
  status: z.literal('waiting'),
  eta_sec: z.number().int(),
  poll_after_sec: z.number(),
  opens_at: z.string().optional(),
});
export type JoinReply = z.infer<typeof joinReplySchema>;

export const noticeSchema = z.object({ code: z.string(), text: z.string() });
export type Notice = z.infer<typeof noticeSchema>;

export const placeStatuses = ['waiting', 'ready', 'entered', 'left', 'expired'] as const;

export const statusReplySchema = z.object({
  status: z.enum(placeStatuses),
  /** People waiting in front + 1; 0 once the place has ended. */
  position: z.number().int(),
  eta_sec: z.number().int(),
  eta_low_sec: z.number().int(),
  eta_high_sec: z.number().int(),
  confidence: z.number(),
  /** Whole seconds since the join. */
  waiting_time: z.number().int(),
  ready_for_entry: z.boolean(),
  poll_after_sec: z.number(),
  phase: phaseSchema,
  paused: z.boolean(),
  opens_at: z.string().optional(),
  /** Of an expired place: an operator may give it back until then, so ask again. */
  restorable_until: z.string().optional(),
  message: z.string().optional(),
  notices: z.array(noticeSchema).optional(),
  /** When the answer was true, RFC 3339: older than a second means that the gateway has lost touch with Redis. */
  as_of: z.string(),
  /** Present and true when `as_of` is more than a second old. */
  stale: z.boolean().optional(),
});
export type StatusReply = z.infer<typeof statusReplySchema>;

export const tokenQuerySchema = z.object({ token: z.string().min(1).max(tokenCharsMax) });

export const enterBodySchema = z.object({ waiting_token: z.string().min(1) });

export const enterReplySchema = z.object({
  admission: z.literal('granted'),
  reservation_token: z.string(),
  ttl_sec: z.number().int(),
});
export type EnterReply = z.infer<typeof enterReplySchema>;

export const denyReasons = [
  'not_open',
  'paused',
  'window',
  'waited',
  'tokens',
  /** Places that were ended are being given back: nobody goes in before that is done. */
  'restoring',
  /** Explained refusals after "ready": something changed in between (promise 5). */
  'settings_changed',
  'returned_in_front',
] as const;
export type DenyReason = (typeof denyReasons)[number];

export const leaveReplySchema = z.object({ status: z.literal('left'), message: z.string() });

export const errorReplySchema = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      trace_id: z.string(),
      hint: z.string().optional(),
    }),
  })
  .loose();
export type LeaveReply = z.infer<typeof leaveReplySchema>;
