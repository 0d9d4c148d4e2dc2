/** What callers of the desk are told when Redis is away, or an event has gone meanwhile. */
import { TacosError } from '../../contract/errors.ts';
import { StaleEventError } from '../store.ts';
import { noEvent } from './followed-events.ts';

/**
 * Does something with Redis. `warn` is told what went wrong.
 *
 * @throws TacosError: as `act` threw it, EVENT_NOT_FOUND for another incarnation, UNAVAILABLE for everything else
 */
export async function reachingRedis<T>(act: () => Promise<T>, warn: (error: unknown) => void): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof TacosError) throw error;
    if (error instanceof StaleEventError) throw noEvent();
    warn(error);
    const message = 'Redis cannot be reached right now.';
    throw new TacosError('UNAVAILABLE', { message, retryAfterSec: 2 });
  }
}
