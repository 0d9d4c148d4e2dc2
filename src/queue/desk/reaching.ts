/** What callers of the desk are told when Redis is away, or an event has gone meanwhile. */
import { TacosError } from '../../contract/errors.ts';
import { FencedError, StaleEventError } from '../store.ts';
import { noEvent } from './followed-events.ts';

/** The event that the change was meant for is there, but not as it was looked at. */
export const cameAnew = (): TacosError =>
  new TacosError('VERSION_CONFLICT', {
    message:
      'This event was recovered or flushed a moment ago: nothing was changed. Look at it, then send it again.',
  });

/**
 * Does something with Redis. `warn` is told what went wrong.
 *
 * @throws TacosError: as `act` threw it, VERSION_CONFLICT for another incarnation, EVENT_NOT_FOUND, UNAVAILABLE for the rest
 */
export async function reachingRedis<T>(act: () => Promise<T>, warn: (error: unknown) => void): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof TacosError) throw error;
    if (error instanceof FencedError) throw cameAnew();
    if (error instanceof StaleEventError) throw noEvent();
    warn(error);
    const message = 'Redis cannot be reached right now.';
    throw new TacosError('UNAVAILABLE', { message, retryAfterSec: 2 });
  }
}
