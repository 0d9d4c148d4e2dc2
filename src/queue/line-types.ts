/** What the HTTP layer and the line say to each other. The gateway knows only this; Redis stays behind it. */
import type { Refusal } from '../contract/errors.ts';
import type { EnterReply, JoinReply, LeaveReply, StatusReply } from '../contract/visitor-api.ts';

/** Who asks, as the auth plugin found out. */
export interface Caller {
  /** Verified subject of a JWT or dev token; undefined = anonymous. */
  readonly subject?: string;
  /** A token was shown and accepted, though it may name no subject (dev tokens). */
  readonly authenticated?: boolean;
}

export interface JoinRequest {
  readonly eventId: string;
  /** Claimed and unverified. Ignored where the caller has a subject. */
  readonly userId?: string;
  readonly idempotencyKey?: string;
  readonly caller: Caller;
}

export type Outcome<T> = { readonly ok: true; readonly reply: T } | Refusal;

/** The line of all events, as one gateway process serves it. */
export interface Line {
  /** Batches with the joins around it. Resolves within `redisCommandMs` + 200 ms in any case. */
  join(request: JoinRequest): Promise<Outcome<JoinReply>>;
  /** From memory and without a promise, unless the event's replica is not loaded yet. Counts as a heartbeat. */
  status(waitingToken: string): Outcome<StatusReply> | Promise<Outcome<StatusReply>>;
  enter(waitingToken: string, caller: Caller): Promise<Outcome<EnterReply>>;
  leave(waitingToken: string): Promise<Outcome<LeaveReply>>;
  /**
   * Push: calls `push` with a status at once, then whenever status, readiness, pause, phase or message changes and
   * at the pace of poll_after_sec. Presence while subscribed. Returns the unsubscribe function.
   */
  subscribe(
    waitingToken: string,
    push: (reply: StatusReply) => void,
  ): Outcome<() => void> | Promise<Outcome<() => void>>;
  /** True once the replicas of events with people waiting are loaded; stays true when Redis is lost later. */
  readonly ready: boolean;
  /** Named states of what the line depends on, for /readyz. */
  dependencies(): Record<string, { ok: boolean; detail: string }>;
  /** Figures for /metrics: name → value; counters only rise. */
  gauges(): LineGauges;
  /** Says goodbye to Redis (last presence report, lease given back) and disconnects. */
  close(): Promise<void>;
}

export interface LineGauges {
  readonly events: readonly {
    event: string;
    waiting: number;
    away: number;
    tokens: number;
    revision: number;
    lagMs: number;
    admitted: number;
    joined: number;
    etaErrorRatio: number;
  }[];
  readonly redisCommands: Readonly<Record<string, number>>;
}
