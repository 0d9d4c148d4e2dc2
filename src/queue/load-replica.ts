/** A replica as of now: the keys, and the journal from the entry on that was the last when the load began. */
import type { RedisClient } from '../redis/client.ts';
import type { Followed } from './followed.ts';
import { applyAll, type XreadReply } from './journal-reply.ts';
import { hasLost } from './knowledge.ts';
import { Replica } from './replica.ts';
import { loadEvent } from './replica-loader.ts';

/** Entries in one reply of the journal. */
export const readCount = 1_000;

/** Undefined where there is no such event. @throws when it cannot be read, or the journal was cut meanwhile */
export async function loadReplica(redis: RedisClient, followed: Followed): Promise<Replica | undefined> {
  const loaded = await loadEvent(redis, followed.keys);
  if (!loaded) return undefined;
  const replica = new Replica(followed.event, loaded, followed.replica);
  const target = Number(loaded.meta.n);
  while (replica.n < target) {
    const from = `${replica.n}-0`;
    const { journal } = followed.keys;
    const reply = (await redis.xread('COUNT', readCount, 'STREAMS', journal, from)) as XreadReply;
    const applied = applyAll(replica, reply, followed.clock.nowMs());
    if (!applied.complete || applied.count === 0) throw new Error('the journal was cut while loading');
  }
  return replica;
}

/** Whether a followed event has not been recovered yet under the run that answers: asked before it is read whole. */
export async function isOfOtherRun(
  redis: RedisClient,
  followed: Followed,
  runId: string | undefined,
): Promise<boolean> {
  const known = followed.replica?.settings.run ?? '';
  if (known === '' || runId === undefined || known === runId) return false;
  const run = await redis.hget(followed.keys.meta, 'run');
  return run !== null && run !== '' && run !== runId;
}

/**
 * Whether Redis lacks something that the followed replica knows, or may lack it, by what was read of the run `runId`
 * (undefined = there is no such event, though nobody deleted it). @throws when it cannot be read
 */
export async function isBehind(
  redis: RedisClient,
  followed: Followed,
  read: { readonly replica: Replica | undefined; readonly runId: string | undefined },
): Promise<boolean> {
  const known = followed.replica;
  if (known === undefined) return false;
  if (read.replica !== undefined) return hasLost(known, read.replica, read.runId);
  if (known.settings.run === '') return false;
  const [meta, mark] =
    (await redis.multi().exists(followed.keys.meta).exists(followed.keys.mark).exec()) ?? [];
  // Made again by another gateway in this very moment: it is read again.
  return meta?.[1] !== 0 || mark?.[1] === 0;
}
