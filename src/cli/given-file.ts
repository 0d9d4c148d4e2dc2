/** Files that a command line, or a setting, names. */
import { readFileSync } from 'node:fs';
import { usageError } from './errors.ts';

/** Its text. `named`: how it was given, such as `--arrivals FILE`. @throws CliError (usage) where it cannot be read */
export function readGiven(named: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw usageError(`${named} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
