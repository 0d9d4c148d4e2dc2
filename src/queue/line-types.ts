/** What the HTTP layer and the line say to each other. The gateway knows only this; Redis stays behind it. */
import type { ErrorCode, Refusal } from '../contract/errors.ts';
import type { EnterReply, JoinReply, LeaveReply, StatusReply } from '../contract/visitor-api.ts';
import type { LineOperation } from './count-book.ts';

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
   * at the pace of poll_after_sec. Presence while subscribed. Returns the unsubscribe function; handed over = the visitor was
   * asked to come back to another gateway, so is no more silent than after a poll.
   */
  subscribe(
    waitingToken: string,
    push: (reply: StatusReply) => void,
  ): Outcome<Unsubscribe> | Promise<Outcome<Unsubscribe>>;
  /** True once the replicas of events with people waiting are loaded; stays true when Redis is lost later. */
  readonly ready: boolean;
  /** Named states of what the line depends on, for /readyz. */
  dependencies(): Record<string, { ok: boolean; detail: string }>;
  /** Figures for /metrics: name → value; counters only rise. */
  gauges(): LineGauges;
  /** What memory knows of one event beside its gauges; undefined for one that is not served here. */
  facts(eventId: string): EventFacts | undefined;
  /** Redis time, epoch ms: grants and what they give out are dated by it. This machine's own until Redis has answered. */
  nowMs(): number;
  /** Counts a refusal for the reports on an event; one that is not served here has none. */
  noteRefusal(eventId: string | undefined, operation: LineOperation, code: ErrorCode): void;
  /** Says goodbye to Redis (last presence report, lease given back) and disconnects. */
  close(): Promise<void>;
}

/** Figures of one event as its replica has them now. */
export interface EventFacts {
  /** Silence after which a place at this position is lost, s. */
  expireSec(position: number): number;
  /** People admitted in the last 60 s. */
  admittedLastMin(): number;
  /** Expected wait of whoever stands in the middle of the line, s; 0 while nobody waits. */
  medianWaitSec(): number;
}

export type Unsubscribe = (isHandedOver?: boolean) => void;

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
    /** What the brake would have it be; undefined in processes that do not decide. */
    brakeWanted?: number | undefined;
    /** Open or draining, and not paused. */
    admits: boolean;
    refillPerSec: number;
    /** Share of the refill that the adaptive brake lets through, 0 to 1. */
    brakeRatio: number;
    capacity: number;
    window: number;
    /** When a refill or capacity that was set for a time ends, Redis ms; null = none is limited. */
    changeEndsAtMs: number | null;
  }[];
  readonly redisCommands: Readonly<Record<string, number>>;
}
