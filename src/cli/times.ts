/** Moments as people type and read them: with an offset, with a zone, or in the event's zone. */
import { usageError } from './errors.ts';
import { zoneName } from './watch/zone-time.ts';

/** A moment as typed. */
export interface TypedTime {
  /** Flag that it was given with, for errors. */
  readonly flag: string;
  readonly text: string;
}

const form = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?(?:\[([\w+/-]+)\])?$/;

/** True where the text says neither offset nor zone, so that the event's zone decides. */
export const needsZone = ({ text }: TypedTime): boolean => {
  const [, , , offset, zone] = form.exec(text) ?? [];
  return form.test(text) && offset === undefined && zone === undefined;
};

/**
 * The moment, as RFC 3339 in UTC. `2027-05-01T11:00+09:00` and `2027-05-01T11:00[Asia/Seoul]` stand alone, a bare
 * `2027-05-01T11:00` is in `timeZone`.
 *
 * @throws CliError (usage) for anything else, for the past, and for a wall time that a zone skips or has twice
 */
export function momentOf(
  typed: TypedTime,
  { nowMs, timeZone }: { nowMs: number; timeZone?: string },
): string {
  const { flag, text } = typed;
  const [whole, day, time, offset, zone = timeZone] = form.exec(text) ?? [];
  if (whole === undefined || Number.isNaN(Date.parse(`${day}T${time}Z`))) throw notATime(typed);
  let ms: number;
  if (offset !== undefined) ms = Date.parse(`${day}T${time}${offset}`);
  else if (zone !== undefined) ms = wallTime(typed, Date.parse(`${day}T${time}Z`), zone);
  else throw notATime(typed);
  if (Number.isNaN(ms)) throw notATime(typed);
  if (ms <= nowMs) throw usageError(`${flag} ${text} is in the past`);
  return new Date(ms).toISOString();
}

/** `2026-11-21 14:03:21 KST`, in an IANA zone; UTC where none is given or it is unknown. */
export function dateTime(at: string, timeZone = 'UTC'): string {
  const ms = Date.parse(at);
  if (Number.isNaN(ms)) return '-';
  try {
    return `${wallOf(ms, timeZone)} ${zoneName(at, timeZone)}`.trimEnd();
  } catch {
    return `${wallOf(ms, 'UTC')} UTC`;
  }
}

/** UTC moment of a wall time, given as if it were UTC. */
function wallTime(typed: TypedTime, asUtcMs: number, timeZone: string): number {
  const { flag, text } = typed;
  const dayMs = 86_400_000;
  let offsets: number[];
  try {
    // Whatever change of clocks is near, the offsets of the day before and the day after are the two possible ones.
    offsets = [asUtcMs - dayMs, asUtcMs + dayMs].map((ms) => offsetMs(ms, timeZone));
  } catch {
    throw usageError(`${flag} "${text}": there is no time zone "${timeZone}"`);
  }
  const fits = [...new Set(offsets)].filter((each) => offsetMs(asUtcMs - each, timeZone) === each);
  const [only, second] = fits;
  if (only === undefined) throw usageError(`${flag} ${text} does not exist in ${timeZone}: clocks skip it`);
  if (second !== undefined) {
    throw usageError(`${flag} ${text} is twice in ${timeZone}: give it with its offset`);
  }
  return asUtcMs - only;
}

function offsetMs(ms: number, timeZone: string): number {
  return Date.parse(`${wallOf(ms, timeZone).replace(' ', 'T')}Z`) - Math.floor(ms / 1_000) * 1_000;
}

/** `2026-11-21 14:03:21`. @throws RangeError for an unknown zone */
const wallOf = (ms: number, timeZone: string): string =>
  new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium', timeZone }).format(ms);

const notATime = ({ flag, text }: TypedTime): Error =>
  usageError(`${flag} "${text}" is not a time with its offset, such as 2027-05-01T14:00:00+09:00`);
