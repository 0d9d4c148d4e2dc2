import type { MutationFlags } from '../../change-flags.ts';
import type { Cli } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import { runAction } from '../../mutation.ts';
import { secondsOf } from '../seconds.ts';

/** Flags of `tacos queue message`. */
export interface MessageFlags extends MutationFlags {
  readonly clear?: boolean;
  readonly for?: string;
}

const charsMax = 280;

/** `tacos queue message EVT TEXT [--for D]`, or `--clear`. */
export function queueMessage(
  cli: Cli,
  [event = '', ...words]: readonly string[],
  flags: MessageFlags,
): Promise<number> {
  const text = words.join(' ').trim();
  const isClear = flags.clear === true;
  if (isClear === (text !== '')) throw usageError('give a text, or --clear without one');
  if (isClear && flags.for !== undefined) throw usageError('--for goes with a text, not with --clear');
  if (text.length > charsMax)
    throw usageError(`the text has ${text.length} characters, at most ${charsMax} fit`);
  return runAction(cli, {
    events: [event],
    flags,
    action: {
      type: 'queue.message',
      text: isClear ? null : text,
      ...secondsOf('forSec', '--for', flags.for),
    },
  });
}
