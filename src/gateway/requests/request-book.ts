/**
 * The book of requests that must happen once, as typed calls on lua/begin_request.lua and lua/end_request.lua. What the
 * scripts answer is decoded here; an answer that their headers do not name is a bug and throws.
 */
import { z } from 'zod';
import type { RedisClient } from '../../redis/client.ts';
import { digestOf, requestKeys, runRequestScript } from './request-scripts.ts';

/** A request that must happen once. */
export interface BookedRequest {
  /** Whose Idempotency-Keys they are, such as `user alice`. */
  readonly scope: string;
  /** The Idempotency-Key. */
  readonly key: string;
  /** Who asks what, as one text: the same text is the same request. */
  readonly body: string;
  /** Unique for this attempt. */
  readonly owner: string;
  /** The pass that it uses up. */
  readonly pass?: { readonly id: string /** The pass's time is over. */; readonly isOver: boolean };
}

const beginReply = z.union([
  z.tuple([z.enum(['begun', 'in_flight', 'conflict', 'used', 'run_out'])]),
  z.tuple([z.literal('replay'), z.number().int().min(200).max(599), z.string()]),
]);
const endReply = z.tuple([z.enum(['kept', 'freed', 'lost'])]);

export type Begun =
  | { readonly word: 'begun' | 'in_flight' | 'conflict' | 'used' | 'run_out' }
  | { readonly word: 'replay'; readonly status: number; readonly answer: string };

/** How an attempt ended: with an answer to be kept, or with nothing that is final. */
export type Ended =
  | {
      readonly status: number;
      readonly answer: string;
      readonly keepMs: number;
      /** The backend said no for good: its pass may be used by another request. */
      readonly passIsFree: boolean;
    }
  | 'not final';

/** Redis did not answer, or refused; whether the script ran is not known. */
export class BookClosedError extends Error {
  constructor(cause: unknown) {
    super('Redis did not run a script of the request book', { cause });
    this.name = 'BookClosedError';
  }
}

export class RequestBook {
  private readonly redis: RedisClient;

  /** @param redis a connection opened with `requestScripts` */
  constructor(redis: RedisClient) {
    this.redis = redis;
  }

  /**
   * Begins a request, at most one of all that share a key at a time. `boundMs` = how long a pass stays bound to the
   * first key that used it. @throws BookClosedError when Redis does not answer within 1.5 s
   */
  async begin(request: BookedRequest, limits: { flightMs: number; boundMs: number }): Promise<Begun> {
    const { key, body, owner, pass } = request;
    const args = {
      key: digestOf(key),
      body: digestOf(body),
      owner,
      flightMs: limits.flightMs,
      boundMs: pass === undefined ? 0 : limits.boundMs,
      isOver: pass?.isOver ? 1 : 0,
    };
    const reply = await runRequestScript(this.redis, 'begin_request', keysOf(request), args).catch(closed);
    const [word, status, answer] = beginReply.parse(reply);
    return word === 'replay' ? { word, status, answer } : { word };
  }

  /** Ends an attempt; `lost` = it had taken too long, and nothing was changed. @throws BookClosedError as `begin` */
  async end(request: BookedRequest, ended: Ended): Promise<'kept' | 'freed' | 'lost'> {
    const { key, owner } = request;
    const how =
      ended === 'not final'
        ? { status: 0, answer: '', keepMs: 0, gaveBack: 0 }
        : { ...ended, gaveBack: ended.passIsFree ? 1 : 0 };
    const { status, answer, keepMs, gaveBack } = how;
    const args = { key: digestOf(key), owner, status, answer, keepMs, gaveBack };
    const reply = await runRequestScript(this.redis, 'end_request', keysOf(request), args).catch(closed);
    return endReply.parse(reply)[0];
  }
}

const keysOf = ({ scope, key, pass }: BookedRequest) =>
  requestKeys({ scope, key, ...(pass === undefined ? {} : { passId: pass.id }) });

function closed(cause: unknown): never {
  throw new BookClosedError(cause);
}
