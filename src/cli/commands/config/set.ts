import type { Cli } from '../../cli.ts';
import { editConfig } from '../../config-edit.ts';
import { usageError } from '../../errors.ts';
import { configFile } from '../../paths.ts';

/** Settings that can be written, with how their text is read. */
const writable: Readonly<Record<string, (text: string) => unknown>> = {
  current: (text) => text,
  color: (text) => text,
  ascii: booleanOf,
  accessible: booleanOf,
  timeout: (text) => text,
};

/** `tacos config set KEY VALUE`. @throws CliError (2) when the file would not be valid; it stays as it was */
export async function configSet({ runtime, flags }: Cli, { key, value }: { key: string; value: string }) {
  const read = Object.hasOwn(writable, key) ? writable[key] : undefined;
  if (read === undefined) {
    throw usageError(
      `"${key}" cannot be set: ${Object.keys(writable).join(', ')} can`,
      key === 'context' || key === 'server' ? 'tacos context use NAME' : undefined,
    );
  }
  await editConfig(runtime, (edit) => edit.set([key], read(value)));
  if (!flags.quiet) runtime.stderr.write(`ok: ${key} is ${value} in ${configFile(runtime)}\n`);
}

/** `tacos config path`: also where there is no file yet. */
export function configPath({ runtime }: Cli): void {
  runtime.stdout.write(`${configFile(runtime)}\n`);
}

function booleanOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  throw usageError(`"${text}" is neither true nor false`);
}
