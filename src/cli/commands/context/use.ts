import { removeLogin } from '../../auth/login-store.ts';
import type { Cli } from '../../cli.ts';
import { editConfig } from '../../config-edit.ts';
import { isProtected, readConfig } from '../../config-file.ts';
import { unknownContext } from '../../context.ts';
import { localName } from '../../context-names.ts';
import { exitCodes } from '../../exit-codes.ts';

/**
 * `tacos context use NAME`. A protected context is never made current: its export line goes to stdout, for `eval`, and
 * the exit code is 6, so that `context use prod && …` does not go on with the old one.
 *
 * @throws CliError (3)
 */
export async function contextUse({ runtime, flags }: Cli, name: string): Promise<number> {
  const config = await readConfig(runtime);
  if (name !== localName && config.contexts[name] === undefined) throw unknownContext(name, config);
  if (isProtected(config.contexts[name])) {
    runtime.stdout.write(`export TACOS_CONTEXT=${name}\n`);
    runtime.stderr.write(
      `"${name}" is protected and was not made current: run the line above, for this shell\n`,
    );
    return exitCodes.refused;
  }
  await editConfig(runtime, (edit) => {
    // With no current context, the running local one is taken.
    if (name === localName) edit.remove(['current']);
    else edit.set(['current'], name);
  });
  const { TACOS_CONTEXT: told, TACOS_SERVER: server } = runtime.env;
  const stronger = told && told !== name ? 'TACOS_CONTEXT' : !told && server ? 'TACOS_SERVER' : undefined;
  if (stronger !== undefined)
    runtime.stderr.write(`warning: ${stronger} is set in this shell and goes first\n`);
  if (!flags.quiet) runtime.stderr.write(`ok: "${name}" is current\n`);
  return exitCodes.done;
}

/** `tacos context remove NAME`. @throws CliError (3) */
export async function contextRemove({ runtime, flags }: Cli, name: string): Promise<void> {
  const config = await readConfig(runtime);
  if (config.contexts[name] === undefined) throw unknownContext(name, config);
  await editConfig(runtime, (edit) => {
    edit.remove(['contexts', name]);
    if (config.current === name) edit.remove(['current']);
  });
  removeLogin(runtime, name);
  if (!flags.quiet) runtime.stderr.write(`ok: context "${name}" removed, with its sign-in\n`);
}
