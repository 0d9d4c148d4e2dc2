/** Making events and finding them. An event lives in its own slot; the set of all ids and its version live beside. */
import { randomBytes } from 'node:crypto';
import { TacosError } from '../contract/errors.ts';
import {
  claimSecDefault,
  eventsMax,
  expireFarSecDefault,
  expireNearSecDefault,
  presenceSecDefault,
  refillPerSecDefault,
} from '../contract/limits.ts';
import type { RedisClient } from '../redis/client.ts';
import { askEach, isCluster, runIdAt, slotOf } from '../redis/nodes.ts';
import { eventsKey, keysOf } from './scripts.ts';
import { type EventKind, newEventFields } from './settings.ts';
import type { Store } from './store.ts';

/** Rises with every event that is made, so that gateways look for new ones only then. */
export const eventsVersionKey = 'tacos:events:version';

/** What may be said of a new event; the rest has defaults (limits.ts). Times in epoch ms, 0 = none. */
export interface EventPlan {
  readonly name?: string;
  readonly kind: EventKind;
  readonly timeZone?: string;
  readonly opensAtMs?: number;
  readonly prequeueFromMs?: number;
  readonly maxWaiting?: number;
  readonly refillPerSec?: number;
  readonly capacity?: number;
  readonly window?: number;
  readonly tiers?: string;
  readonly presenceSec?: number;
  readonly claimSec?: number;
  readonly expireNearSec?: number;
  readonly expireFarSec?: number;
}

/**
 * Makes an event; false where it exists already.
 *
 * @throws TacosError EVENTS_FULL at the cap
 */
export async function makeEvent(
  redis: RedisClient,
  store: Store,
  event: { id: string; kid: string; plan: EventPlan; audit: string },
): Promise<boolean> {
  const { id, kid, plan } = event;
  if ((await redis.scard(eventsKey)) >= eventsMax) throw new TacosError('EVENTS_FULL', { retryAfterSec: 60 });
  const { fields, tokensMicro } = newEventFields({
    life: randomBytes(6).toString('base64url'),
    incarnation: randomBytes(6).toString('base64url'),
    kid,
    name: plan.name ?? '',
    kind: plan.kind,
    timeZone: plan.timeZone ?? 'UTC',
    opensAtMs: plan.opensAtMs ?? 0,
    prequeueFromMs: plan.prequeueFromMs ?? 0,
    maxWaiting: plan.maxWaiting ?? 0,
    refillPerSec: plan.refillPerSec ?? refillPerSecDefault,
    capacity: plan.capacity,
    presenceMs: (plan.presenceSec ?? presenceSecDefault) * 1000,
    claimMs: (plan.claimSec ?? claimSecDefault) * 1000,
    expireNearMs: (plan.expireNearSec ?? expireNearSecDefault) * 1000,
    expireFarMs: (plan.expireFarSec ?? expireFarSecDefault) * 1000,
    run: runIdAt(redis, slotOf(keysOf(id).meta)) ?? '',
    ...(plan.window === undefined ? {} : { window: plan.window }),
    ...(plan.tiers === undefined ? {} : { tiers: plan.tiers }),
  });
  const made = await store.createEvent(id, { fields, tokensMicro, audit: event.audit });
  if (made) await putAmongEvents(redis, id);
  return made;
}

/**
 * Puts an event among those that are found; harmless where it is there. Lost after the making, it is called again. The
 * version last: the two are in different slots, and whoever sees it must find the event.
 */
export async function putAmongEvents(redis: RedisClient, id: string): Promise<void> {
  await redis.sadd(eventsKey, id);
  await redis.incr(eventsVersionKey);
}

/** Events asked about at once. */
const batchEvents = 200;

/**
 * Finds events to serve: all that operators made, until the people of a closed one are forgotten, and those with people
 * waiting. Others are loaded when called.
 */
export class EventFinder {
  private version: string | null = null;
  private readonly redis: RedisClient;

  constructor(redis: RedisClient) {
    this.redis = redis;
  }

  /** Makes the next look name everything again: what was found could not be loaded. */
  lookAgain(): void {
    this.version = null;
  }

  /** Ids to follow since the last look; empty while no event was made. */
  async look(): Promise<string[]> {
    const version = await this.redis.get(eventsVersionKey);
    if (version === this.version) return [];
    const ids = await this.redis.smembers(eventsKey);
    const found: string[] = [];
    let isComplete = true;
    for (let from = 0; from < ids.length; from += batchEvents) {
      const batch = ids.slice(from, from + batchEvents);
      isComplete = (await this.sort(batch, found)) && isComplete;
    }
    this.version = isComplete ? version : null;
    return found;
  }

  /**
   * Puts those of a batch that are to be followed into `found`. False where a server of several did not answer: its
   * events are looked for again, and those of the others are served meanwhile.
   */
  private async sort(ids: readonly string[], found: string[]): Promise<boolean> {
    const states = await askEach(this.redis, ids.map(keysOf), {
      keyOf: ({ meta }) => meta,
      ask: (pipeline, { meta }) => pipeline.hmget(meta, 'kind', 'phase', 'waiting'),
    });
    let isComplete = true;
    for (const [index, id] of ids.entries()) {
      const [error, state] = states[index]?.[0] ?? [new Error('a reply is missing'), []];
      if (error && !isCluster(this.redis)) throw error;
      if (error) {
        isComplete = false;
        continue;
      }
      const [kind, phase, waiting] = state as readonly (string | null)[];
      if (kind === null) await this.redis.srem(eventsKey, id);
      else if (Number(waiting) > 0) found.push(id);
      else if (kind === 'operator' && (phase !== 'closed' || (await this.redis.exists(keysOf(id).due)) > 0))
        found.push(id);
    }
    return isComplete;
  }
}
