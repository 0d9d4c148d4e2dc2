/** Who has a queue on a screen, over all admin processes: a hash that each of them writes its own part of. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { roles } from '../../contract/admin-api.ts';
import type { QueueSnapshot } from '../../contract/snapshot.ts';
import type { RedisClient } from '../../redis/client.ts';
import { globalKeys } from '../global-scripts.ts';

/** Each screen is written again after so long, ms; one that was not for three times that is gone. */
const beatMs = 2_000;
const goneMs = 6_000;

const screenSchema = z.object({
  event: z.string().nullable(),
  name: z.string(),
  role: z.enum(roles),
  write: z.boolean(),
  /** Redis time of the last beat, ms. */
  at: z.number(),
});
type Screen = z.infer<typeof screenSchema>;

/** Somebody with a queue on a screen; `event` null = the overview of all. */
export type WatchingScreen = Omit<Screen, 'at'>;

export class Watchers {
  private readonly redis: RedisClient;
  private readonly nowMs: () => number;
  private readonly process = randomBytes(6).toString('base64url');
  private readonly own = new Map<string, WatchingScreen>();
  private seen: readonly Screen[] = [];
  private screens = 0;
  private beatAtMs = Number.NEGATIVE_INFINITY;

  /** `nowMs`: Redis time, ms. */
  constructor(redis: RedisClient, nowMs: () => number) {
    this.redis = redis;
    this.nowMs = nowMs;
  }

  /** Registers a screen until the returned function is called. */
  add(screen: WatchingScreen): () => void {
    this.screens += 1;
    const id = `${this.process}/${this.screens}`;
    this.own.set(id, screen);
    this.beatAtMs = Number.NEGATIVE_INFINITY;
    return () => {
      if (!this.own.delete(id)) return;
      // Where this is lost the others see the screen go 6 s later.
      this.redis.hdel(globalKeys.watchers, id).catch(() => {});
    };
  }

  /** Writes this process's screens if it is time, and reads all. @throws when Redis cannot be reached */
  async look(): Promise<void> {
    const at = this.nowMs();
    const nowMs = performance.now();
    if (this.own.size > 0 && nowMs - this.beatAtMs >= beatMs) {
      this.beatAtMs = nowMs;
      const beats = [...this.own].flatMap(([id, screen]) => [id, JSON.stringify({ ...screen, at })]);
      await this.redis.hset(globalKeys.watchers, ...beats);
    }
    const seen: Screen[] = [];
    const gone: string[] = [];
    for (const [id, text] of Object.entries(await this.redis.hgetall(globalKeys.watchers))) {
      const screen = parse(text);
      const isOwn = id.startsWith(`${this.process}/`);
      if (!screen || Math.abs(this.nowMs() - screen.at) > goneMs || (isOwn && !this.own.has(id)))
        gone.push(id);
      else seen.push(screen);
    }
    if (gone.length > 0) await this.redis.hdel(globalKeys.watchers, ...gone);
    this.seen = seen;
  }

  /** Who has this event on a screen, by name. */
  of(event: string): QueueSnapshot['watchers'] {
    return this.seen
      .filter((screen) => screen.event === event)
      .map(({ name, role, write }) => ({ name, role, write }))
      .sort((a, b) => a.name.localeCompare(b.name) || Number(b.write) - Number(a.write));
  }

  /** Takes this process's screens back. */
  async close(): Promise<void> {
    const ids = [...this.own.keys()];
    this.own.clear();
    if (ids.length > 0) await this.redis.hdel(globalKeys.watchers, ...ids).catch(() => {});
  }
}

function parse(text: string): Screen | undefined {
  try {
    return screenSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
