/** What a sale of a size comes up against: each bound, how full it is, and what to do. */
import { redisCpuLimitsPercent, redisMemoryLimitsPercent } from '../contract/alarms-of-servers.ts';
import type { Capacity, CapacityLimit } from '../contract/capacity.ts';
import { burstSecDefault, refillPerSecMax } from '../contract/limits.ts';

/** Redis does one thing at a time: the alarm is critical at this share of its core. */
const redisCoreMax = redisCpuLimitsPercent.crit / 100;
/** Share of maxmemory at which the alarm is critical. */
const redisMemoryMax = redisMemoryLimitsPercent.crit / 100;
/** Bits a second that a Redis node of a usual size sends all the time. */
const redisBitPerSecMax = 5e9;

/** The bounds, fullest first; `use` 1 = full. */
export function limitsOf(
  { given, gateway, redis, network }: Pick<Capacity, 'given' | 'gateway' | 'redis' | 'network'>,
  { podsMax, redisNodeBytes }: { readonly podsMax: number; readonly redisNodeBytes: number },
): CapacityLimit[] {
  const { events, joinPerSec, admitPerSec } = given;
  const perEvent = (perSec: number): string => Math.round(perSec / events).toLocaleString('en-US');
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  const limits: CapacityLimit[] = [
    {
      limit: 'redis-core',
      use: redis.cores / redis.masters / redisCoreMax,
      text: `${percent(redis.cores / redis.masters)} of the one core that a Redis node uses, ${percent(redis.eventCores)} an event: ${perEvent(joinPerSec)} joins/s of it and ${gateway.pods} pods that follow it`,
      next: 'open earlier for a pre-queue, so that people come over minutes; or split the sale into events',
    },
    {
      limit: 'hpa-max',
      use: gateway.pods / podsMax,
      text: `${gateway.pods} gateway pods of ${podsMax} at most`,
      next: "raise the HPA's max, or take larger pods; they must stand before the sale: none starts within the rush",
    },
    {
      limit: 'redis-memory',
      use: redis.bytes / redis.masters / (redisMemoryMax * redisNodeBytes),
      text: `${(redis.bytes / redis.masters / 1e6).toFixed(0)} MB of ${(redisNodeBytes / 1e6).toFixed(0)} MB a node`,
      next: 'take a larger node',
    },
    {
      limit: 'redis-network',
      use: network.redisOutBitPerSec / redis.masters / redisBitPerSecMax,
      text: `${(network.redisOutBitPerSec / redis.masters / 1e6).toFixed(0)} Mbit/s of journal to the gateways`,
      next: 'fewer, busier gateway processes',
    },
    {
      limit: 'refill',
      use: admitPerSec / events / refillPerSecMax,
      text: `${perEvent(admitPerSec)} admissions/s of ${refillPerSecMax.toLocaleString('en-US')} that an event may be set to; capacity and window follow with ${burstSecDefault} s of it`,
      next: 'split the sale into events',
    },
  ];
  return limits.sort((a, b) => b.use - a.use);
}
