import type { MutationFlags } from '../../change-flags.ts';
import type { Cli } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import { runAction } from '../../mutation.ts';
import { secondsOf } from '../seconds.ts';
import { type HpaValueFlags, valuesOf } from './values.ts';
import { type HpaFlags, queryOf } from './views.ts';

/** Flags of `tacos hpa patch`. */
export interface HpaPatchFlags extends MutationFlags, HpaFlags, HpaValueFlags {
  /** How long the floor is held. */
  readonly hold?: string;
  readonly takeOver?: boolean;
}

/** `tacos hpa patch`. */
export function hpaPatch(cli: Cli, _args: readonly string[], flags: HpaPatchFlags): Promise<number> {
  const values = { ...valuesOf(flags), ...secondsOf('holdSec', '--hold', flags.hold) };
  if (Object.keys(values).length === 0) {
    throw usageError('give --min, --max, --target-cpu or --hold', 'tacos hpa get');
  }
  const takeOver = flags.takeOver === true ? { takeOver: true } : {};
  return runAction(cli, {
    events: [],
    flags,
    action: async ({ context }) => ({
      type: 'hpa.patch',
      ...queryOf(flags, context),
      ...values,
      ...takeOver,
    }),
  });
}
