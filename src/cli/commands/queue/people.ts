/** Ending places: of one visitor, of the silent, of all. */
import { visitorRefPattern } from '../../../contract/visitors.ts';
import type { MutationFlags } from '../../change-flags.ts';
import type { Cli } from '../../cli.ts';
import { usageError } from '../../errors.ts';
import { runAction } from '../../mutation.ts';
import { secondsOf } from '../seconds.ts';

/** Flags of `tacos queue expire`. */
export interface ExpireFlags extends MutationFlags {
  readonly visitor?: readonly string[];
  readonly silentFor?: string;
  readonly all?: boolean;
}

/** `tacos queue expire EVT (--visitor REF... | --silent-for D | --all)`. */
export function queueExpire(cli: Cli, [event = '']: readonly string[], flags: ExpireFlags): Promise<number> {
  const { visitor, silentFor, all } = flags;
  const given = [visitor !== undefined, silentFor !== undefined, all === true].filter(Boolean);
  if (given.length !== 1) throw usageError('give exactly one of --visitor, --silent-for and --all');
  visitor?.forEach(checkRef);
  return runAction(cli, {
    events: [event],
    flags,
    action: {
      type: 'queue.expire',
      ...(visitor === undefined ? {} : { visitors: [...visitor] }),
      ...secondsOf('silentForSec', '--silent-for', silentFor),
      ...(all === true ? { all } : {}),
    },
  });
}

/** `tacos queue remove EVT REF`. */
export function queueRemove(
  cli: Cli,
  [event = '', visitor = '']: readonly string[],
  flags: MutationFlags,
): Promise<number> {
  checkRef(visitor);
  return runAction(cli, { events: [event], action: { type: 'queue.remove', visitor }, flags });
}

/** `tacos queue flush EVT`: test events only. */
export const queueFlush = (
  cli: Cli,
  [event = '']: readonly string[],
  flags: MutationFlags,
): Promise<number> => runAction(cli, { events: [event], action: { type: 'queue.flush' }, flags });

/** How a visitor is named. A waiting token is refused, and not said again: it is a credential. @throws CliError (2) */
export function checkRef(ref: string): void {
  if (visitorRefPattern.test(ref)) return;
  const said = ref.length <= 24 ? `"${ref}"` : 'this';
  throw usageError(
    `${said} does not name a visitor: v_ and 8 characters, #12 for a position, user:ID or sub:ID`,
  );
}
