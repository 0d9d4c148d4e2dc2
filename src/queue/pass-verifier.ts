/** What those who take reservation tokens need of them; `ReservationKeys` is the one who knows. */
import type { Refusal } from '../contract/errors.ts';

/** A reservation token whose signature and form are right. It may have expired, or have been used. */
export interface Pass {
  readonly ok: true;
  readonly event: string;
  /** Who entered: the verified subject, else the place's reference. */
  readonly subject: string;
  /** The same for every token of one place. */
  readonly passId: string;
  /** End of its life, epoch ms. */
  readonly expiresMs: number;
}

export interface PassVerifier {
  /** Checks signature and form, NOT expiry nor use: those are the caller's. A no is PASS_REFUSED. */
  verify(token: string): Promise<Pass | Refusal>;
}
