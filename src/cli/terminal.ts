/** What a terminal can show, from the environment alone. */

type Env = Readonly<Record<string, string | undefined>>;

/** Whether colour is to be left out where nobody has said `always`: https://no-color.org, and terminals that cannot. */
export const isColorless = (env: Env): boolean => Boolean(env.NO_COLOR) || env.TERM === 'dumb';

/**
 * Whether only ASCII can be counted on: the Linux console, which lacks block characters, and a locale of another
 * encoding than UTF-8. No locale at all counts as UTF-8: containers set none, and the terminal in front of them has it.
 */
export function isAsciiOnly(env: Env, platform: NodeJS.Platform): boolean {
  if (env.TERM === 'linux') return true;
  if (platform === 'win32') return false;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || 'UTF-8';
  return !/utf-?8/i.test(locale);
}
