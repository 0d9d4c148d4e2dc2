/** Durations as people type and read them. */
import { usageError } from './errors.ts';

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Parses `90s`, `10m`, `2h`, `1h30m`, `500ms` to ms. @throws CliError (usage) naming the flag */
export function parseDuration(flag: string, text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  const isWhole = parts.length > 0 && parts.map(([part]) => part).join('') === text;
  const ms = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (unitMs[unit ?? ''] ?? 0), 0);
  if (!isWhole || ms <= 0 || ms > 2 ** 31 - 1) {
    throw usageError(`${flag} "${text}" is not a duration: write it as 90s, 10m or 2h`);
  }
  return ms;
}

/** `6m14s`, `59s`, `2h05m`: at most six characters up to 99 hours. Rounded to whole seconds. */
export function formatDuration(sec: number): string {
  const whole = Math.max(0, Math.round(sec));
  const pad = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)}m${pad(whole % 60)}s`;
  return `${Math.floor(whole / 3_600)}h${pad(Math.floor((whole % 3_600) / 60))}m`;
}
