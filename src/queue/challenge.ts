/**
 * The challenge of an event, without anything kept: its seed is signed, and says which minute and which difficulty it is
 * of. So any gateway judges the work that any other has asked for, and a difficulty that was raised meanwhile does not
 * fail those who are at work on a lower one.
 */
import { isSolved, proofIdentity } from '../contract/challenge.ts';
import { type Refusal, refuse } from '../contract/errors.ts';
import { challengeWindowSec, idempotencyKeyReplayCharsMin } from '../contract/limits.ts';
import type { ChallengeReply, Proof } from '../contract/visitor-api.ts';
import type { EventSecret } from './keyring.ts';
import type { JoinRequest } from './line-types.ts';

/** What is asked for now: of which event, how many bits, at which Redis time in ms. */
export interface Asked {
  readonly secret: EventSecret;
  readonly bits: number;
  readonly nowMs: number;
}

const windowMs = challengeWindowSec * 1000;
const windowAt = (nowMs: number): number => Math.floor(nowMs / windowMs);

function seedOf(secret: EventSecret, window: number, bits: number): string {
  return `${window}.${bits}.${secret.digest(`challenge ${window} ${bits}`).toString('base64url')}`;
}

/** The challenge as a visitor is told; one that is off has no seed. */
export function challengeOf({ secret, bits, nowMs }: Asked): ChallengeReply {
  const window = windowAt(nowMs);
  return {
    seed: bits === 0 ? '' : seedOf(secret, window, bits),
    difficulty: bits,
    // It is taken in its own minute and in the next.
    expires_in_sec: Math.ceil(((window + 2) * windowMs - nowMs) / 1000),
  };
}

/** As an answer of the line. */
export const challengeReply = (asked: Asked): { readonly ok: true; readonly reply: ChallengeReply } => ({
  ok: true,
  reply: challengeOf(asked),
});

/** Why a join has not done its work, with the work to do; undefined when it has. Costs no Redis command. */
export function unproven(asked: Asked, { proof, ...ask }: JoinRequest): Refusal | undefined {
  const identity = identityOf(ask);
  if (identity === undefined) return required(asked, messages.nobody);
  if (proof === undefined) return required(asked, messages.missing);
  const bits = bitsOf(asked, proof);
  if (bits === undefined) return required(asked, messages.seed);
  return isSolved(proof, identity, Math.min(bits, asked.bits)) ? undefined : required(asked, messages.wrong);
}

const messages = {
  nobody: `This queue asks for a proof of work, for a user or an Idempotency-Key of at least ${idempotencyKeyReplayCharsMin} characters.`,
  missing: 'This queue asks for a proof of work: solve the challenge and join again.',
  seed: 'The seed of the proof of work has expired or is none of ours: solve the new one.',
  wrong: 'The proof of work is wrong.',
} as const;

const required = (asked: Asked, message: string): Refusal =>
  refuse('CHALLENGE_REQUIRED', { message, body: { challenge: challengeOf(asked) } });

/** One identity holds one place, so work that is sent again makes no second one. */
function identityOf({ caller, userId, idempotencyKey }: JoinRequest): string | undefined {
  if (caller.subject !== undefined) return proofIdentity.subject(caller.subject);
  if (userId !== undefined) return proofIdentity.user(userId);
  const isLong = (idempotencyKey?.length ?? 0) >= idempotencyKeyReplayCharsMin;
  return idempotencyKey !== undefined && isLong ? proofIdentity.key(idempotencyKey) : undefined;
}

/** The difficulty that a seed of ours was given out with; undefined for one that is not, or not any more. */
function bitsOf({ secret, nowMs }: Asked, { seed }: Proof): number | undefined {
  const [window = '', bits = ''] = seed.split('.');
  // A clock that is ahead by a moment may have begun the next minute already.
  if (!/^\d+$/.test(window) || Math.abs(windowAt(nowMs) - Number(window)) > 1) return undefined;
  return /^\d{1,2}$/.test(bits) && seedOf(secret, Number(window), Number(bits)) === seed
    ? Number(bits)
    : undefined;
}
