/** Reservation tokens as the reservation route takes them: whose, for what, and until when. */
import { type Refusal, refuse } from '../../contract/errors.ts';
import type { Caller } from '../../queue/line-types.ts';
import type { Pass, PassVerifier } from '../../queue/pass-verifier.ts';

const refused = (what: string): Refusal =>
  refuse('PASS_REFUSED', { message: `This reservation token ${what}.` });

/** Why a pass is refused. No word more: whoever forges one learns nothing from it. */
export const passRefusals = {
  notValid: refused('is not valid'),
  anotherEvent: refused('is for another event'),
  anotherPerson: refused('is for another person'),
  expired: refused('has expired'),
  used: refused('has been used'),
} as const;

/** A pass that may be used, unless it was used before. */
export interface AcceptedPass {
  readonly ok: true;
  readonly id: string;
  /** Its 30 s are over: only the request that began with it in time may go on. */
  readonly isOver: boolean;
  readonly userId: string;
  /** Whose Idempotency-Keys count beside it. The same for all who may use the pass, so that one of them can. */
  readonly scope: string;
}

export interface PassRules {
  readonly verifier: PassVerifier;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** Whether places may be entered by people who are not signed in: their passes belong to whoever shows them. */
  readonly anonymousEnters: boolean;
}

/** What stands in the place of a subject where nobody was signed in: the place's reference. */
const referencePattern = /^v_[a-z0-9]{8}$/;

/**
 * Checks all of a pass but whether it was used; asks nobody outside this process. A caller without a subject (a
 * development token that names no user) acts for whoever entered.
 */
export async function checkPass(
  rules: PassRules,
  asked: { readonly token: string; readonly eventId: string; readonly caller: Caller },
): Promise<AcceptedPass | Refusal> {
  const pass = await rules.verifier.verify(asked.token);
  if (!pass.ok) return passRefusals.notValid;
  if (pass.event !== asked.eventId) return passRefusals.anotherEvent;
  const holder = holderOf(pass, asked.caller, rules.anonymousEnters);
  if (holder === undefined) return passRefusals.anotherPerson;
  return { ok: true, id: pass.passId, isOver: rules.nowMs() >= pass.expiresMs, ...holder };
}

function holderOf(
  pass: Pass,
  { subject = pass.subject }: Caller,
  anonymousEnters: boolean,
): Pick<AcceptedPass, 'userId' | 'scope'> | undefined {
  if (anonymousEnters && referencePattern.test(pass.subject)) {
    return { userId: subject, scope: `place ${pass.event} ${pass.subject}` };
  }
  return subject === pass.subject ? { userId: subject, scope: scopeOfUser(subject) } : undefined;
}

/** The Idempotency-Keys of a person. */
export const scopeOfUser = (userId: string): string => `user ${userId}`;
