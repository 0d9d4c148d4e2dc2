/** The users who registered here: what is kept of them, and where. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { RedisClient } from '../../redis/client.ts';

export interface User {
  /** Random, for ever; the subject of tokens is `user:<id>`. */
  readonly id: string;
  /** As `Passwords.hash` gives it. */
  readonly password: string;
  /** Epoch ms. */
  readonly createdMs: number;
}

/** Users by the key of their name. Both reject when the store does not answer. */
export interface UserStore {
  find(nameKey: string): Promise<User | undefined>;
  /** In one step: false = the name is taken, and nothing has changed. */
  create(nameKey: string, user: User): Promise<boolean>;
}

/** What a user name is kept under: the name itself is stored nowhere. 64 hex digits. */
export const nameKeyOf = (username: string): string =>
  createHash('sha256').update(username.normalize('NFC')).digest('hex');

const storedSchema = z.object({
  v: z.literal(1),
  id: z.string().min(1),
  password: z.string(),
  createdMs: z.number(),
});

/** Users in Redis, one string a user. */
export function createRedisUsers(redis: RedisClient): UserStore {
  const keyOf = (nameKey: string): string => `tacos:user:{${nameKey}}`;
  return {
    async find(nameKey) {
      const text = await redis.get(keyOf(nameKey));
      if (text === null) return undefined;
      const { id, password, createdMs } = storedSchema.parse(JSON.parse(text));
      return { id, password, createdMs };
    },
    async create(nameKey, user) {
      return (await redis.set(keyOf(nameKey), JSON.stringify({ v: 1, ...user }), 'NX')) === 'OK';
    },
  };
}
