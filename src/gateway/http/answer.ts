/** An answer before it meets a socket, so that the thin path and Fastify send the same. */
import { errorBody, errorCatalogue, type Refusal } from '../../contract/errors.ts';
import type { Outcome } from '../../queue/line-types.ts';

export interface Answer {
  readonly status: number;
  /** JSON text. */
  readonly body: string;
  /** Further headers: name, value, name, value. */
  readonly headers: readonly string[];
  /** Refused for overload: nothing that comes on this connection within so many s needs to be read. */
  readonly restSec?: number;
}

export const jsonType = 'application/json; charset=utf-8';

/** Headers of every answer of the API: hints are fresh for one visitor only, and JSON is never anything else. */
export const fixedHeaders = ['cache-control', 'no-store', 'x-content-type-options', 'nosniff'] as const;

/** Where a refusal names no time of its own, s. */
const retryAfterSecDefault = 2;

const noHeaders: readonly string[] = [];

/** A JSON answer. */
export const answer = (status: number, body: string): Answer => ({ status, body, headers: noHeaders });

/** When to ask again after a refusal, whole s; undefined where asking again changes nothing. */
export function retryAfterSecOf({ code, retryAfterSec }: Refusal): number | undefined {
  const { status } = errorCatalogue[code];
  const mustWait = status === 429 || status === 503;
  if (retryAfterSec === undefined && !mustWait) return undefined;
  return Math.max(1, Math.ceil(retryAfterSec ?? retryAfterSecDefault));
}

/** The answer to a refusal: catalogue status, error body, Retry-After where it belongs. */
export function refusalAnswer(refusal: Refusal, traceId: string): Answer {
  const { status } = errorCatalogue[refusal.code];
  const headers: string[] = [];
  const seconds = retryAfterSecOf(refusal);
  if (seconds !== undefined) headers.push('retry-after', String(seconds));
  if (status === 401) headers.push('www-authenticate', 'Bearer');
  const body = JSON.stringify(errorBody(refusal, traceId));
  if (refusal.code !== 'OVERLOADED' || seconds === undefined) return { status, body, headers };
  return { status, body, headers, restSec: seconds };
}

/** The answer to what became of a request: `status` and the reply, or the refusal. */
export const outcomeAnswer = (status: number, outcome: Outcome<unknown>, traceId: string): Answer =>
  outcome.ok ? answer(status, JSON.stringify(outcome.reply)) : refusalAnswer(outcome, traceId);
