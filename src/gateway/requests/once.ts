/**
 * Requests that happen once, however often they are sent. A request is begun in the book, the backend is asked, and the
 * answer is kept if it is final; all that comes meanwhile or later with the same key meets what the book says.
 *
 * | the book says | the visitor gets |
 * |---|---|
 * | begun | the backend's answer |
 * | replay | the kept answer, with Idempotency-Replayed |
 * | in flight | 409 REQUEST_IN_FLIGHT |
 * | conflict | 409 IDEMPOTENCY_CONFLICT |
 * | used, run out | 403 PASS_REFUSED |
 * | nothing (Redis is away) | 503 UNAVAILABLE, and no backend is asked |
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { errorCatalogue, type Refusal, refuse } from '../../contract/errors.ts';
import { idempotencyKeptSec, keptAnswerBytesMax } from '../../contract/limits.ts';
import type { BackendOutcome } from '../backends/backends.ts';
import { type Answer, outcomeAnswer, refusalAnswer } from '../http/answer.ts';
import { inTime } from '../in-time.ts';
import type { idempotencyOutcomes, Meters } from '../metrics/meters.ts';
import { passRefusals } from './passes.ts';
import {
  type Begun,
  BookClosedError,
  type BookedRequest,
  type Ended,
  type RequestBook,
} from './request-book.ts';

export interface OnceRequest<T> extends Omit<BookedRequest, 'body' | 'owner'> {
  /** Who asks what: JSON values that are the same for the same request. */
  readonly asks: readonly unknown[];
  /** Longest time that the backend takes, ms. The request counts as under way for twice as long. */
  readonly callMs: number;
  /** HTTP status of a success. */
  readonly status: number;
  readonly traceId: string;
  call(): Promise<BackendOutcome<T>>;
}

export interface OnceOptions {
  readonly book: RequestBook;
  readonly meters: Meters;
  readonly log: Logger;
}

/** Runs a request once. */
export type Once = <T>(request: OnceRequest<T>) => Promise<Answer>;

const keptMs = idempotencyKeptSec * 1000;
const inFlightRetryAfterSec = 1;
const closedMessage = 'Nothing can be booked right now: send the same again, with the same Idempotency-Key.';

/** The answer waits so long for being kept, ms: Redis may have gone away meanwhile, and the visitor need not know. */
const keepWaitMs = 500;

export function createOnce({ book, meters, log }: OnceOptions): Once {
  return async (request) => {
    const { traceId, callMs } = request;
    const booked: BookedRequest = { ...request, body: canonical(request.asks), owner: randomUUID() };
    const startedMs = performance.now();
    const begun = await begin(booked, callMs);
    if (begun === undefined) return refusalAnswer(refuse('UNAVAILABLE', { message: closedMessage }), traceId);
    const outcome = meterOf[begun.word];
    if (outcome !== undefined) meters.idempotency[outcome] += 1;
    if (begun.word !== 'begun') return answerOf(begun, traceId);
    // Redis took so long that the call could outlast its mark, and meet a copy of itself.
    if (performance.now() - startedMs > callMs) {
      void end(booked, 'not final', traceId);
      return refusalAnswer(refuse('UNAVAILABLE', { message: closedMessage }), traceId);
    }
    return ask(booked, request);
  };

  async function begin(booked: BookedRequest, callMs: number): Promise<Begun | undefined> {
    try {
      return await book.begin(booked, { flightMs: 2 * callMs, boundMs: keptMs });
    } catch (error) {
      if (error instanceof BookClosedError) return undefined;
      throw error;
    }
  }

  async function ask<T>(booked: BookedRequest, { call, status, traceId }: OnceRequest<T>): Promise<Answer> {
    let ended: Ended = 'not final';
    try {
      const outcome = await call();
      const given = outcomeAnswer(status, outcome, traceId);
      if (isFinal(outcome) && Buffer.byteLength(given.body) <= keptAnswerBytesMax) {
        ended = { status: given.status, answer: given.body, keepMs: keptMs, passIsFree: !outcome.ok };
      }
      return given;
    } finally {
      await inTime(end(booked, ended, traceId), keepWaitMs, () => {});
    }
  }

  /** Never fails: without it the mark runs out, and the backend knows a repeat by its idempotency key. */
  async function end(booked: BookedRequest, ended: Ended, traceId: string): Promise<void> {
    try {
      const word = await book.end(booked, ended);
      if (word === 'lost') log.warn({ traceId }, 'a request took longer than it may be under way');
    } catch (error) {
      log.warn({ err: error, traceId }, 'the answer to a request could not be kept');
    }
  }
}

const meterOf: Readonly<Partial<Record<Begun['word'], (typeof idempotencyOutcomes)[number]>>> = {
  begun: 'new',
  replay: 'replayed',
  in_flight: 'in_flight',
  conflict: 'conflict',
};

function answerOf(begun: Begun, traceId: string): Answer {
  switch (begun.word) {
    case 'replay':
      return { status: begun.status, body: begun.answer, headers: ['idempotency-replayed', 'true'] };
    case 'in_flight':
      return refusalAnswer(refuse('REQUEST_IN_FLIGHT', { retryAfterSec: inFlightRetryAfterSec }), traceId);
    case 'used':
      return refusalAnswer(passRefusals.used, traceId);
    case 'run_out':
      return refusalAnswer(passRefusals.expired, traceId);
    default:
      return refusalAnswer(refuse('IDEMPOTENCY_CONFLICT'), traceId);
  }
}

/** Answers that say "not now" are none to keep, though their status is below 500. */
const passing: ReadonlySet<number> = new Set([408, 429]);

function isFinal(outcome: BackendOutcome<unknown> | Refusal): boolean {
  if (outcome.ok) return true;
  const { status } = errorCatalogue[outcome.code];
  return status < 500 && !passing.has(status);
}

/** JSON with the fields of each object in the order of their names. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
