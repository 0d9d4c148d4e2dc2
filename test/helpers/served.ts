/** An event as a gateway serves it, without Redis: the replica is made from what the test says. */
import { EndedIndex } from '../../src/queue/ended-index.ts';
import { Keyring } from '../../src/queue/keyring.ts';
import { PlaceIndex } from '../../src/queue/place-index.ts';
import { RedisClock } from '../../src/queue/redis-clock.ts';
import { Replica } from '../../src/queue/replica.ts';
import { keysOf } from '../../src/queue/scripts.ts';
import { ServedEvent } from '../../src/queue/served-event.ts';
import { type NewEvent, newEventFields } from '../../src/queue/settings.ts';
import type { Followed, Tailer } from '../../src/queue/tailer.ts';
import { newEvent } from './new-event.ts';

export const keyring = new Keyring([{ kid: 'k1', secret: Buffer.alloc(32, 7) }]);

/** Redis time of all these tests, ms. */
export const nowMs = 1_800_000_000_000;

export interface ServedOptions extends Partial<NewEvent> {
  /** Places 1 to this wait. */
  readonly waiting?: number;
  /** Tokens in the bucket; default: full. */
  readonly tokens?: number;
  /** Further fields of `meta`, such as phase or paused. */
  readonly meta?: Readonly<Record<string, string>>;
  readonly stale?: boolean;
}

export function serve(options: ServedOptions = {}) {
  const { waiting = 0, tokens, meta = {}, stale = false, ...event } = options;
  const made = newEventFields({
    ...newEvent,
    tiers: '1-=0',
    ...event,
  });
  const places = new PlaceIndex();
  for (let seq = 1; seq <= waiting; seq += 1) places.set(seq, true);
  const tokensMicro = tokens === undefined ? made.tokensMicro : tokens * 1e6;
  const replica = new Replica('evt_a', {
    n: 1,
    maxSeq: waiting,
    meta: { ...made.fields, revision: '1', epoch: '1', base: String(nowMs - 600_000), ...meta },
    bucket: { tokensMicro, refilledAtUs: nowMs * 1000 },
    waiting: places,
    ended: new EndedIndex(),
    away: new Map(),
    admits: [],
    admitsN: 1,
  });
  const clock = new RedisClock(() => 0);
  clock.sample(nowMs * 1000, 0, 0);
  const followed: Followed = {
    event: 'evt_a',
    keys: keysOf('evt_a'),
    clock,
    mode: 'live',
    replica,
    freshAtMs: performance.now() - (stale ? 5_000 : 0),
    reporters: 1,
    befores: [],
    isFirsthand: true,
  };
  const tailer = { isStale: () => stale } as unknown as Tailer;
  return { served: new ServedEvent({ followed, tailer, keyring }), replica };
}
