/** Tells somebody of each command that a connection sends, by name, and of its end: what traces are made of. */
import { createHash } from 'node:crypto';
import type { RedisClient } from './client.ts';
import { onSend } from './on-send.ts';
import { type ScriptSet, scriptOptions } from './script-loader.ts';

/**
 * Called before a command goes out, with its name in lower case, or the script's (`join`). What it returns is called
 * once, when the reply is there, with the error where it failed; undefined = this command is of no interest.
 */
export type CommandObserver = (name: string) => ((error?: unknown) => void) | undefined;

/** Observes everything that is sent on this connection from now on. `scripts` = those that it was opened with. */
export function observeCommands(
  client: RedisClient,
  observe: CommandObserver,
  scripts: ScriptSet = {},
): void {
  const names = namesByDigest(scripts);
  onSend(client, (send) => (command, stream, server) => {
    const script = command.name === 'evalsha' ? names.get(String(command.args[0])) : undefined;
    const end = observe(script ?? command.name);
    const reply = send(command, stream, server);
    // The caller hears of a failure by the reply; here it is only noted.
    if (end !== undefined) void command.promise.then(() => end(), end);
    return reply;
  });
}

/** Redis knows a script by the SHA-1 of its text. */
function namesByDigest(scripts: ScriptSet): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(scriptOptions(scripts)).map(([name, { lua }]) => [
      createHash('sha1').update(lua).digest('hex'),
      name,
    ]),
  );
}
