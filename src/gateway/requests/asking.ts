/** What all requests to the backends have in common: who asks, with which key, for what, and how answers are made. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type Refusal, refuse } from '../../contract/errors.ts';
import type { Caller } from '../../queue/line-types.ts';
import { type Authenticator, isRefusal, signedIn } from '../auth/authenticator.ts';
import type { BackendOutcome, Backends } from '../backends/backends.ts';
import { type Answer, outcomeAnswer } from '../http/answer.ts';
import { badIdempotencyKey, isIdempotencyKey } from '../http/idempotency-key.ts';
import type { Once } from './once.ts';
import type { OwnerBook } from './owner-book.ts';
import { type PassRules, scopeOfUser } from './passes.ts';

/** What the operations stand on. */
export interface RequestServices {
  readonly authenticate: Authenticator;
  readonly backends: Backends;
  readonly once: Once;
  readonly passes: PassRules;
  readonly owners: OwnerBook;
}

/** A request for one reservation or payment. */
export interface IdRequest {
  /** From the path, decoded, as it came. */
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly traceId: string;
}

/** Whether a text can be the id of anything a backend gave out. */
export const isBackendId = (text: string): boolean => /^[\x21-\x7e]{1,128}$/.test(text);

/**
 * For whom a request is made that shows no pass. A development token that names no user acts for whoever `id` was made
 * for, where that was made with such a token too.
 */
export async function userOf(
  services: RequestServices,
  headers: IncomingHttpHeaders,
  id: string,
): Promise<NamedUser | Refusal> {
  const caller = await signedIn(services.authenticate, headers);
  return isRefusal(caller) ? caller : userOfCaller(services, caller, id);
}

/** Whom a request is made for; not `isNamed` = a development token acts for them. */
export interface NamedUser {
  readonly ok: true;
  readonly userId: string;
  readonly isNamed: boolean;
}

/** As `userOf`, for somebody who was asked for already: to authenticate counts, so it is done once a request. */
export async function userOfCaller(
  { owners }: RequestServices,
  caller: Caller,
  id: string,
): Promise<NamedUser | Refusal> {
  if (caller.subject !== undefined) return { ok: true, userId: caller.subject, isNamed: true };
  const owner = await owners.of(id);
  if (owner === undefined) return refuse('BAD_REQUEST', { message: unnamedMessage });
  return { ok: true, userId: owner, isNamed: false };
}

const unnamedMessage = 'X-User-Id is needed beside this token: it says whose this is.';

/** The request's Idempotency-Key; undefined where it has none. */
export function keyOf(headers: IncomingHttpHeaders): { readonly ok: true; readonly key?: string } | Refusal {
  const key = headers['idempotency-key'];
  if (key === undefined || key === '') return { ok: true };
  return isIdempotencyKey(key) ? { ok: true, key } : badIdempotencyKey;
}

/** As `keyOf`, for requests that need one. */
export function requiredKeyOf(
  headers: IncomingHttpHeaders,
): { readonly ok: true; readonly key: string } | Refusal {
  const found = keyOf(headers);
  if (!found.ok) return found;
  return found.key === undefined ? refuse('IDEMPOTENCY_REQUIRED') : { ok: true, key: found.key };
}

/** A change of something that exists. */
export interface ChangeRequest<T> {
  readonly userId: string;
  /** The visitor's; without one nothing is kept, and the backend gets a key that is the same for the same change. */
  readonly key: string | undefined;
  /** The operation, then what makes it the same: JSON values. */
  readonly asks: readonly [operation: string, ...rest: unknown[]];
  readonly callMs: number;
  readonly traceId: string;
  call(idempotencyKey: string): Promise<BackendOutcome<T>>;
}

/** Makes a change that people may send again: once with a key, else as often as it is sent. */
export async function change<T>(once: Once, request: ChangeRequest<T>): Promise<Answer> {
  const { userId, key, asks, callMs, traceId, call } = request;
  if (key === undefined) {
    return outcomeAnswer(200, await call(derivedKey([userId, ...asks])), traceId);
  }
  const scope = scopeOfUser(userId);
  return once({ scope, key, asks: [userId, ...asks], callMs, status: 200, traceId, call: () => call(key) });
}

/** A key that is the same whenever the same is asked. */
const derivedKey = (asks: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(asks)).digest('base64url');
