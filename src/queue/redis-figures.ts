/** How busy Redis is, from INFO: figures need two readings, so the first answer has none. */
import type { RedisClient } from '../redis/client.ts';

export interface RedisFigures {
  /** Of one core, since the reading before. */
  readonly cpuPercent: number | null;
  readonly opsPerSec: number | null;
  readonly usedMemoryBytes: number | null;
}

export const noFigures: RedisFigures = { cpuPercent: null, opsPerSec: null, usedMemoryBytes: null };

export class RedisFigureReader {
  private readonly redis: RedisClient;
  private last: { cpuSec: number; atMs: number } | undefined;

  constructor(redis: RedisClient) {
    this.redis = redis;
  }

  async read(): Promise<RedisFigures> {
    const info = await this.redis.info();
    const atMs = performance.now();
    const field = (name: string): number =>
      Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? Number.NaN);
    const cpuSec = field('used_cpu_sys') + field('used_cpu_user');
    const { last } = this;
    this.last = { cpuSec, atMs };
    const cpuPercent = last ? ((cpuSec - last.cpuSec) / (atMs - last.atMs)) * 100_000 : null;
    return {
      cpuPercent: cpuPercent === null || cpuPercent < 0 ? null : Math.round(cpuPercent * 10) / 10,
      opsPerSec: field('instantaneous_ops_per_sec'),
      usedMemoryBytes: field('used_memory'),
    };
  }
}
