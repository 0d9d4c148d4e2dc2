import { eventIdPattern } from '../../contract/limits.ts';
import { Hall } from './hall.ts';
import { invalid, Problem } from './problem.ts';

/** Events that get a hall of their own when first asked for. */
const hallsMax = 1_000;

export interface HallsOptions {
  /** Seats of each event. */
  readonly seats: number;
  /** The only events there are; none = any event has a hall from the first request on. */
  readonly events: readonly string[];
  /** ms since 1970. Default: the system's clock. */
  readonly nowMs?: () => number;
}

/** The halls of all events, in memory. */
export class Halls {
  readonly #options: HallsOptions;
  readonly #halls = new Map<string, Hall>();

  constructor(options: HallsOptions) {
    this.#options = options;
    for (const event of options.events) this.#add(event);
  }

  /** @throws Problem for an event that there is not */
  of(event: string): Hall {
    const hall = this.#halls.get(event);
    if (hall !== undefined) return hall;
    if (!eventIdPattern.test(event)) throw invalid('event_id', 'not an event id');
    const isOpen = this.#options.events.length === 0 && this.#halls.size < hallsMax;
    if (!isOpen) throw new Problem('NOT_FOUND', 'there is no such event');
    return this.#add(event);
  }

  all(): [string, Hall][] {
    return [...this.#halls];
  }

  /** Applies what time has made, everywhere. */
  settle(): void {
    for (const hall of this.#halls.values()) hall.settle();
  }

  #add(event: string): Hall {
    const hall = new Hall(this.#options.seats, this.#options.nowMs ?? Date.now);
    this.#halls.set(event, hall);
    return hall;
  }
}
