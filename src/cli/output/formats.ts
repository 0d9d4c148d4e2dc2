/** Formats of results. Apart from the printing itself, so that reading a command line loads no more than this. */
import { usageError } from '../errors.ts';

export const formats = ['table', 'wide', 'name', 'json', 'yaml', 'jsonl'] as const;
export type Format = (typeof formats)[number];

/** Whether a format is for programs: nothing but data on stdout, and errors as JSON. */
export const isForPrograms = (format: Format): boolean => format === 'json' || format === 'jsonl';

/** Checks -o against what a command can print. @throws CliError (usage) */
export function parseFormat(text: string): Format {
  const format = formats.find((each) => each === text);
  if (format === undefined) throw usageError(`--output "${text}" is not one of ${formats.join(', ')}`);
  return format;
}
