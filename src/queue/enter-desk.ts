/** Enters: who may use a place, what lua/enter.lua says, and the pass of somebody admitted. */

import { type Refusal, refuse } from '../contract/errors.ts';
import { reservationTtlSec } from '../contract/limits.ts';
import type { EnterReply } from '../contract/visitor-api.ts';
import { hasEntered } from './join-desk.ts';
import type { Caller, Outcome } from './line-types.ts';
import { dueAfterMs } from './presence.ts';
import type { PassSigner } from './reservation-token.ts';
import { pollAfterSec, type ServedEvent } from './served-event.ts';
import type { EnterReply as EnterWord, Store } from './store.ts';
import type { WaitingToken } from './waiting-token.ts';

export interface EnterDeskOptions {
  readonly store: Store;
  readonly signer: PassSigner;
  readonly authRequired: boolean;
}

/** Refusals that a change in between explains (promise 5); the cause then stands in place of the reason. */
const explainable = new Set(['tokens', 'window', 'waited']);

export class EnterDesk {
  private readonly options: EnterDeskOptions;

  constructor(options: EnterDeskOptions) {
    this.options = options;
  }

  async enter(served: ServedEvent, token: WaitingToken, caller: Caller): Promise<Outcome<EnterReply>> {
    const known = caller.subject !== undefined || caller.authenticated === true;
    if (this.options.authRequired && !known) return refuse('UNAUTHENTICATED');
    const subject = caller.subject === undefined ? '' : served.secret.digest(`sub:${caller.subject}`);
    if (token.verified && (subject === '' || !token.person?.equals(subject))) return refuse('NOT_YOURS');
    const answer = await this.options.store.enter(served.ref, {
      seq: token.seq,
      joinedMs: token.joinedMs,
      subject,
      dueMs: dueAfterMs(served.settings.presenceMs, latestPollSec(served, token)),
    });
    if (answer.word === 'granted') {
      served.told.entered(token.seq, answer.grantedMs, subject === '' ? undefined : subject);
      return this.granted(served, token, caller, answer);
    }
    return answer.word === 'denied' ? denied(served, answer) : refuseEnded(answer.word);
  }

  private async granted(
    served: ServedEvent,
    token: WaitingToken,
    caller: Caller,
    grant: { grantedMs: number; nowMs: number },
  ): Promise<Outcome<EnterReply>> {
    const pass = await this.options.signer.sign({
      event: served.id,
      subject: caller.subject ?? served.secret.reference(token.seq),
      passId: served.secret.passId(token.seq),
      grantedMs: grant.grantedMs,
    });
    const leftSec = Math.ceil(reservationTtlSec - (grant.nowMs - grant.grantedMs) / 1000);
    return { ok: true, reply: { admission: 'granted', reservation_token: pass, ttl_sec: leftSec } };
  }
}

/** The longest that a refusal may tell this place to wait: presence must not end before. */
function latestPollSec(served: ServedEvent, token: WaitingToken): number {
  const nowMs = served.nowMs();
  served.view(nowMs);
  return pollAfterSec(served.eta.at(served.replica.position(token.seq), nowMs).etaSec, () => 1);
}

function denied(served: ServedEvent, answer: Extract<EnterWord, { word: 'denied' }>) {
  const reason = answer.cause !== '' && explainable.has(answer.reason) ? answer.cause : answer.reason;
  const nowMs = served.nowMs();
  served.view(nowMs);
  const etaSec = served.eta.at(answer.position, nowMs).etaSec;
  const retryAfterSec = Math.max(1, Math.round(pollAfterSec(etaSec)));
  const body = {
    admission: 'denied',
    reason,
    detail: answer.reason,
    position: answer.position,
    retry_after_sec: retryAfterSec,
  };
  return refuse('NOT_READY', { retryAfterSec, body });
}

function refuseEnded(word: Exclude<EnterWord['word'], 'granted' | 'denied'>) {
  switch (word) {
    case 'entered':
      return refuse('ALREADY_ENTERED');
    case 'subject_entered':
      return refuse('ALREADY_ENTERED', { message: hasEntered });
    case 'not_yours':
      return refuse('NOT_YOURS');
    case 'unknown':
      return refuse('TOKEN_NOT_FOUND');
    default:
      return refuse('TOKEN_EXPIRED');
  }
}

/** Why an enter was refused, in one word. */
export const reasonOf = ({ code, body }: Refusal): string =>
  typeof body?.reason === 'string' ? body.reason : code.toLowerCase();
