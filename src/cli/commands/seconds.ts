/** Durations of flags, in the wire's seconds. */
import { parseDuration } from '../duration.ts';

/** Seconds of a duration flag, or nothing where it was not given: to spread into an action. @throws CliError (2) */
export function secondsOf<Name extends string>(
  name: Name,
  flag: string,
  text: string | undefined,
): { readonly [Key in Name]?: number } {
  if (text === undefined) return {};
  return { [name]: parseDuration(flag, text) / 1_000 } as { readonly [Key in Name]?: number };
}
