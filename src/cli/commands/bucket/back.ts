/** Ways back to values that were: as the event was made with, or as of an earlier version. */
import type { MutationFlags } from '../../change-flags.ts';
import type { Cli } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import { runAction } from '../../mutation.ts';

/** Flags of `tacos bucket restore`. */
export interface BucketRestoreFlags extends MutationFlags {
  /** Version. */
  readonly to?: number;
}

/** `tacos bucket reset EVT`. */
export const bucketReset = (
  cli: Cli,
  [event = '']: readonly string[],
  flags: MutationFlags,
): Promise<number> => runAction(cli, { events: [event], action: { type: 'bucket.reset' }, flags });

/** `tacos bucket restore EVT --to VERSION`. */
export function bucketRestore(
  cli: Cli,
  [event = '']: readonly string[],
  flags: BucketRestoreFlags,
): Promise<number> {
  if (flags.to === undefined) {
    throw usageError('give --to VERSION', `tacos bucket history ${event}`);
  }
  const action = { type: 'bucket.restore', toRevision: flags.to } as const;
  return runAction(cli, { events: [event], action, flags });
}
