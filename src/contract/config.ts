/**
 * Settings from environment variables, for every process alike: each variable has one schema, may also be given as
 * NAME_FILE (the name of a file that holds the value), and all that is wrong is told at once.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';

/** One environment variable. */
export interface Variable<T> {
  /** Reads the text of the variable. */
  readonly schema: z.ZodType<T>;
  /** What is allowed, in words that end "it must be …". */
  readonly allowed: string;
  /** Text that counts while the variable is not set; none = the setting is undefined. */
  readonly fallback?: string;
  /** Its value is never shown. */
  readonly isSecret?: boolean;
}

export type Variables = Readonly<Record<string, Variable<unknown>>>;

type Value<V> =
  V extends Variable<infer T> ? (V extends { readonly fallback: string } ? T : T | undefined) : never;

/** The values of a set of variables. */
export type Values<V extends Variables> = { readonly [K in keyof V]: Value<V[K]> };

/** Where a value came from. */
export type Source = 'default' | 'environment' | 'file';

export interface Shown {
  readonly name: string;
  /** Text as it counts, secrets masked; empty = not set. */
  readonly text: string;
  readonly source: Source;
}

export interface Reading<V extends Variables> {
  /** Complete only when there are no problems. */
  readonly values: Values<V>;
  readonly shown: readonly Shown[];
  /** Sentences, each naming variable, value and what is allowed. */
  readonly problems: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;
type ReadFile = (path: string) => string;

const mask = '***';

/**
 * Reads and checks all variables. An empty value counts as not set; the end of line of a file does not belong to it.
 */
export function readVariables<const V extends Variables>(
  variables: V,
  environment: Environment,
  readFile: ReadFile = (path) => readFileSync(path, 'utf8'),
): Reading<V> {
  const values: Record<string, unknown> = {};
  const shown: Shown[] = [];
  const problems: string[] = [];
  for (const [name, variable] of Object.entries<Variable<unknown>>(variables)) {
    const found = find(name, environment, readFile);
    if ('problem' in found) {
      problems.push(found.problem);
      continue;
    }
    const text = found.text ?? variable.fallback;
    const source = found.text === undefined ? 'default' : found.source;
    shown.push({ name, source, text: text === undefined ? '' : variable.isSecret ? mask : text });
    if (text === undefined) continue;
    const parsed = variable.schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else problems.push(problemWith(name, text, variable));
  }
  return { values: values as Values<V>, shown, problems };
}

/** The sentence for a value that is not allowed; control characters in it are escaped. */
export function problemWith(
  name: string,
  text: string,
  variable: Pick<Variable<unknown>, 'allowed' | 'isSecret'>,
): string {
  const value = variable.isSecret ? mask : JSON.stringify(text.slice(0, 200));
  return `${name} is ${value}: it must be ${variable.allowed}`;
}

type Found = { text: string | undefined; source: Source } | { problem: string };

function find(name: string, environment: Environment, readFile: ReadFile): Found {
  const text = environment[name] || undefined;
  const path = environment[`${name}_FILE`] || undefined;
  if (path === undefined) return { text, source: 'environment' };
  const where = `${name}_FILE is ${JSON.stringify(path)}`;
  if (text !== undefined) return { problem: `${where}, but ${name} is set too: only one of them may be` };
  try {
    return { text: readFile(path).replace(/\r?\n$/, '') || undefined, source: 'file' };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    return { problem: `${where}: it must be the name of a file that can be read${code}` };
  }
}

const flagSchema = z
  .string()
  .toLowerCase()
  .pipe(z.enum(['true', 'false', '1', '0', 'yes', 'no', 'on', 'off']))
  .transform((text) => ['true', '1', 'yes', 'on'].includes(text));

/** true or false. */
export const flag = { schema: flagSchema, allowed: 'true or false' } as const;

/** A TCP port; 0 = a free one. */
export const port = {
  schema: z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .pipe(z.number().max(65_535)),
  allowed: 'a port, 0 to 65535',
} as const;

/** Any text without control characters. */
export const text = {
  schema: z.string().regex(/^\P{Cc}{1,512}$/u),
  allowed: 'text of 1 to 512 characters without control characters',
} as const;

/** host:port, an IPv6 host in brackets. */
export const address = {
  schema: z
    .string()
    .regex(/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/)
    .transform((value) => {
      const colon = value.lastIndexOf(':');
      return { host: value.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(value.slice(colon + 1)) };
    })
    .refine(({ port }) => port > 0 && port <= 65_535),
  allowed: 'host:port, such as 127.0.0.1:6379 or [::1]:6379',
} as const;

/** One host:port or several. */
export const addresses = {
  schema: z
    .string()
    .transform((value) => value.split(',').map((part) => part.trim()))
    .pipe(z.array(address.schema).min(1)),
  allowed: `${address.allowed}, or a list of them`,
} as const;

/** One of a few words. */
export const choice = <const W extends readonly [string, ...string[]]>(words: W) => ({
  schema: z.enum(words),
  allowed: `one of ${words.join(', ')}`,
});

const listOf = <T>(item: z.ZodType<T, string>) =>
  z
    .string()
    .transform((value) => value.split(',').map((part) => part.trim()))
    .pipe(z.array(item).min(1));

/** Origins of browsers as in their Origin header, or a single * for all. */
export const origins = {
  schema: z.union([
    z.literal('*').transform((): readonly string[] => ['*']),
    listOf(z.string().refine((value) => isOrigin(value))),
  ]),
  allowed: '* or a list of origins, such as https://shop.example,https://www.shop.example',
} as const;

function isOrigin(value: string): boolean {
  return /^https?:\/\//.test(value) && URL.canParse(value) && new URL(value).origin === value;
}

/** IP addresses and CIDR blocks. */
export const networks = {
  schema: listOf(z.string().refine((value) => isNetwork(value))),
  allowed: 'a list of IP addresses and CIDR blocks, such as 10.0.0.0/8,::1',
} as const;

function isNetwork(value: string): boolean {
  const [ip = '', bits, ...rest] = value.split('/');
  const version = isIP(ip);
  if (version === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** A signing key with its id. */
export interface KeyWithId {
  readonly kid: string;
  readonly secret: Buffer;
}

const keyListOf = (secretOf: (text: string) => Buffer) =>
  listOf(
    z
      .string()
      .regex(/^[A-Za-z0-9]{1,16}:[\x21-\x7e]{32,512}$/)
      .transform((value): KeyWithId => {
        const colon = value.indexOf(':');
        return { kid: value.slice(0, colon), secret: secretOf(value.slice(colon + 1)) };
      }),
  ).refine((list) => new Set(list.map(({ kid }) => kid)).size === list.length);

const allowedKeys =
  'a list of kid:key, each kid once and of 1 to 16 letters and digits, each key of 32 to 512 printable characters';

/** Keys of a keyed hash, taken as they are written: the first signs, all verify. */
export const macKeys = {
  schema: keyListOf((value) => Buffer.from(value)),
  allowed: allowedKeys,
  isSecret: true,
} as const;

/** Private keys of 32 bytes, written in hex or base64; of any other text its SHA-256 is the key. */
export const seedKeys = { schema: keyListOf(seedOf), allowed: allowedKeys, isSecret: true } as const;

function seedOf(value: string): Buffer {
  if (/^[0-9A-Fa-f]{64}$/.test(value)) return Buffer.from(value, 'hex');
  if (/^[\w+/-]{43}=?$/.test(value)) return Buffer.from(value, 'base64');
  return createHash('sha256').update(value).digest();
}

/** An IANA time zone. */
export const timeZone = {
  schema: z.string().refine((value) => isTimeZone(value)),
  allowed: 'an IANA time zone, such as Asia/Seoul',
} as const;

function isTimeZone(value: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** A number above zero. */
export const positiveNumber = {
  schema: z
    .string()
    .regex(/^\d+(\.\d+)?$/)
    .transform(Number)
    .pipe(z.number().positive().max(1e9)),
  allowed: 'a number above 0',
} as const;
