/** A provider's keys in Redis, for all gateways: one that starts while the provider is down takes them from there. */
import { createHash } from 'node:crypto';
import type { JWK } from 'jose';
import { z } from 'zod';

import { type RedisClient, whenReady } from '../../redis/client.ts';
import { usableKeys } from './key-set.ts';

export interface SharedKeys {
  readonly keys: readonly JWK[];
  /** When they were read from the provider, epoch ms. */
  readonly readMs: number;
}

export interface KeyShare {
  /** Undefined = none are there. @throws Error when Redis does not answer */
  read(): Promise<SharedKeys | undefined>;
  /** @throws Error when Redis does not answer */
  write(shared: SharedKeys): Promise<void>;
}

/** A process that has just started waits so long for its connection, ms. */
const connectMs = 500;

/** Kept far longer than they are fresh: a provider may be away for days, s. */
const keptSec = 7 * 86_400;

const sharedSchema = z.object({ v: z.literal(1), readMs: z.number().int(), keys: z.array(z.unknown()) });

export function createKeyShare(redis: RedisClient, endpoint: string): KeyShare {
  const name = createHash('sha256').update(endpoint).digest('hex').slice(0, 32);
  const key = `tacos:jwks:{${name}}`;
  return {
    async read() {
      await whenReady(redis, connectMs);
      const text = await redis.get(key);
      if (text === null) return undefined;
      const parsed = sharedSchema.safeParse(JSON.parse(text));
      // Written by a version that knows more.
      if (!parsed.success) return undefined;
      const keys = await usableKeys(parsed.data);
      return keys.length === 0 ? undefined : { keys, readMs: parsed.data.readMs };
    },
    async write({ keys, readMs }) {
      await redis.set(key, JSON.stringify({ v: 1, readMs, keys }), 'EX', keptSec);
    },
  };
}
