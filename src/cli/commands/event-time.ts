/** Flags with a time in them: a bare one is in the event's zone, and both readings are said. */
import { isForPeople } from '../change-report.ts';
import type { Cli, Connection } from '../cli.ts';
import { dateTime, momentOf, needsZone } from '../times.ts';

/** A time flag of one event. */
export interface EventTime {
  readonly flag: string;
  readonly text: string;
  readonly event: string;
  /** Zone that goes before the event's own, such as the new one. */
  readonly timeZone?: string | undefined;
}

/** The moment as RFC 3339; asks the server for the event's zone only where that decides. @throws CliError (2, 3) */
export async function eventTime(
  cli: Cli,
  { api }: Pick<Connection, 'api'>,
  { flag, text, event, timeZone }: EventTime,
): Promise<string> {
  const { runtime, flags } = cli;
  const nowMs = runtime.clock.now();
  if (!needsZone({ flag, text })) return momentOf({ flag, text }, { nowMs });
  const zone = timeZone ?? (await api.event(event)).item.timeZone;
  const moment = momentOf({ flag, text }, { nowMs, timeZone: zone });
  if (isForPeople(flags.output) && !flags.quiet) {
    runtime.stderr.write(`${flag} ${text} is ${dateTime(moment, zone)} (${zone}), ${moment}\n`);
  }
  return moment;
}
