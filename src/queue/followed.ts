/** An event that a process follows, as far as it has come. */
import { slotOf } from '../redis/nodes.ts';
import type { Clock, JournalServer } from './journal-servers.ts';
import type { Replica } from './replica.ts';
import { type EventKeys, keysOf } from './scripts.ts';

export type FollowMode = 'loading' | 'live' | 'reloading';

/** An event that this process follows. */
export interface Followed {
  readonly event: string;
  readonly keys: EventKeys;
  /** Shows the time of the event's own server. */
  readonly clock: Clock;
  readonly mode: FollowMode;
  /** Undefined while loading for the first time. */
  readonly replica: Replica | undefined;
  /** Monotonic ms at which the journal was last known to be read to its end. */
  readonly freshAtMs: number;
  /** Gateway processes that reported lately, this one included; at least 1. */
  readonly reporters: number;
  /** Replicas of epochs before, of which Redis may lack something; emptied once that was given back. */
  readonly befores: readonly Replica[];
  /** The replica was read from the Redis that the event was last changed under: it saw what may be lost by now. */
  readonly isFirsthand: boolean;
}

/** The same as the tailer writes it. */
export interface Following extends Followed {
  readonly slot: number;
  /** Where it was read last. */
  server: JournalServer | undefined;
  /** Which run of that server the replica was read from; undefined = not known yet. */
  runId: string | undefined;
  mode: FollowMode;
  replica: Replica | undefined;
  freshAtMs: number;
  reporters: number;
  befores: readonly Replica[];
  isFirsthand: boolean;
  /** When it is read again, or its reload tried again. */
  nextReadMs: number;
  loaded: Promise<boolean>;
}

/** An event that nothing is known of yet. */
export function newFollowing(
  event: string,
  clockOf: (serverOfEvent: () => JournalServer | undefined) => Clock,
): Following {
  const keys = keysOf(event);
  const following: Following = {
    event,
    keys,
    clock: clockOf(() => following.server),
    slot: slotOf(keys.journal),
    server: undefined,
    runId: undefined,
    mode: 'loading',
    replica: undefined,
    freshAtMs: Number.NEGATIVE_INFINITY,
    reporters: 1,
    befores: [],
    isFirsthand: false,
    nextReadMs: 0,
    loaded: Promise.resolve(false),
  };
  return following;
}

/** Replicas of epochs before that are kept at most: so many failovers in a row before the first was put right. */
const beforesMax = 4;

/** Keeps the replica that another one takes the place of, where a new epoch has begun: Redis may lack what it knows. */
export function keepBefore(following: Following, next: Replica): void {
  const known = following.replica;
  if (known?.settings.life !== next.settings.life || next.settings.epoch <= known.settings.epoch) return;
  following.befores = [...following.befores, known].slice(-beforesMax);
}
