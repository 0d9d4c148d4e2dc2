/** The events that this desk follows, each by its journal: found by themselves while they matter, or asked for. */
import { TacosError } from '../../contract/errors.ts';
import type { RedisClient } from '../../redis/client.ts';
import { isCluster } from '../../redis/nodes.ts';
import { EventFinder } from '../events.ts';
import type { Keyring } from '../keyring.ts';
import type { RedisClock } from '../redis-clock.ts';
import { Tailer } from '../tailer.ts';
import { type Audience, DeskEvent } from './desk-event.ts';
import type { DeskWide } from './desk-wide.ts';

export interface FollowedParts {
  readonly redis: RedisClient;
  /** A connection of its own for the journals. */
  readonly reads: RedisClient;
  readonly clock: RedisClock;
  readonly keyring: Keyring;
  readonly wide: DeskWide;
  /** Told of what went wrong, and at which event ('' = none). */
  readonly warn: (message: string, error: unknown, event: string) => void;
}

/** What an event that does not exist is answered with; its id beside it, as a request may name several. */
export const noEvent = (event?: string): TacosError =>
  new TacosError('EVENT_NOT_FOUND', {
    hint: 'tacos event list',
    ...(event === undefined ? {} : { body: { event } }),
  });

/** Events loaded at a time. */
const opensAtOnce = 16;

export class FollowedEvents {
  /** By id. */
  readonly events = new Map<string, DeskEvent>();
  private readonly audiences = new Map<string, Audience>();
  private readonly parts: FollowedParts;
  private readonly tailer: Tailer;
  private readonly finder: EventFinder;

  constructor(parts: FollowedParts) {
    this.parts = parts;
    this.finder = new EventFinder(parts.redis);
    this.tailer = new Tailer({
      redis: parts.reads,
      clock: parts.clock,
      onApplied: ({ event }, change) => {
        if (!change.settings) return;
        this.events
          .get(event)
          ?.settingsChanged()
          .catch((error) => parts.warn('reading the audit failed', error, event));
      },
      onGone: (event) => {
        this.events.delete(event);
        for (const [id, { listeners }] of this.audiences)
          if (listeners.size === 0 && !this.events.has(id)) this.audiences.delete(id);
      },
      onError: (error, event) => parts.warn('reading the journal failed', error, event),
    });
  }

  /** The event, followed from now on. @throws TacosError EVENT_NOT_FOUND, or when Redis cannot be reached */
  async open(event: string): Promise<DeskEvent> {
    const known = this.events.get(event);
    if (known) return known;
    const exists = await this.tailer.follow(event);
    const followed = this.tailer.get(event);
    if (!exists || !followed) throw noEvent(event);
    const { redis, keyring, wide, warn } = this.parts;
    // Redis may have lost the event while people watched it: they go on with the one that came back.
    const audience = this.audiences.get(event) ?? { listeners: new Set(), seq: 0 };
    const opened = new DeskEvent({ followed, tailer: this.tailer, redis, keyring, wide, audience });
    if (!opened.secret) warn('visitors of this event have no names here', 'its key is not known', event);
    await opened.look();
    // Somebody else may have opened it meanwhile, and listen there.
    if (!this.events.has(event) && this.tailer.get(event) === followed) {
      this.events.set(event, opened);
      this.audiences.set(event, audience);
    }
    return this.events.get(event) ?? opened;
  }

  /** Opens events that were made since the last time; one's trouble stops no other. @throws when Redis is away */
  async find(): Promise<void> {
    let found: string[];
    try {
      found = await this.finder.look();
    } catch (error) {
      this.finder.lookAgain();
      throw error;
    }
    for (let from = 0; from < found.length; from += opensAtOnce) {
      await Promise.all(found.slice(from, from + opensAtOnce).map((event) => this.tryOpen(event)));
    }
  }

  private async tryOpen(event: string): Promise<void> {
    try {
      await this.open(event);
    } catch (error) {
      this.finder.lookAgain();
      this.parts.warn('opening an event failed', error, event);
    }
  }

  /**
   * Reads what is not in the journals, once a second. A master of several that does not answer keeps nobody from the
   * others' events: it is told once a look. @throws when Redis cannot be reached
   */
  async look(): Promise<void> {
    const { redis, warn } = this.parts;
    const events = [...this.events.values()];
    const looks = await Promise.allSettled(events.map((event) => event.look()));
    const failed = looks.findIndex(({ status }) => status === 'rejected');
    const first = looks[failed];
    if (first?.status !== 'rejected') return;
    if (!isCluster(redis)) throw first.reason;
    warn('looking at an event failed', first.reason, events[failed]?.id ?? '');
  }

  /** Sends what differs to whoever watches. */
  tick(): void {
    for (const event of this.events.values()) event.tick();
  }

  close(): void {
    this.tailer.close();
  }
}
