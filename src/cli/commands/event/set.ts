import type { MutationFlags } from '../../change-flags.ts';
import type { Cli } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import { runAction } from '../../mutation.ts';
import { type EventTimeFlags, timesOf } from './times.ts';

/** Flags of `tacos event set`. */
export interface EventSetFlags extends MutationFlags, EventTimeFlags {
  readonly name?: string;
}

/** `tacos event set EVT`: name, times and zone; how it lets people in is `bucket set` and `queue settings set`. */
export function eventSet(cli: Cli, [event = '']: readonly string[], flags: EventSetFlags): Promise<number> {
  const { name, timeZone, opensAt, prequeueFrom } = flags;
  if ([name, timeZone, opensAt, prequeueFrom].every((each) => each === undefined)) {
    throw usageError('give at least one of --name, --opens-at, --prequeue-from and --time-zone');
  }
  return runAction(cli, {
    events: [event],
    flags,
    action: async (connection) => ({
      type: 'event.set',
      ...(name === undefined ? {} : { name }),
      ...(timeZone === undefined ? {} : { timeZone }),
      ...(await timesOf(cli, connection, { event, flags, zone: timeZone })),
    }),
  });
}
