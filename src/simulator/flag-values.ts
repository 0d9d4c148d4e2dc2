/** Flags and their values, read; what is none throws CrowdOptionsError with a sentence that names the flag. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { CrowdOptionsError } from './options.ts';

/** What a command line gives, nothing but these flags. */
export function flagsOf<const Flags extends ParseArgsOptionsConfig>(args: readonly string[], options: Flags) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new CrowdOptionsError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Refuses a value. */
export function bad(flag: string, value: string, wanted: string): never {
  throw new CrowdOptionsError(`${flag}: "${value}" is not ${wanted}`);
}

/** A whole number of up to ten digits. */
export function whole(flag: string, value: string): number {
  return /^\d{1,10}$/.test(value) ? Number(value) : bad(flag, value, 'a whole number');
}

/** A share from 0 to 1. */
export function share(flag: string, value: string): number {
  const isShare = /^\d*\.?\d+$/.test(value) && Number(value) <= 1;
  return isShare ? Number(value) : bad(flag, value, 'a share from 0 to 1');
}

/** A duration such as 500ms, 90s, 10m or 2h, in ms. */
export function durationMs(flag: string, value: string): number {
  const [, amount, unit] = /^(\d*\.?\d+)(ms|s|m|h)$/.exec(value) ?? [];
  const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit ?? ''];
  const ms = Number(amount) * (unitMs ?? Number.NaN);
  return ms > 0 && ms < 2 ** 31 ? ms : bad(flag, value, 'a duration such as 90s, 10m or 2h');
}
