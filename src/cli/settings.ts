/** Settings that are not of one command: each with its value and where that is from. */
import type { Config } from './config-file.ts';
import { parseDuration } from './duration.ts';
import { usageError } from './errors.ts';
import type { Runtime } from './runtime.ts';
import { isAsciiOnly, isColorless } from './terminal.ts';

/** A setting in force. */
export interface Setting {
  readonly key: string;
  /** As text; undefined = nothing is set. */
  readonly value: string | undefined;
  /** `flag --x`, `env NAME`, the path of config.yaml, or `built-in`. */
  readonly origin: string;
}

/** How things are shown, decided. */
export interface ShowSettings {
  readonly color: 'auto' | 'always' | 'never';
  readonly ascii: boolean;
  readonly accessible: boolean;
  /** Longest wait for one answer, ms. */
  readonly requestTimeoutMs: number;
}

/** Where settings can come from. */
export interface Sources {
  /** As commander hands them over. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Runtime['env'];
  readonly platform: Runtime['platform'];
  readonly config: Omit<Config, 'contexts' | 'current'>;
  /** Path of config.yaml, for the origin. */
  readonly file: string;
}

/** Longest wait for an answer where nothing says otherwise. */
export const timeoutDefault = '10s';

const colors = ['auto', 'always', 'never'] as const;

/** The settings, each with its origin: flag, then environment, then config.yaml, then built-in. @throws CliError (2) */
export function settingsOf(sources: Sources): Setting[] {
  return [colorOf(sources), switchOf(sources, 'ascii'), switchOf(sources, 'accessible'), timeoutOf(sources)];
}

/** The same as values. @throws CliError (2) */
export function showSettings(sources: Sources): ShowSettings {
  const [color, ascii, accessible, timeout] = settingsOf(sources).map(({ value }) => value);
  return {
    color: color as ShowSettings['color'],
    ascii: ascii === 'true',
    accessible: accessible === 'true',
    requestTimeoutMs: parseDuration('timeout', timeout ?? timeoutDefault),
  };
}

function colorOf({ flags, env, config, file }: Sources): Setting {
  const key = 'color';
  const flag = flags.color;
  if (flag === false) return { key, value: 'never', origin: 'flag --no-color' };
  if (typeof flag === 'string') return { key, value: checkColor('--color', flag), origin: 'flag --color' };
  if (env.TACOS_COLOR) {
    return { key, value: checkColor('TACOS_COLOR', env.TACOS_COLOR), origin: 'env TACOS_COLOR' };
  }
  if (isColorless(env)) return { key, value: 'never', origin: `env ${env.NO_COLOR ? 'NO_COLOR' : 'TERM'}` };
  if (config.color !== undefined) return { key, value: config.color, origin: file };
  return { key, value: 'auto', origin: 'built-in' };
}

function switchOf({ flags, env, platform, config, file }: Sources, key: 'ascii' | 'accessible'): Setting {
  if (flags[key] === true) return { key, value: 'true', origin: `flag --${key}` };
  const names = key === 'ascii' ? ['TACOS_ASCII'] : ['TACOS_ACCESSIBLE', 'ACCESSIBLE'];
  for (const name of names) {
    const text = env[name];
    if (text) return { key, value: String(!/^(0|false|no)$/i.test(text)), origin: `env ${name}` };
  }
  const written = config[key];
  if (written !== undefined) return { key, value: String(written), origin: file };
  if (key === 'ascii' && isAsciiOnly(env, platform)) {
    const name = env.TERM === 'linux' ? 'TERM' : ['LC_ALL', 'LC_CTYPE', 'LANG'].find((each) => env[each]);
    return { key, value: 'true', origin: `env ${name}` };
  }
  return { key, value: 'false', origin: 'built-in' };
}

function timeoutOf({ flags, env, config, file }: Sources): Setting {
  const key = 'timeout';
  const flag = flags.timeout;
  if (typeof flag === 'string') return checked({ key, value: flag, origin: 'flag --timeout' }, '--timeout');
  const { TACOS_TIMEOUT: told } = env;
  if (told) return checked({ key, value: told, origin: 'env TACOS_TIMEOUT' }, 'TACOS_TIMEOUT');
  if (config.timeout !== undefined) return { key, value: config.timeout, origin: file };
  return { key, value: timeoutDefault, origin: 'built-in' };
}

function checked(setting: Setting, name: string): Setting {
  parseDuration(name, setting.value ?? '');
  return setting;
}

function checkColor(name: string, text: string): string {
  if (colors.some((each) => each === text)) return text;
  throw usageError(`${name} "${text}" is not one of ${colors.join(', ')}`);
}
