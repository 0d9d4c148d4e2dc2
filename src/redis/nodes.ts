/** Which server answers for a key: the one there is, or of a cluster the master of the key's slot. */
import { type ChainableCommander, type Cluster, Command } from 'ioredis';
import type { RedisClient } from './client.ts';
import { runIdOf } from './run-ids.ts';

/** A reply of a pipeline: its error, or what it answered. */
export type PipelineReply = [error: Error | null, value: unknown];

/** The cluster behind a connection; undefined = it leads to one server. */
function clusterOf(redis: RedisClient): Cluster | undefined {
  const maybe: unknown = redis;
  return (maybe as { isCluster?: boolean }).isCluster === true ? (maybe as Cluster) : undefined;
}

/** Whether several servers are behind this connection. */
export const isCluster = (redis: RedisClient): boolean => clusterOf(redis) !== undefined;

/** Slot of a key, 0 to 16383: keys with the same {hash tag} share one. */
export const slotOf = (key: string): number => new Command('get', [key]).getSlot() ?? 0;

/** The masters by address: of a cluster client all of them, else the one server under the name ''. */
export function mastersOf(redis: RedisClient): Map<string, RedisClient> {
  const cluster = clusterOf(redis);
  if (cluster === undefined) return new Map([['', redis]]);
  return new Map(cluster.nodes('master').map((node) => [addressOf(node), node]));
}

const addressOf = ({ options: { host, port } }: RedisClient): string => `${host ?? ''}:${port ?? ''}`;

/**
 * The connection that leads to the server of a slot; undefined = it is not known, or just lost. Of a cluster it is
 * another object after every reconnection, and after another master took over.
 */
export function serverOf(redis: RedisClient, slot: number): RedisClient | undefined {
  const cluster = clusterOf(redis);
  if (cluster === undefined) return redis;
  const address = cluster.slots[slot]?.[0];
  return cluster.nodes('master').find((node) => addressOf(node) === address);
}

/** Whether the server that answers for a key is connected. */
export const isReachable = (redis: RedisClient, key: string): boolean =>
  redis.status === 'ready' && (!isCluster(redis) || serverOf(redis, slotOf(key))?.status === 'ready');

/** Run id of the server that a slot's commands go to now; undefined = it is not connected. Cheap. */
export function runIdAt(redis: RedisClient, slot: number): string | undefined {
  const cluster = clusterOf(redis);
  if (cluster === undefined) return runIdOf(redis);
  const pool = (
    cluster as unknown as { connectionPool: { getInstanceByKey(key: string): RedisClient | undefined } }
  ).connectionPool;
  const server = pool.getInstanceByKey(cluster.slots[slot]?.[0] ?? '');
  const runId = server && runIdOf(server);
  // A server of a cluster is connected to when the first command is sent: whoever waits for its run id sends none.
  if (runId === undefined) connectTo(cluster, server);
  return runId;
}

function connectTo(cluster: Cluster, server: RedisClient | undefined): void {
  if (server === undefined) cluster.refreshSlotsCache(() => {});
  else if (server.status === 'wait') server.connect().catch(() => {});
}

/** Asks a cluster anew who answers for what. It does so by itself when a server sends it elsewhere. */
export function relearn(redis: RedisClient): void {
  clusterOf(redis)?.refreshSlotsCache(() => {});
}

/** TIME of the server that answers for a key, µs. @throws when it cannot be reached */
export async function timeOf(redis: RedisClient, key: string): Promise<number> {
  const [seconds, micros] = await (serverOf(redis, isCluster(redis) ? slotOf(key) : 0) ?? redis).time();
  return Number(seconds) * 1e6 + Number(micros);
}

/**
 * Asks the same of many events in one pipeline a server. `ask` puts an event's commands on the pipeline, as many for
 * each event; all of them on keys of `keyOf`'s slot. Replies stand by event, in the order of `events`. Where a whole
 * pipeline fails, its error stands for each of its events' replies.
 */
export async function askEach<T>(
  redis: RedisClient,
  events: readonly T[],
  how: { keyOf(event: T): string; ask(pipeline: ChainableCommander, event: T): void },
): Promise<PipelineReply[][]> {
  const cluster = clusterOf(redis);
  const replies: PipelineReply[][] = [];
  const groups = cluster === undefined ? [[...events.keys()]] : byMaster(cluster, events, how.keyOf);
  await Promise.all(
    groups.map(async (indexes) => {
      if (indexes.length === 0) return;
      const pipeline = redis.pipeline();
      for (const index of indexes) how.ask(pipeline, events[index] as T);
      const perEvent = pipeline.length / indexes.length;
      const flat = await answersOf(pipeline, cluster !== undefined);
      for (const [at, index] of indexes.entries())
        replies[index] = flat.slice(at * perEvent, (at + 1) * perEvent);
    }),
  );
  return replies;
}

/** A pipeline that is refused as a whole says so in each reply, lest one master hide what the others answered. */
async function answersOf(pipeline: ChainableCommander, isOneOfSeveral: boolean): Promise<PipelineReply[]> {
  const { length } = pipeline;
  try {
    return ((await pipeline.exec()) ?? []) as PipelineReply[];
  } catch (error) {
    if (!isOneOfSeveral) throw error;
    return Array.from({ length }, (): PipelineReply => [error as Error, undefined]);
  }
}

/** Indexes of events that one pipeline may ask for: the client takes only slots with the same servers into one. */
function byMaster<T>(cluster: Cluster, events: readonly T[], keyOf: (event: T) => string): number[][] {
  const groups = new Map<string, number[]>();
  for (const [index, event] of events.entries()) {
    const servers = cluster.slots[slotOf(keyOf(event))]?.join() ?? '';
    const group = groups.get(servers);
    if (group) group.push(index);
    else groups.set(servers, [index]);
  }
  return [...groups.values()];
}
