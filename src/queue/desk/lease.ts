/** One of all admin processes does a piece of work: it holds a key of Redis that expires unless it renews it. */
import { randomBytes } from 'node:crypto';
import type { RedisClient } from '../../redis/client.ts';

/** How long a lease lasts, ms: whoever holds one renews it about every second. */
export const leaseMs = 3_000;

export class Lease {
  private readonly redis: RedisClient;
  private readonly key: string;
  private readonly name = randomBytes(6).toString('base64url');

  constructor(redis: RedisClient, key: string) {
    this.redis = redis;
    this.key = key;
  }

  /** Takes it, or renews it; false while another process has it. @throws when Redis cannot be reached */
  async hold(): Promise<boolean> {
    const taken = await this.redis.set(this.key, this.name, 'PX', leaseMs, 'NX');
    if (taken === 'OK') return true;
    if ((await this.redis.get(this.key)) !== this.name) return false;
    await this.redis.pexpire(this.key, leaseMs);
    return true;
  }

  /** Lets another process take it at once. */
  async release(): Promise<void> {
    try {
      if ((await this.redis.get(this.key)) === this.name) await this.redis.del(this.key);
    } catch {
      // It ends by itself.
    }
  }
}
