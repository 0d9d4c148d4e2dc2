/** Joins of one event: who asks is turned into digests, what Redis answers into a token or a refusal. */

import { randomBytes } from 'node:crypto';
import { type Refusal, refuse } from '../contract/errors.ts';
import { idempotencyKeyReplayCharsMin, pollAfterSecMax, presenceSlackSec } from '../contract/limits.ts';
import type { JoinReply } from '../contract/visitor-api.ts';
import type { RedisClient } from '../redis/client.ts';
import { unproven } from './challenge.ts';
import type { JoinMember } from './join-members.ts';
import { Joiner, type JoinResult } from './joiner.ts';
import type { Keyring } from './keyring.ts';
import type { LineTracer } from './line-tracer.ts';
import type { JoinOutcome, JoinRequest } from './line-types.ts';
import { dueAfterMs } from './presence.ts';
import { pollAfterSec, type ServedEvent } from './served-event.ts';
import type { Store } from './store.ts';
import { signWaitingToken } from './waiting-token.ts';

export interface JoinDeskOptions {
  readonly served: ServedEvent;
  readonly store: Store;
  readonly keyring: Keyring;
  /** The worker process: its batches are numbered under this name. */
  readonly sender: string;
  readonly redis: RedisClient;
  readonly trace?: LineTracer;
}

export class JoinDesk {
  private readonly served: ServedEvent;
  private readonly keyring: Keyring;
  private readonly joiner: Joiner;

  constructor(options: JoinDeskOptions) {
    const { served, store, sender, redis } = options;
    this.served = served;
    this.keyring = options.keyring;
    // Numbers begin at 1 with each desk: without a name of its own its first batch could get an old one's reply.
    const name = `${sender}/${randomBytes(4).toString('hex')}`;
    this.joiner = new Joiner({
      send: (lane, batchNo, members) =>
        store.join(served.ref, { sender: `${name}/${lane}`, batchNo, dueMs: this.firstDueMs(), members }),
      given: (firstSeq, count) => served.told.joined(firstSeq, count, served.replica),
      processes: () => served.reporters,
      reachable: () => redis.status === 'ready',
      ...(options.trace === undefined ? {} : { trace: options.trace }),
    });
  }

  async join(ask: JoinRequest): Promise<JoinOutcome> {
    const refused = this.served.settings.challengeBits > 0 ? this.unproven(ask) : undefined;
    if (refused !== undefined) return refused;
    const member = this.memberOf(ask);
    const result = await this.joiner.join(member);
    switch (result.word) {
      case 'joined':
        return { ok: true, reply: this.reply(ask, member, result, result.position) };
      case 'same':
        if (!ask.caller.subject && (ask.idempotencyKey?.length ?? 0) < idempotencyKeyReplayCharsMin) {
          return refuse('DUPLICATE_REQUEST');
        }
        return {
          ok: true,
          isRepeat: true,
          reply: this.reply(ask, member, result, this.served.replica.position(result.seq)),
        };
      case 'duplicate':
        return this.duplicate(ask, member, result);
      case 'conflict':
        return refuse('IDEMPOTENCY_CONFLICT');
      default:
        return refusalOf(result, this.served.nowMs());
    }
  }

  /** Where nobody may join, that is said instead: no work would help. */
  private unproven(ask: JoinRequest): Refusal | undefined {
    const { served } = this;
    const nowMs = served.nowMs();
    const refused = unproven(served.challenge(nowMs), ask);
    if (refused === undefined) return undefined;
    const phase = served.phase(nowMs);
    if (phase === 'draining' || phase === 'closed') return refuse('QUEUE_CLOSED');
    if (phase !== 'scheduled') return refused;
    return refusalOf({ word: phase, opensAtMs: served.opensAtMs(nowMs) }, nowMs);
  }

  private memberOf({ eventId, userId, idempotencyKey, caller }: JoinRequest): JoinMember {
    const { secret } = this.served;
    const { subject } = caller;
    const person =
      subject !== undefined ? `sub:${subject}` : userId !== undefined ? `user:${userId}` : undefined;
    if (idempotencyKey === undefined) return person === undefined ? {} : { person: secret.digest(person) };
    const key =
      subject === undefined
        ? `idem:${idempotencyKey}`
        : `idem-of:${JSON.stringify([subject, idempotencyKey])}`;
    return {
      ...(person === undefined ? {} : { person: secret.digest(person) }),
      key: secret.digest(key),
      body: secret.digest(`body:${JSON.stringify([eventId, userId ?? null])}`).subarray(0, 4),
    };
  }

  private token(ask: JoinRequest, member: JoinMember, place: { seq: number; joinedMs: number }): string {
    const { id, life, settings } = this.served;
    return signWaitingToken(this.keyring, {
      event: id,
      life,
      epoch: settings.epoch,
      seq: place.seq,
      joinedMs: place.joinedMs,
      verified: ask.caller.subject !== undefined,
      ...(member.person ? { person: member.person } : {}),
    });
  }

  private reply(
    ask: JoinRequest,
    member: JoinMember,
    place: { seq: number; joinedMs: number },
    position: number,
  ): JoinReply {
    const { served } = this;
    const nowMs = served.nowMs();
    served.view(nowMs);
    const etaSec = served.eta.at(position, nowMs).etaSec;
    const opensAtMs = served.opensAtMs(nowMs);
    return {
      waiting_token: this.token(ask, member, place),
      reference: served.secret.reference(place.seq),
      position_hint: position,
      status: 'waiting',
      eta_sec: etaSec,
      poll_after_sec: pollAfterSec(etaSec),
      ...(opensAtMs > 0 ? { opens_at: new Date(opensAtMs).toISOString() } : {}),
    };
  }

  /** The token of the place that is held already goes only to the verified holder. */
  private duplicate(ask: JoinRequest, member: JoinMember, place: { seq: number; joinedMs: number }): Refusal {
    if (ask.caller.subject === undefined) return refuse('DUPLICATE_REQUEST');
    const body = {
      waiting_token: this.token(ask, member, place),
      reference: this.served.secret.reference(place.seq),
    };
    return refuse('DUPLICATE_REQUEST', { body });
  }

  /** Silence of somebody who joins now begins when their first poll is overdue, ms from now. */
  private firstDueMs(): number {
    const { served } = this;
    const nowMs = served.nowMs();
    served.view(nowMs);
    const etaSec = served.eta.at(served.replica.waiting.count + 1, nowMs).etaSec;
    const latestPollSec = Math.min(
      pollAfterSecMax * 1.2,
      pollAfterSec(etaSec, () => 1),
    );
    return dueAfterMs(served.settings.presenceMs, Math.max(latestPollSec, presenceSlackSec));
  }
}

/** Of a person, whatever place they ask with: one grant a subject. */
export const hasEntered = 'You have already entered this event.';

function refusalOf(result: Exclude<JoinResult, { seq: number }>, nowMs: number): Refusal {
  switch (result.word) {
    case 'scheduled': {
      const retryAfterSec = Math.max(1, Math.ceil((result.opensAtMs - nowMs) / 1000));
      const opensAt = new Date(result.opensAtMs).toISOString();
      return refuse('QUEUE_NOT_OPEN', { retryAfterSec, body: { opens_at: opensAt } });
    }
    case 'closed':
      return refuse('QUEUE_CLOSED');
    case 'entered':
      return refuse('ALREADY_ENTERED', { message: hasEntered });
    case 'full':
      return refuse('QUEUE_FULL', { retryAfterSec: 30 });
    case 'overloaded':
      return refuse('OVERLOADED', { retryAfterSec: 1 });
    default:
      return refuse('UNAVAILABLE', { retryAfterSec: 2 });
  }
}
