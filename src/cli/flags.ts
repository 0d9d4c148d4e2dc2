/** Flags as commander hands them over, checked and typed. */
import { InvalidArgumentError, type OptionValues } from 'commander';
import type { GlobalFlags } from './cli.ts';
import { parseDuration } from './duration.ts';
import { usageError } from './errors.ts';
import { parseFormat } from './output/document.ts';

/** The global flags of a command line. @throws CliError (usage) */
export function globalFlags(values: OptionValues): GlobalFlags {
  const {
    context,
    tokenFile,
    output = 'table',
    fields,
    headers,
    quiet,
    verbose,
    color,
    ascii,
    input,
    timeout,
  } = values;
  return {
    ...(typeof context === 'string' ? { context } : {}),
    ...(typeof tokenFile === 'string' ? { tokenFile } : {}),
    ...(typeof timeout === 'string' ? { timeoutMs: parseDuration('--timeout', timeout) } : {}),
    output: parseFormat(String(output)),
    fields: typeof fields === 'string' ? fieldsOf(fields) : [],
    headers: headers !== false,
    quiet: quiet === true,
    verbose: typeof verbose === 'number' ? verbose : 0,
    color: colorOf(color),
    ascii: ascii === true,
    input: input !== false,
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

/** Any number; bounds are the command's to explain. */
export function anyNumber(text: string): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number.');
}

function fieldsOf(text: string): string[] {
  const fields = text.split(',').map((field) => field.trim());
  const isGood = fields.every((field) => /^\w+(\.\w+)*$/.test(field));
  if (!isGood) throw usageError(`--fields "${text}" is not a list of paths such as event,bucket.tokens`);
  return fields;
}

function colorOf(color: unknown): GlobalFlags['color'] {
  if (color === false) return 'never';
  if (color === undefined || color === true) return 'auto';
  if (color === 'auto' || color === 'always' || color === 'never') return color;
  throw usageError(`--color "${String(color)}" is not one of auto, always, never`);
}
