/** What the desk knows that belongs to no single event; every event's snapshot carries some of it. */
import type { AlarmFacts } from '../../contract/alarm-facts.ts';
import type { HpaFigures } from '../../contract/hpa.ts';
import type { QueueSnapshot, RedisFigures } from '../../contract/snapshot.ts';
import { noFigures, noHealth, type RedisHealth } from './redis-figures.ts';
import type { Watchers } from './watchers.ts';

/** What alarms need from outside the desk; the server's own process may know it. */
export interface OutsideFacts extends Pick<AlarmFacts, 'certificateEndsAtMs' | 'keyEndsAtMs'> {
  readonly hpa: HpaFigures | null;
}

export const nothingOutside: OutsideFacts = { certificateEndsAtMs: null, keyEndsAtMs: null, hpa: null };

export class DeskWide {
  figures: RedisFigures = noFigures;
  health: RedisHealth = noHealth;
  /** Changes of a master seen since the process began. */
  failovers = 0;
  budget: QueueSnapshot['budget'] = { usedPerSec: 0, perSec: null };
  readonly watchers: Watchers;
  readonly outside: () => OutsideFacts;

  constructor(watchers: Watchers, outside: () => OutsideFacts) {
    this.watchers = watchers;
    this.outside = outside;
  }
}
