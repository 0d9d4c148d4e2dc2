import {
  type ChallengeReply,
  challengeReplySchema,
  enterReplySchema,
  type JoinReply,
  joinReplySchema,
  type Notice,
} from '../contract/visitor-api.ts';

/** A place as one join answer shows it; without the reply when it was there already. */
export interface PlaceSeen {
  readonly token: string;
  readonly reply?: JoinReply;
}

/** What a poll told, as far as a visitor acts on it. */
export interface StatusSeen {
  readonly status: string;
  readonly position: number;
  readonly eta_sec: number;
  readonly confidence: number;
  readonly ready_for_entry: boolean;
  readonly poll_after_sec: number;
  readonly notices?: readonly Notice[];
  readonly restorable_until?: string;
}

/** What an error body says; every field may be missing. */
export interface ErrorSeen {
  readonly code: string | undefined;
  /** Why an enter was denied. */
  readonly reason: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly waitingToken: string | undefined;
}

/** A 202 to a join, or undefined when it is not one. */
export function readJoin(body: string): JoinReply | undefined {
  const parsed = joinReplySchema.safeParse(parse(body));
  return parsed.success ? parsed.data : undefined;
}

/** The proof of work that a refused join asks for, or undefined. */
export function readChallenge(body: string): ChallengeReply | undefined {
  const parsed = challengeReplySchema.safeParse(fields(parse(body)).challenge);
  return parsed.success ? parsed.data : undefined;
}

/** The reservation token of a granted enter, or undefined. */
export function readGrant(body: string): string | undefined {
  const parsed = enterReplySchema.safeParse(parse(body));
  return parsed.success ? parsed.data.reservation_token : undefined;
}

/** A status answer, or undefined when it is not one. By hand, as a schema would cost several times the parsing. */
export function readStatus(body: string): StatusSeen | undefined {
  const seen = parse(body) as Partial<StatusSeen> | null | undefined;
  const isStatus =
    typeof seen === 'object' &&
    seen !== null &&
    typeof seen.status === 'string' &&
    typeof seen.position === 'number' &&
    typeof seen.ready_for_entry === 'boolean' &&
    typeof seen.poll_after_sec === 'number' &&
    seen.poll_after_sec > 0;
  return isStatus ? (seen as StatusSeen) : undefined;
}

/** What an error answer says. */
export function readError(body: string): ErrorSeen {
  const top = fields(parse(body));
  const error = fields(top.error);
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const retryAfterSec = top.retry_after_sec;
  return {
    code: text(error.code),
    reason: text(top.reason),
    retryAfterMs: typeof retryAfterSec === 'number' && retryAfterSec >= 0 ? retryAfterSec * 1000 : undefined,
    waitingToken: text(top.waiting_token),
  };
}

/** Whether one of the notices says why a position may rise: someone came back, or was put back, in front. */
export function isRiseExplained(notices: readonly Notice[] | undefined): boolean {
  return notices?.some(({ code }) => /return|restor|recover/.test(code)) === true;
}

/** Whether an expired place may still be given back by the operators: then the visitor goes on asking. */
export function isRestorable({ restorable_until }: StatusSeen): boolean {
  return restorable_until !== undefined && Date.parse(restorable_until) > Date.now();
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
