/** Whether a queue takes joins and lets people in: open and close, pause and resume, drain. */
import type { MutationFlags } from '../../change-flags.ts';
import type { Cli } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import { runAction } from '../../mutation.ts';
import { eventTime } from '../event-time.ts';
import { secondsOf } from '../seconds.ts';

/** `tacos queue open EVT [--at T]`. */
export function queueOpen(
  cli: Cli,
  [event = '']: readonly string[],
  flags: MutationFlags & { readonly at?: string },
): Promise<number> {
  const { at } = flags;
  return runAction(cli, {
    events: [event],
    flags,
    action: async (connection) => ({
      type: 'queue.open',
      ...(at === undefined
        ? {}
        : { at: await eventTime(cli, connection, { flag: '--at', text: at, event }) }),
    }),
  });
}

/** `tacos queue close EVT [--keep|--sold-out TEXT]`. The server wants one of the two while people wait. */
export function queueClose(
  cli: Cli,
  [event = '']: readonly string[],
  flags: MutationFlags & { readonly keep?: boolean; readonly soldOut?: string },
): Promise<number> {
  const { keep, soldOut } = flags;
  if (keep === true && soldOut !== undefined) throw usageError('give --keep or --sold-out, not both');
  return runAction(cli, {
    events: [event],
    flags,
    action: {
      type: 'queue.close',
      ...(keep === undefined ? {} : { keep }),
      ...(soldOut === undefined ? {} : { soldOut }),
    },
  });
}

/** Flags of pause and resume. */
export interface SeveralFlags extends MutationFlags {
  readonly all?: boolean;
}

const several =
  (type: 'queue.pause' | 'queue.resume') =>
  (cli: Cli, events: readonly string[], flags: SeveralFlags): Promise<number> => {
    const isAll = flags.all === true;
    if (isAll === events.length > 0) throw usageError('give event ids, or --all without any');
    return runAction(cli, { events: isAll ? 'all' : [...new Set(events)], action: { type }, flags });
  };

/** `tacos queue pause EVT...|--all`. */
export const queuePause = several('queue.pause');

/** `tacos queue resume EVT...|--all`. */
export const queueResume = several('queue.resume');

/** `tacos queue drain EVT [--now | --deadline D]`. */
export function queueDrain(
  cli: Cli,
  [event = '']: readonly string[],
  flags: MutationFlags & { readonly now?: boolean; readonly deadline?: string },
): Promise<number> {
  const { now, deadline } = flags;
  if (now === true && deadline !== undefined) throw usageError('give --now or --deadline, not both');
  return runAction(cli, {
    events: [event],
    flags,
    action: {
      type: 'queue.drain',
      ...(now === undefined ? {} : { now }),
      ...secondsOf('deadlineSec', '--deadline', deadline),
    },
  });
}
