/** Times in the event's zone, with the zone's short name: `14:03:21 KST`. */

/** Zones that English calls by their offset only, though people there have a name for them. */
const names: Readonly<Record<string, string>> = {
  'Asia/Seoul': 'KST',
  'Asia/Pyongyang': 'KST',
  'Asia/Tokyo': 'JST',
  'Asia/Shanghai': 'CST',
  'Asia/Taipei': 'CST',
  'Asia/Hong_Kong': 'HKT',
  'Asia/Singapore': 'SGT',
  'Asia/Manila': 'PST',
  'Asia/Jakarta': 'WIB',
  'Asia/Bangkok': 'ICT',
  'Asia/Kolkata': 'IST',
  'Asia/Calcutta': 'IST',
};
/** Each names the zones of its own region. */
const locales = ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-ZA'];

/** Making a formatter costs 50 µs, and a screen needs hundreds of times a frame. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string | undefined): Intl.DateTimeFormat {
  const key = timeZone ?? '';
  let format = formats.get(key);
  if (format === undefined) {
    const form = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
    try {
      format = new Intl.DateTimeFormat('en-GB', timeZone === undefined ? form : { ...form, timeZone });
    } catch {
      format = new Intl.DateTimeFormat('en-GB', form);
    }
    if (formats.size < 64) formats.set(key, format);
  }
  return format;
}

/** `14:03:21` in an IANA zone, the machine's own where none is given or it is unknown; `--:--:--` for no time. */
export function clockTime(at: string | number, timeZone?: string): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '--:--:--' : formatOf(timeZone).format(date);
}

/** `14:03`. */
export const minuteTime = (at: string | number, timeZone?: string): string =>
  clockTime(at, timeZone).slice(0, 5);

const days = new Map<string, Intl.DateTimeFormat>();

/** `2026-11-21`, the day of a time in a zone; '' for no time. */
function dayOf(at: string | number, timeZone: string | undefined): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '';
  const key = timeZone ?? '';
  let format = days.get(key);
  if (format === undefined) {
    const form = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
    try {
      format = new Intl.DateTimeFormat('en-CA', timeZone === undefined ? form : { ...form, timeZone });
    } catch {
      format = new Intl.DateTimeFormat('en-CA', form);
    }
    if (days.size < 64) days.set(key, format);
  }
  return format.format(date);
}

/** `14:03:21` for a time of the same day as `nowMs` in the zone, else `11-20 14:03:21`. */
export function dayTime(
  at: string | number,
  { nowMs, timeZone }: { nowMs: number; timeZone?: string | undefined },
): string {
  const day = dayOf(at, timeZone);
  const time = clockTime(at, timeZone);
  return day === '' || day === dayOf(nowMs, timeZone) ? time : `${day.slice(5)} ${time}`;
}

/** `2026-11-20 14:03:21 KST`. */
export const dateZoneTime = (at: string | number, timeZone?: string): string =>
  `${dayOf(at, timeZone)} ${zoneTime(at, timeZone)}`.trimStart();

/** Short name of a zone at a time: `KST`, `CET`, else `GMT+5:45`. '' for an unknown zone. */
export function zoneName(at: string | number, timeZone?: string): string {
  const zone = timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = names[zone];
  if (known !== undefined) return known;
  const key = `${zone} ${Math.floor(new Date(at).getTime() / 900_000)}`;
  const cached = zoneNames.get(key);
  if (cached !== undefined) return cached;
  const name = nameByLocale(at, zone);
  if (zoneNames.size > 64) zoneNames.clear();
  zoneNames.set(key, name);
  return name;
}
const zoneNames = new Map<string, string>();

function nameByLocale(at: string | number, timeZone: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '';
  let first = '';
  for (const locale of locales) {
    let name: string;
    try {
      const parts = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' }).formatToParts(date);
      name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
    } catch {
      return '';
    }
    if (!/^(GMT|UTC)[+-]/.test(name)) return name;
    if (first === '') first = name;
  }
  return first;
}

/** `14:03:21 KST`. */
export const zoneTime = (at: string | number, timeZone?: string): string =>
  `${clockTime(at, timeZone)} ${zoneName(at, timeZone)}`.trimEnd();
