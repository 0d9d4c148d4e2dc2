/** What a sale's check wants to know of Redis: what it does when it is full, and how its replicas follow. */
import type { RedisClient } from '../../redis/client.ts';
import { mastersOf } from '../../redis/nodes.ts';
import type { ReplicationFacts } from './sale-check.ts';

/** Asks every master. @throws when one cannot be reached */
export const replicationOf = (redis: RedisClient): Promise<ReplicationFacts[]> =>
  Promise.all(
    [...mastersOf(redis).values()].map(async (node) =>
      parseReplication(`${await node.info('memory')}\n${await node.info('replication')}`),
    ),
  );

/** Reads INFO memory and replication. */
export function parseReplication(info: string): ReplicationFacts {
  const text = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const written = Number(text('master_repl_offset') ?? 0);
  const replicas = [...info.matchAll(/^slave\d+:(.*?)\r?$/gm)].map(([, line = '']) => {
    const field = (name: string): string => new RegExp(`\\b${name}=([^,]*)`).exec(line)?.[1] ?? '';
    return {
      online: field('state') === 'online',
      lagSec: Number(field('lag') || Number.POSITIVE_INFINITY),
      behindBytes: Math.max(0, written - Number(field('offset') || 0)),
    };
  });
  return { policy: text('maxmemory_policy') ?? null, replicas };
}
