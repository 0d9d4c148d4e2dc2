import type { MutationFlags } from '../../change-flags.ts';
import type { Cli } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import { runAction } from '../../mutation.ts';
import { needsZone } from '../../times.ts';
import { checkBucketValues } from '../bucket/values.ts';
import { type EventTimeFlags, timesOf } from './times.ts';

/** Flags of `tacos event create`. */
export interface EventCreateFlags extends MutationFlags, EventTimeFlags {
  readonly name?: string;
  readonly maxWaiting?: number;
  readonly capacity?: number;
  /** A second. */
  readonly refill?: number;
  readonly test?: boolean;
}

/** `tacos event create EVT`. A bare time needs --time-zone: there is no event yet whose zone could decide. */
export function eventCreate(
  cli: Cli,
  [event = '']: readonly string[],
  flags: EventCreateFlags,
): Promise<number> {
  checkBucketValues(flags);
  const { name, timeZone, maxWaiting, capacity, refill, test } = flags;
  if (flags.prequeueFrom !== undefined && flags.opensAt === undefined) {
    throw usageError('--prequeue-from needs --opens-at');
  }
  if (timeZone === undefined) checkOffsets(flags);
  return runAction(cli, {
    events: [event],
    flags,
    action: async (connection) => ({
      type: 'event.create',
      ...(name === undefined ? {} : { name }),
      ...(await timesOf(cli, connection, { event, flags, zone: timeZone })),
      ...(timeZone === undefined ? {} : { timeZone }),
      ...(maxWaiting === undefined ? {} : { maxWaiting }),
      ...(capacity === undefined ? {} : { capacity }),
      ...(refill === undefined ? {} : { refillPerSec: refill }),
      ...(test === undefined ? {} : { test }),
    }),
  });
}

function checkOffsets({ opensAt, prequeueFrom }: EventTimeFlags): void {
  const times = { '--opens-at': opensAt, '--prequeue-from': prequeueFrom };
  for (const [flag, text] of Object.entries(times)) {
    if (text === undefined || !needsZone({ flag, text })) continue;
    throw usageError(`${flag} ${text} has no offset: add one, or give --time-zone`);
  }
}
