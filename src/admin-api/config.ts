/** The admin API's settings: read once from the environment, checked all at once, never changed afterwards. */
import { isIP } from 'node:net';
import { z } from 'zod';
import {
  address,
  choice,
  type Environment,
  flag,
  macKeys,
  problemsOfUnsupported,
  problemWith,
  readVariables,
  type Shown,
  text,
  timeZone,
  type Values,
} from '../contract/config.ts';
import { type KnownToken, parseTokens } from './auth.ts';

const listenAddress = {
  schema: z
    .string()
    .regex(/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/)
    .transform((value) => {
      const colon = value.lastIndexOf(':');
      return { host: value.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(value.slice(colon + 1)) };
    })
    .refine(({ port }) => port <= 65_535),
  allowed: 'host:port, such as 127.0.0.1:8002; port 0 = a free one',
} as const;

/** As a file it has one token a line, so control characters are fine here. */
const tokenList = {
  schema: z.string().max(64 * 1024),
  allowed: 'role:name:token, several separated by commas or lines',
  isSecret: true,
} as const;

const variables = {
  ADMIN_ADDRESS: { ...listenAddress, fallback: '127.0.0.1:8002' },
  ADMIN_ALLOW_PLAINTEXT: { ...flag, fallback: 'false' },
  ADMIN_TOKENS: tokenList,
  SERVER_ENVIRONMENT: { ...choice(['development', 'test', 'production']), fallback: 'development' },
  ENVIRONMENT_NAME: text,
  LOG_LEVEL: {
    ...choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    fallback: 'info',
  },
  REDIS_ADDRESS: { ...address, fallback: '127.0.0.1:6379' },
  REDIS_USERNAME: text,
  REDIS_PASSWORD: { ...text, isSecret: true },
  REDIS_TLS_ENABLED: { ...flag, fallback: 'false' },
  /** Only the id of the first key is used: the one that new events are made with. */
  WAITING_TOKEN_KEYS: macKeys,
  TACOS_TIME_ZONE: { ...timeZone, fallback: 'UTC' },
} as const;

/** Variables of features that the admin API does not have yet: set, they stop it, lest it look as if they worked. */
const unsupported = [
  'REDIS_CLUSTER_MODE',
  'REDIS_SENTINELS',
  'REDIS_SENTINEL_MASTER',
  'REDIS_PASSWORD_FROM_SECRETS',
  'AWS_SECRET_NAME',
  'ADMIN_TLS_CERT_FILE',
  'ADMIN_TLS_KEY_FILE',
  'ADMIN_OIDC_ISSUERS',
] as const;

/** Key id of the development keys of gateways that were given none. */
const developmentKid = 'dev';

/** Settings in force. */
export interface AdminConfig {
  /** Port 0 = a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly tokens: readonly KnownToken[];
  readonly environmentName: string;
  readonly logLevel: Values<typeof variables>['LOG_LEVEL'];
  readonly redis: {
    readonly host: string;
    readonly port: number;
    readonly username?: string;
    readonly password?: string;
    readonly tls: boolean;
  };
  readonly signingKid: string;
  readonly timeZone: string;
}

/** Reads the settings, or says all that is wrong with them. ADMIN_TOKEN_FILE is another name of ADMIN_TOKENS_FILE. */
export function loadConfig(
  environment: Environment,
): { config: AdminConfig; shown: readonly Shown[] } | { problems: readonly string[] } {
  const { ADMIN_TOKEN_FILE: tokenFile } = environment;
  const known = tokenFile === undefined ? environment : { ADMIN_TOKENS_FILE: tokenFile, ...environment };
  const { values, shown, problems } = readVariables(variables, known);
  const tokens = parseTokens(values.ADMIN_TOKENS ?? '');
  const isBroken = problems.length > 0;
  const all = [
    ...problems,
    ...(isBroken ? [] : problemsBetween(values)),
    ...tokens.problems.map((problem) => `ADMIN_TOKENS is ***: ${problem}`),
    ...problemsOfUnsupported(unsupported, environment),
  ];
  if (!isBroken && tokens.tokens.length + tokens.problems.length === 0) {
    all.push(
      `ADMIN_TOKENS is not set: it must be ${tokenList.allowed}, here or in the file ADMIN_TOKEN_FILE`,
    );
  }
  return all.length > 0 ? { problems: all } : { config: toConfig(values, tokens.tokens), shown };
}

function problemsBetween(values: Values<typeof variables>): string[] {
  const problems: string[] = [];
  const { host, port } = values.ADMIN_ADDRESS;
  if (!isLoopback(host) && !values.ADMIN_ALLOW_PLAINTEXT) {
    problems.push(
      problemWith('ADMIN_ADDRESS', `${host}:${port}`, {
        allowed:
          'a loopback address such as 127.0.0.1:8002, as tokens would cross the network in the clear; ' +
          'ADMIN_ALLOW_PLAINTEXT=true takes it where something in front encrypts',
      }),
    );
  }
  if (values.SERVER_ENVIRONMENT === 'production' && values.WAITING_TOKEN_KEYS === undefined) {
    problems.push(`WAITING_TOKEN_KEYS is not set: production needs ${macKeys.allowed}`);
  }
  return problems;
}

function toConfig(values: Values<typeof variables>, tokens: readonly KnownToken[]): AdminConfig {
  const { REDIS_USERNAME: username, REDIS_PASSWORD: password } = values;
  return {
    listen: values.ADMIN_ADDRESS,
    tokens,
    environmentName: values.ENVIRONMENT_NAME ?? values.SERVER_ENVIRONMENT,
    logLevel: values.LOG_LEVEL,
    redis: {
      ...values.REDIS_ADDRESS,
      tls: values.REDIS_TLS_ENABLED,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    },
    signingKid: values.WAITING_TOKEN_KEYS?.[0]?.kid ?? developmentKid,
    timeZone: values.TACOS_TIME_ZONE,
  };
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
