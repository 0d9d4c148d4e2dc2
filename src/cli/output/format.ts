/** Numbers and times as operators read them. */

/** A rate a second: `50.0`. */
export const rate = (perSec: number): string => perSec.toFixed(1);

/** A count with thousands separators: `18,234`. */
export const count = (value: number): string => Math.round(value).toLocaleString('en-US');

/** Whole tokens, rounded down: half a token lets nobody in. */
export const tokens = (value: number): string => String(Math.floor(value));

/** A number as it stands, at most two decimals and no trailing zeros: `80`, `0.25`. */
export const plain = (value: number): string => String(Math.round(value * 100) / 100);

/** Bytes in decimal units: `212MB`. */
export function bytes(value: number): string {
  for (const [unit, size] of [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const) {
    if (value >= size) return `${(value / size).toFixed(value >= 10 * size ? 0 : 1)}${unit}`;
  }
  return `${value}B`;
}

/** A large rate in few characters: `9.8k`. */
export const shortCount = (value: number): string =>
  value < 1_000 ? String(Math.round(value)) : `${(value / 1_000).toFixed(value < 100_000 ? 1 : 0)}k`;

/** Time of day `14:03:21` in an IANA zone; in the machine's own where none is given. */
export function timeOfDay(iso: string | number, timeZone?: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '--:--:--';
  const form = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  try {
    return new Intl.DateTimeFormat('en-GB', timeZone === undefined ? form : { ...form, timeZone }).format(
      date,
    );
  } catch {
    return new Intl.DateTimeFormat('en-GB', form).format(date);
  }
}
