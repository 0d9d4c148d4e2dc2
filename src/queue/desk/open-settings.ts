/** The settings of all events that are not closed, read from Redis itself: no replica is loaded for them. */
import type { RedisClient } from '../../redis/client.ts';
import { askEach, isCluster } from '../../redis/nodes.ts';
import { keysOf } from '../scripts.ts';
import { type EventSettings, parseSettings } from '../settings.ts';

/** What the budget and the desk's tick need of `meta`. */
const fields = [
  'life',
  'kind',
  'revision',
  'changedAt',
  'phase',
  'paused',
  'opensAt',
  'prequeueFrom',
  'deadline',
  'refill',
  'job',
] as const;

/** Events asked about at once. */
const batchEvents = 500;
/** What was read so lately is taken again, ms. */
const recentMs = 900;

export type OpenSettingsMap = ReadonlyMap<string, EventSettings>;

export class OpenSettings {
  private readonly redis: RedisClient;
  private readonly openEvents: () => Promise<string[]>;
  private newest: OpenSettingsMap = new Map();
  private last: { readonly atMs: number; readonly reading: Promise<OpenSettingsMap> } | undefined;

  /** `openEvents`: ids of all events that are not closed. */
  constructor(redis: RedisClient, openEvents: () => Promise<string[]>) {
    this.redis = redis;
    this.openEvents = openEvents;
  }

  /** As they are now; only what phases, the budget and jobs are made of is filled in. */
  read(): Promise<OpenSettingsMap> {
    const reading = this.fetch();
    this.last = { atMs: performance.now(), reading };
    return reading;
  }

  /** As they were a second ago at most. */
  recent(): Promise<OpenSettingsMap> {
    const { last } = this;
    return last && performance.now() - last.atMs < recentMs ? last.reading : this.read();
  }

  private async fetch(): Promise<OpenSettingsMap> {
    const ids = await this.openEvents();
    const settings = new Map<string, EventSettings>();
    for (let from = 0; from < ids.length; from += batchEvents) {
      const batch = ids.slice(from, from + batchEvents);
      const replies = await askEach(this.redis, batch, {
        keyOf: (id) => keysOf(id).meta,
        ask: (pipeline, id) => pipeline.hmget(keysOf(id).meta, ...fields),
      });
      for (const [index, id] of batch.entries()) {
        const [error, values] = replies[index]?.[0] ?? [new Error('a reply is missing'), []];
        if (error) {
          const before = isCluster(this.redis) ? this.newest.get(id) : undefined;
          if (before === undefined) throw error;
          // Its master does not answer: nobody can have changed it since.
          settings.set(id, before);
          continue;
        }
        const texts = values as readonly (string | null)[];
        const meta = Object.fromEntries(fields.map((name, at) => [name, texts[at] ?? '']));
        if (meta.life !== '') settings.set(id, parseSettings(meta));
      }
    }
    this.newest = settings;
    return settings;
  }
}
