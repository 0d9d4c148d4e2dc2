/** Changes config.yaml: comments stay where they are, the result is checked before it replaces the file. */
import { existsSync, readFileSync } from 'node:fs';
import type { Document } from 'yaml';
import { type Config, checkConfig, configSchema, problemOfCurrent } from './config-file.ts';
import { CliError, usageError } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { configFile } from './paths.ts';
import { writePrivate } from './private-file.ts';
import type { Runtime } from './runtime.ts';

/** What is being edited: paths such as `['contexts', 'staging', 'server']`. */
export interface ConfigEdit {
  set(path: readonly string[], value: unknown): void;
  remove(path: readonly string[]): void;
}

/**
 * Reads, edits, checks and replaces the file.
 *
 * @throws CliError (2 when the file is or would be invalid, 1 when it cannot be written); the file is then as before
 */
export async function editConfig(
  place: Pick<Runtime, 'env' | 'home' | 'platform'>,
  edit: (config: ConfigEdit) => void,
): Promise<Config> {
  const file = configFile(place);
  const { parseDocument } = await import('yaml');
  const document: Document = parseDocument(existsSync(file) ? readFileSync(file, 'utf8') : '');
  const [broken] = document.errors;
  if (broken !== undefined) throw usageError(`${file} cannot be read: ${broken.message.split('\n')[0]}`);
  if (document.contents === null) document.contents = document.createNode({}) as Document['contents'];
  const before = configSchema.safeParse(document.toJS());
  edit({
    set: (path, value) => document.setIn(path, value === undefined ? undefined : document.createNode(value)),
    remove: (path) => {
      if (document.hasIn(path)) document.deleteIn(path);
    },
  });
  const config = checkConfig(file, document.toJS());
  const problem = problemOfCurrent(file, config);
  // What was wrong already does not stop other edits: they may be the way out.
  const was = before.success ? problemOfCurrent(file, before.data) : undefined;
  if (problem !== undefined && problem.message !== was?.message) throw problem;
  try {
    writePrivate(file, document.toString({ lineWidth: 100 }));
  } catch (error) {
    throw new CliError(`${file} cannot be written (${(error as NodeJS.ErrnoException).code ?? error})`, {
      code: 'CONFIG_NOT_WRITTEN',
      exitCode: exitCodes.failed,
      why: 'nothing was changed',
    });
  }
  return config;
}
