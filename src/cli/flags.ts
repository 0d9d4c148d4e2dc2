/** Flags as commander hands them over, checked and typed. */
import { InvalidArgumentError, type OptionValues } from 'commander';
import type { GlobalFlags } from './cli.ts';
import { parseDuration } from './duration.ts';
import { usageError } from './errors.ts';
import { parseFormat } from './output/formats.ts';
import { type Sources, showSettings } from './settings.ts';

/** The global flags of a command line, with what environment and config.yaml add. @throws CliError (usage) */
export function globalFlags(values: OptionValues, sources: Omit<Sources, 'flags'>): GlobalFlags {
  const {
    context,
    tokenFile,
    output = 'table',
    fields,
    headers,
    sort,
    quiet,
    verbose,
    input,
    timeout,
  } = values;
  return {
    ...(typeof context === 'string' ? { context } : {}),
    ...(typeof tokenFile === 'string' ? { tokenFile } : {}),
    ...(typeof timeout === 'string' ? { timeoutMs: parseDuration('--timeout', timeout) } : {}),
    ...(typeof sort === 'string' ? { sort: sortKey(sort) } : {}),
    ...showSettings({ ...sources, flags: values }),
    output: parseFormat(String(output)),
    fields: typeof fields === 'string' ? fieldsOf(fields) : [],
    headers: headers !== false,
    quiet: quiet === true,
    verbose: typeof verbose === 'number' ? verbose : 0,
    input: input !== false,
    isDryRun: values.dryRun === true,
  };
}

/** A number flag within bounds; for commander's argument parser. */
export const numberFlag =
  ({ min, max, whole = false }: { min: number; max: number; whole?: boolean }) =>
  (text: string): number => {
    const number = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max && (!whole || Number.isInteger(number))) return number;
    throw new InvalidArgumentError(`It must be a ${whole ? 'whole ' : ''}number from ${min} to ${max}.`);
  };

/** A whole number within bounds, with k for thousands and M for millions: `300k`, `3M`, `1.5M`. */
export const countFlag =
  ({ min, max }: { min: number; max: number }) =>
  (text: string): number => {
    const [, digits, unit] = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(text) ?? [];
    const number =
      Math.round(Number(digits ?? Number.NaN) * { '': 1, k: 1e3, M: 1e6 }[unit as '' | 'k' | 'M'] * 1e3) /
      1e3;
    if (number >= min && number <= max && Number.isInteger(number)) return number;
    throw new InvalidArgumentError(
      `It must be a whole number from ${min} to ${max}, such as 5000, 300k or 3M.`,
    );
  };

/** Any number; bounds are the command's to explain. */
export function anyNumber(text: string): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number.');
}

/** A rate a second, as `50` or `50/s`, for the parser of the number behind it. */
export const rateFlag =
  (parse: (text: string) => number) =>
  (text: string): number => {
    if (/\d\/(?!s$)/.test(text))
      throw new InvalidArgumentError('It is a rate per second, such as 50 or 50/s.');
    return parse(text.replace(/\/s$/, ''));
  };

function fieldsOf(text: string): string[] {
  const fields = text.split(',').map((field) => field.trim());
  const isGood = fields.every((field) => /^\w+(\.\w+)*$/.test(field));
  if (!isGood) throw usageError(`--fields "${text}" is not a list of paths such as event,bucket.tokens`);
  return fields;
}

function sortKey(text: string): string {
  if (/^-?\w+(\.\w+)*$/.test(text)) return text;
  throw usageError(`--sort "${text}" is not a path such as waiting, or -waiting for the largest first`);
}
