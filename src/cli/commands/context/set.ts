import { refused } from '../../change-errors.ts';
import type { Cli } from '../../cli.ts';
import { editConfig } from '../../config-edit.ts';
import { type ConfigContext, isProtected, readConfig } from '../../config-file.ts';
import { contextNamePattern, envName, localName } from '../../context-names.ts';
import { usageError } from '../../errors.ts';
import { configFile } from '../../paths.ts';
import { type ContextSetFlags, checkContextFlags, contextPaths } from './set-flags.ts';

/** `tacos context set NAME`. @throws CliError (2 not valid, 6 production made less protected); the file stays as it was */
export async function contextSet(
  { runtime, flags: { quiet, tokenFile } }: Cli,
  name: string,
  flags: ContextSetFlags,
): Promise<void> {
  if (tokenFile !== undefined) {
    throw usageError('context set does not take --token-file', {
      why: 'a context keeps no token and no path to one; nothing was written',
      hint: `export TACOS_TOKEN_FILE=${tokenFile === '-' ? 'F' : tokenFile}`,
    });
  }
  if (name === localName || name === envName) {
    throw usageError(
      name === localName
        ? '"local" is the tacos up of this machine and is not in config.yaml'
        : '"env" is what TACOS_SERVER makes and is not in config.yaml',
    );
  }
  if (!contextNamePattern.test(name)) {
    throw usageError(
      `context "${name}": a name has 1 to 64 letters, digits, . _ - and begins with none of . _ -`,
    );
  }
  const written = (await readConfig(runtime)).contexts[name];
  const isNew = written === undefined;
  if (isNew && flags.server === undefined)
    throw usageError(`context "${name}" is new: it needs --server URL`);
  const given = Object.entries(contextPaths).flatMap(([flag, path]) => {
    const value = flags[flag as keyof ContextSetFlags];
    return value === undefined ? [] : [{ path, value }];
  });
  if (given.length === 0) throw usageError('nothing to set: give at least one flag');
  checkContextFlags(given);
  checkStaysProtected(name, written, flags);
  const config = await editConfig(runtime, (edit) => {
    for (const { path, value } of given) edit.set(['contexts', name, ...path], value);
  });
  if (quiet) return;
  runtime.stderr.write(`ok: context "${name}" ${isNew ? 'made' : 'changed'} in ${configFile(runtime)}\n`);
  if (config.current !== name && isNew) {
    const next = isProtected(config.contexts[name])
      ? `export TACOS_CONTEXT=${name}`
      : `tacos context use ${name}`;
    runtime.stderr.write(`next: ${next}\n`);
  }
}

/** Production stays production, and protected. @throws CliError (6) */
function checkStaysProtected(
  name: string,
  written: ConfigContext | undefined,
  { kind, protected: wanted }: ContextSetFlags,
): void {
  if (written?.kind === 'prod' && kind !== undefined && kind !== 'prod') {
    throw refused(
      `context "${name}" is of kind prod: --kind ${kind} would take its protection away`,
      'CONTEXT_IS_PROD',
      `tacos context remove ${name}`,
    );
  }
  if (wanted === false && (kind ?? written?.kind) === 'prod') {
    throw refused(
      `context "${name}" is of kind prod, which is always protected: --no-protected is not for it`,
      'CONTEXT_IS_PROD',
      `export TACOS_CONTEXT=${name}`,
    );
  }
}
