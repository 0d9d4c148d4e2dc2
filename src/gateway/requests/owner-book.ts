/**
 * Whom a development token that names no user acts for: it reserves for whoever entered, and later requests show no
 * pass. So what it made is noted with its owner, for an hour. Such tokens do not exist in production.
 */
import { TacosError } from '../../contract/errors.ts';
import type { RedisClient } from '../../redis/client.ts';
import { digestOf } from './request-scripts.ts';

const keptSec = 3_600;
const keyOf = (id: string): string => `tacos:{dev}:owner:${digestOf(id)}`;

export class OwnerBook {
  private readonly redis: RedisClient;

  constructor(redis: RedisClient) {
    this.redis = redis;
  }

  /** Notes whose a reservation or payment is. Not noting it costs a developer one more header. */
  async note(id: string, userId: string): Promise<void> {
    await this.redis.set(keyOf(id), userId, 'EX', keptSec).catch(() => {});
  }

  /** Whose it is; undefined where that was not noted. @throws TacosError UNAVAILABLE while Redis is away */
  async of(id: string): Promise<string | undefined> {
    try {
      return (await this.redis.get(keyOf(id))) ?? undefined;
    } catch {
      throw new TacosError('UNAVAILABLE', { message: 'Redis cannot be reached right now.' });
    }
  }
}
