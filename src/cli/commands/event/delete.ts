import type { MutationFlags } from '../../change-flags.ts';
import type { Cli } from '../../cli.ts';
import { runAction } from '../../mutation.ts';

/** `tacos event delete EVT`: closed or test events only. */
export const eventDelete = (
  cli: Cli,
  [event = '']: readonly string[],
  flags: MutationFlags,
): Promise<number> => runAction(cli, { events: [event], action: { type: 'event.delete' }, flags });
