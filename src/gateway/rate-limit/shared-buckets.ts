/** The buckets that all gateways share, in Redis. A key names nobody: it is a digest of scope and client. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { RedisClient } from '../../redis/client.ts';
import type { ScriptSet } from '../../redis/script-loader.ts';
import type { ChargeShared, Limit } from './rate-limiter.ts';

/** For the connection that the buckets are charged on. */
export const limitScripts = {
  charge_limit: { keys: ['limit'], args: ['used', 'ageUs', 'perSec', 'burst', 'debt', 'nowUs'] },
} as const satisfies ScriptSet;

const micro = 1e6;
/** Most that a bucket may owe, times its burst: 32 processes that let a fifth through each on an old reading. */
export const debtBursts = 8;

const replySchema = z.tuple([z.literal('charged'), z.string().transform(Number)]);

interface LimitClient {
  charge_limit(...values: (string | number)[]): Promise<unknown>;
}

/** Redis key of a client's bucket. */
export function limitKey(scope: string, client: string): string {
  const digest = createHash('sha256').update(`${scope} ${client}`).digest('base64url').slice(0, 22);
  return `tacos:{limit:${digest}}`;
}

/** Charges through a connection that was opened with `limitScripts`. */
export function chargeThrough(redis: RedisClient): ChargeShared {
  const client = redis as unknown as LimitClient;
  return async (limit: Limit, name: string, { count, ageMs }): Promise<number> => {
    const burst = Math.round(limit.burst * micro);
    const reply = await client.charge_limit(
      limitKey(limit.scope, name),
      count,
      Math.round(ageMs * 1000),
      Math.max(1, Math.round(limit.perSec * micro)),
      burst,
      burst * debtBursts,
      '',
    );
    return replySchema.parse(reply)[1] / micro;
  };
}
