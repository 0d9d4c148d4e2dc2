/** The times of an event, as `event create` and `event set` take them. */
import type { Cli, Connection } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import { eventTime } from '../event-time.ts';

/** Flags that hold times. */
export interface EventTimeFlags {
  readonly opensAt?: string;
  readonly prequeueFrom?: string;
  readonly timeZone?: string;
}

/** Both as RFC 3339, to spread into an action. @throws CliError (2) also when the prequeue is not before the opening */
export async function timesOf(
  cli: Cli,
  connection: Connection,
  { event, flags, zone }: { event: string; flags: EventTimeFlags; zone: string | undefined },
): Promise<{ opensAt?: string; prequeueFrom?: string }> {
  const read = async (flag: string, text: string | undefined): Promise<string | undefined> =>
    text === undefined ? undefined : eventTime(cli, connection, { flag, text, event, timeZone: zone });
  const opensAt = await read('--opens-at', flags.opensAt);
  const prequeueFrom = await read('--prequeue-from', flags.prequeueFrom);
  if (opensAt !== undefined && prequeueFrom !== undefined && prequeueFrom >= opensAt) {
    throw usageError('--prequeue-from must be before --opens-at');
  }
  return {
    ...(opensAt === undefined ? {} : { opensAt }),
    ...(prequeueFrom === undefined ? {} : { prequeueFrom }),
  };
}
