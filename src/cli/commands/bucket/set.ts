import type { MutationFlags } from '../../change-flags.ts';
import type { Cli } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import { contextFlagOf, runAction } from '../../mutation.ts';
import { secondsOf } from '../seconds.ts';
import { checkBucketValues } from './values.ts';

/** Flags of `tacos bucket set`. */
export interface BucketSetFlags extends MutationFlags {
  readonly capacity?: number;
  /** A second. */
  readonly refill?: number;
  readonly ramp?: string;
  readonly for?: string;
}

/** `tacos bucket set EVT`. */
export function bucketSet(cli: Cli, [event = '']: readonly string[], flags: BucketSetFlags): Promise<number> {
  const { capacity, refill } = flags;
  if (capacity === undefined && refill === undefined) throw usageError('give --capacity, --refill or both');
  checkBucketValues(flags, event + contextFlagOf(cli));
  const ramp = secondsOf('rampSec', '--ramp', flags.ramp);
  const limit = secondsOf('forSec', '--for', flags.for);
  if ((ramp.rampSec ?? 0) > (limit.forSec ?? Number.POSITIVE_INFINITY)) {
    throw usageError(`--ramp ${flags.ramp} is longer than --for ${flags.for}: it would never get there`);
  }
  return runAction(cli, {
    events: [event],
    flags,
    action: {
      type: 'bucket.set',
      ...(capacity === undefined ? {} : { capacity }),
      ...(refill === undefined ? {} : { refillPerSec: refill }),
      ...ramp,
      ...limit,
    },
  });
}
