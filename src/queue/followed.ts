/** An event that a process follows, as far as it has come. */
import type { Clock, JournalServer } from './journal-servers.ts';
import type { Replica } from './replica.ts';
import type { EventKeys } from './scripts.ts';

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
  /** When it is read again, or its reload tried again. */
  nextReadMs: number;
  loaded: Promise<boolean>;
}
