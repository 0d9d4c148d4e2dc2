/** What the line tells a tracer, and no more: it knows neither spans nor headers. */
import type { CommandObserver } from '../redis/command-observer.ts';

export interface LineTracer {
  /** Told of each Redis command. */
  readonly command: CommandObserver;
  /** The request under way here, to be named in `together` later; undefined = none that is traced. */
  current(): object | undefined;
  /**
   * Runs a call that serves several requests at once, those of them that are traced being `requests` (maybe none).
   * `size` = all that it serves. Whatever request happened to be under way here is left out of it.
   */
  together<T>(requests: readonly object[], size: number, act: () => Promise<T>): Promise<T>;
}
