/**
 * Keys and scripts of requests that must happen once: one record for each idempotency key, one mark for each pass. All
 * of one person share a hash tag, so that a record and a pass are in one slot.
 */
import { createHash } from 'node:crypto';
import type { RedisClient } from '../../redis/client.ts';

export const requestScripts = {
  begin_request: {
    keys: ['record', 'pass'],
    args: ['key', 'body', 'owner', 'flightMs', 'boundMs', 'isOver'],
  },
  end_request: {
    keys: ['record', 'pass'],
    args: ['key', 'owner', 'status', 'answer', 'keepMs', 'gaveBack'],
  },
} as const;

export type RequestScriptName = keyof typeof requestScripts;

/** What one idempotent request touches in Redis. */
export interface RequestKeys {
  readonly record: string;
  readonly pass: string;
}

/** Bytes of a digest: enough that nobody finds two texts with the same one. */
const digestBytes = 18;

/** What stands for a text in Redis, where neither people's ids nor their keys are to be read. 24 characters. */
export const digestOf = (text: string): string =>
  createHash('sha256').update(text).digest().subarray(0, digestBytes).toString('base64url');

/**
 * The keys of a request.
 *
 * @param request.scope whose keys they are, such as `user alice`
 * @param request.key the Idempotency-Key
 * @param request.passId the pass it uses; none = its pass key is touched by no script
 */
export function requestKeys(request: {
  readonly scope: string;
  readonly key: string;
  readonly passId?: string;
}): RequestKeys {
  const tag = `tacos:{u:${digestOf(request.scope)}}`;
  return { record: `${tag}:idem:${digestOf(request.key)}`, pass: `${tag}:pass:${request.passId ?? ''}` };
}

type Methods = Record<RequestScriptName, (...values: (string | number)[]) => Promise<unknown>>;

/** Runs one of them. The connection must have been opened with `requestScripts`. The reply is to be decoded. */
export function runRequestScript<S extends RequestScriptName>(
  redis: RedisClient,
  name: S,
  keys: RequestKeys,
  args: Readonly<Record<(typeof requestScripts)[S]['args'][number], string | number>>,
): Promise<unknown> {
  const shape = requestScripts[name];
  const named: Readonly<Record<string, string | number>> = args;
  const values: (string | number)[] = shape.keys.map((key) => keys[key]);
  for (const arg of shape.args) values.push(named[arg] ?? '');
  return (redis as unknown as Methods)[name](...values);
}
