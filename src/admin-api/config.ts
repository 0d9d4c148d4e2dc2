/**
 * The admin API's settings from the environment. Every problem is reported at once, each with the variable, its value
 * (masked where secret) and what is allowed. Each NAME may also come as NAME_FILE, a file with the value in it.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import { parseTokens } from './auth.ts';

type Env = Readonly<Record<string, string | undefined>>;

const flag = z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1');
const endpoint = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):\d{1,5}$/, 'host:port')
  .refine(
    (text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535,
    'host:port with a port of 0 to 65535',
  );

const variables = {
  ADMIN_ADDRESS: endpoint.default('127.0.0.1:8002'),
  ADMIN_ALLOW_PLAINTEXT: flag.default(false),
  ADMIN_TOKENS: z.string().default(''),
  REDIS_ADDRESS: z
    .string()
    .regex(/^\S+:\d{1,5}(,\S+:\d{1,5})*$/, 'host:port, several separated by commas')
    .default('127.0.0.1:6379'),
  REDIS_USERNAME: z.string().optional(),
  REDIS_PASSWORD: z.string().optional(),
  REDIS_TLS_ENABLED: flag.default(false),
  REDIS_CLUSTER_MODE: flag.default(false),
  REDIS_SENTINELS: z.string().optional(),
  REDIS_SENTINEL_MASTER: z.string().optional(),
  SERVER_ENVIRONMENT: z.enum(['development', 'test', 'staging', 'production']).default('development'),
  ENVIRONMENT_NAME: z.string().min(1).max(64).optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  TACOS_TIME_ZONE: z.string().refine(isTimeZone, 'a zone of the IANA list, such as Asia/Seoul').optional(),
} as const;

const schema = z.object(variables);
const secrets = new Set<string>(['ADMIN_TOKENS', 'REDIS_PASSWORD']);

/** Settings as parsed, by the names of their variables. */
export type AdminConfig = z.output<typeof schema>;

/** One thing wrong with the environment, as a sentence. */
export type ConfigProblem = string;

/** Reads the settings; never throws for bad ones. */
export function readConfig(env: Env): { config: AdminConfig } | { problems: ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const raw: Record<string, string> = {};
  for (const name of Object.keys(variables)) {
    const value = rawValue(env, name, problems);
    if (value !== undefined && value !== '') raw[name] = value;
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const name = String(issue.path[0]);
      problems.push(`${name}=${shown(name, raw[name])}: ${allowed(issue)}`);
    }
    return { problems };
  }
  problems.push(...crossCheck(parsed.data));
  return problems.length > 0 ? { problems } : { config: parsed.data };
}

/** The effective settings as `NAME=value` lines, secrets masked. */
export function printableConfig(config: AdminConfig): string {
  return Object.entries(config)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${shown(name, String(value))}\n`)
    .join('');
}

/** Host and port of ADMIN_ADDRESS. */
export function listenAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}

/** Whether an address is reached from this machine only. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

function rawValue(env: Env, name: string, problems: ConfigProblem[]): string | undefined {
  // ADMIN_TOKEN_FILE, one token a line, is the older and shorter name of ADMIN_TOKENS_FILE.
  const file = env[`${name}_FILE`] ?? (name === 'ADMIN_TOKENS' ? env.ADMIN_TOKEN_FILE : undefined);
  if (file === undefined || file === '') return env[name];
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    problems.push(`${name}_FILE=${file}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
    return undefined;
  }
}

function crossCheck(config: AdminConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { host } = listenAddress(config.ADMIN_ADDRESS);
  if (!isLoopback(host) && !config.ADMIN_ALLOW_PLAINTEXT) {
    problems.push(
      `ADMIN_ADDRESS=${config.ADMIN_ADDRESS}: without TLS only a loopback address such as 127.0.0.1:8002, ` +
        'or set ADMIN_ALLOW_PLAINTEXT=true where something in front encrypts',
    );
  }
  const tokens = parseTokens(config.ADMIN_TOKENS);
  problems.push(...tokens.problems.map((problem) => `ADMIN_TOKENS: ${problem}`));
  if (tokens.problems.length === 0 && tokens.tokens.length === 0) {
    problems.push(
      'ADMIN_TOKENS: at least one role:name:token is needed, here or in the file ADMIN_TOKEN_FILE',
    );
  }
  if (config.REDIS_CLUSTER_MODE && config.REDIS_SENTINELS !== undefined) {
    problems.push('REDIS_CLUSTER_MODE=true: not together with REDIS_SENTINELS');
  }
  if ((config.REDIS_SENTINELS === undefined) !== (config.REDIS_SENTINEL_MASTER === undefined)) {
    problems.push('REDIS_SENTINELS: only together with REDIS_SENTINEL_MASTER');
  }
  return problems;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const shown = (name: string, value = ''): string => (secrets.has(name) ? '***' : value);

function allowed(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return `one of ${issue.values.join(', ')}`;
  return issue.message;
}
