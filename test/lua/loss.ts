/** Redis that loses its last writes of an event, or all of them, in the test's hand. */
import { RecoveryStore } from '../../src/queue/recovery-store.ts';
import type { EventRef } from '../../src/queue/store.ts';
import type { RedisClient } from '../../src/redis/client.ts';
import { at } from './line.ts';

/** Runs `act` and then sets every key of the event back to what it was before. */
export async function forgetting<T>(redis: RedisClient, event: EventRef, act: () => Promise<T>): Promise<T> {
  const keys = Object.values(event.keys);
  const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
  const result = await act();
  await redis.del(...keys);
  await Promise.all(
    keys.map((key, index) => {
      const dump = dumps[index];
      return dump ? redis.restore(key, 0, dump) : undefined;
    }),
  );
  return result;
}

/** What a gateway knows that saw the event as it is now. */
export async function knownOf(redis: RedisClient, event: EventRef) {
  const meta = await redis.hgetall(event.keys.meta);
  return {
    life: meta.life ?? '',
    incarnation: meta.incarnation ?? '',
    n: Number(meta.n),
    epoch: Number(meta.epoch),
    revision: Number(meta.revision),
    seq: Number(meta.seq),
  };
}

export type Knowledge = Awaited<ReturnType<typeof knownOf>>;

/** A recovery at a test time, by worker w1 on run r2 with a gap of 1,000 unless said otherwise. */
export function recoverAt(
  redis: RedisClient,
  event: EventRef,
  sec: number,
  known: Knowledge,
  options: {
    worker?: string;
    run?: string;
    newIncarnation?: string;
    fields?: Record<string, string>;
    gap?: number;
  } = {},
) {
  const call = { worker: 'w1', run: 'r2', newIncarnation: 'inc00002', gap: 1_000, ...options };
  return new RecoveryStore(redis).recover(event, { known, nowUs: at(sec), ...call });
}

/** The event's reference as of now. */
export async function refNow(redis: RedisClient, event: EventRef): Promise<EventRef> {
  return { ...event, incarnation: (await redis.hget(event.keys.meta, 'incarnation')) ?? '' };
}

/** The summaries of the audit trail, oldest first; '' for a record without one. */
export async function summaries(redis: RedisClient, event: EventRef): Promise<string[]> {
  const records = await redis.xrange(event.keys.audit, '-', '+');
  return records.map(([, fields]) =>
    String((JSON.parse(fields[1] ?? '{}') as { summary?: string }).summary ?? ''),
  );
}
