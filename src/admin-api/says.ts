/** What the admin API's process says to whoever starts it. */
import type { Shown } from '../contract/config.ts';
import { RedisAccessError } from '../redis/access.ts';

/** NAME=value lines, each with where the value comes from. */
export function printConfig(shown: readonly Shown[]): string {
  const lines = shown.map(({ name, text, source }) => {
    const value = text.replace(/\s*\n\s*/g, ' ');
    return `${name}=${value}  # ${text === '' ? 'not set' : source}`;
  });
  return `${lines.join('\n')}\n`;
}

/** Why it cannot serve, in a sentence for the operator. */
export function startFailure(error: unknown, { host, port }: { host: string; port: number }): string {
  if (error instanceof RedisAccessError) return error.message;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return `port ${port} of ${host} is in use: choose another by ADMIN_ADDRESS`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return `${host} is no address of this machine: see ADMIN_ADDRESS`;
  if (code === 'EACCES') return `port ${port} needs more rights: choose one above 1023 by ADMIN_ADDRESS`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
