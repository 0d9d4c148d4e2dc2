/** The admin API's settings: read once from the environment, checked all at once, never changed afterwards. */
import { isIP } from 'node:net';
import { z } from 'zod';
import {
  choice,
  type Environment,
  flag,
  type KeyWithId,
  macKeys,
  positiveNumber,
  problemWith,
  readVariables,
  type Shown,
  text,
  timeZone,
  type Values,
} from '../contract/config.ts';
import {
  httpUrl,
  type RedisSettings,
  redisProblems,
  redisSettings,
  redisVariables,
} from '../contract/config-kinds.ts';
import { developmentKeyProblems, developmentWaitingTokenKeys } from '../contract/development-keys.ts';
import { environmentKindOf } from '../contract/environment.ts';
import type { ClusterSettings } from './cluster/autoscaler.ts';
import type { LoadRunnerSettings } from './cluster/load-runner.ts';
import { clusterOf, clusterVariables, loadtestsOf, problemsOfCluster } from './config-cluster.ts';
import { issuersAllowed, type OidcIssuer, parseIssuers } from './sign-in/oidc-issuers.ts';
import { type KnownToken, parseTokens } from './sign-in/token-list.ts';
import { readTls, TlsFileError, type TlsFiles } from './tls.ts';

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

/** JSON, over several lines where it likes. */
const issuerList = { schema: z.string().max(256 * 1024), allowed: issuersAllowed } as const;

/** Addresses of webhooks carry tokens. */
const webUrl = { ...httpUrl, isSecret: true } as const;

/** The admin API's environment variables. */
export const variables = {
  ADMIN_ADDRESS: { ...listenAddress, fallback: '127.0.0.1:8002' },
  ADMIN_ALLOW_PLAINTEXT: { ...flag, fallback: 'false' },
  /** Whether /metrics needs no token. */
  ADMIN_METRICS_OPEN: { ...flag, fallback: 'false' },
  ADMIN_TLS_CERT_FILE: text,
  ADMIN_TLS_KEY_FILE: text,
  ADMIN_TOKENS: tokenList,
  ADMIN_OIDC_ISSUERS: issuerList,
  ALERT_WEBHOOK_URL: webUrl,
  BACKEND_BUDGET_PER_SEC: positiveNumber,
  SERVER_ENVIRONMENT: { ...choice(['development', 'test', 'production']), fallback: 'development' },
  ENVIRONMENT_NAME: text,
  ...clusterVariables,
  LOG_LEVEL: {
    ...choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    fallback: 'info',
  },
  ...redisVariables,
  /** As the gateways have them: new events are made with the first, visitors' references come from all. */
  WAITING_TOKEN_KEYS: macKeys,
  TACOS_TIME_ZONE: { ...timeZone, fallback: 'UTC' },
} as const;

/** With what production does without. */
const developmentVariables = {
  ...variables,
  WAITING_TOKEN_KEYS: { ...macKeys, fallback: developmentWaitingTokenKeys },
} as const;

/** Settings in force. */
export interface AdminConfig {
  /** Port 0 = a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Absent = plain http. */
  readonly tls?: TlsFiles;
  readonly metricsOpen: boolean;
  readonly tokens: readonly KnownToken[];
  readonly issuers: readonly OidcIssuer[];
  readonly environmentName: string;
  /** Production, or something like it: felt changes want a reason. */
  readonly isProtected: boolean;
  readonly logLevel: Values<typeof variables>['LOG_LEVEL'];
  readonly redis: RedisSettings;
  /** The first signs. */
  readonly waitingTokenKeys: readonly KeyWithId[];
  readonly timeZone: string;
  readonly webhookUrl?: string;
  /** Absent = no autoscaler is steered. */
  readonly cluster?: ClusterSettings;
  /** Absent = no load tests are started. */
  readonly loadtests?: LoadRunnerSettings;
  /** Admissions a second of all events together, until `budget set` says otherwise. */
  readonly budgetPerSec?: number;
}

/** What came of reading the settings; `shown` holds what could be read either way. */
export type LoadedConfig =
  | { readonly config: AdminConfig; readonly shown: readonly Shown[] }
  | { readonly problems: readonly string[]; readonly shown: readonly Shown[] };

/** Reads the settings, or says all that is wrong with them. ADMIN_TOKEN_FILE is another name of ADMIN_TOKENS_FILE. */
export function loadConfig(environment: Environment): LoadedConfig {
  const { ADMIN_TOKEN_FILE: tokenFile } = environment;
  const known = tokenFile === undefined ? environment : { ADMIN_TOKENS_FILE: tokenFile, ...environment };
  const { SERVER_ENVIRONMENT } = variables;
  const isProduction =
    readVariables({ SERVER_ENVIRONMENT }, known).values.SERVER_ENVIRONMENT === 'production';
  const reading = readVariables(isProduction ? variables : developmentVariables, known);
  const { shown } = reading;
  const values: Values<typeof variables> = reading.values;
  const tokens = parseTokens(values.ADMIN_TOKENS ?? '');
  const oidc =
    values.ADMIN_OIDC_ISSUERS === undefined
      ? { issuers: [], problems: [] }
      : parseIssuers(values.ADMIN_OIDC_ISSUERS);
  const problems = [
    ...reading.problems,
    ...tokens.problems.map((problem) => `ADMIN_TOKENS is ***: ${problem}`),
    ...oidc.problems.map((problem) => `ADMIN_OIDC_ISSUERS: ${problem}`),
    ...problemsOfTls(values),
    ...(reading.problems.length > 0 ? [] : redisProblems(values)),
    ...problemsOfListening(values),
    ...(isProduction ? problemsInProduction(values, shown) : []),
    ...problemsOfCluster(values, environment),
  ];
  const isRead = ['ADMIN_TOKENS', 'ADMIN_OIDC_ISSUERS'].every((name) =>
    shown.some((each) => each.name === name),
  );
  const found = [tokens.tokens, tokens.problems, oidc.issuers, oidc.problems];
  if (isRead && found.every((list) => list.length === 0)) {
    problems.push(
      `ADMIN_TOKENS is not set: it must be ${tokenList.allowed}, here or in the file ADMIN_TOKEN_FILE, ` +
        'unless ADMIN_OIDC_ISSUERS says whose tokens are taken',
    );
  }
  if (problems.length > 0) return { problems, shown };
  return { config: toConfig(values, { tokens: tokens.tokens, issuers: oidc.issuers }), shown };
}

/** The files of the certificate; undefined = none are set. */
function tlsFilesOf(values: Partial<Values<typeof variables>>): TlsFiles | undefined {
  const { ADMIN_TLS_CERT_FILE: certFile, ADMIN_TLS_KEY_FILE: keyFile } = values;
  return certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
}

function problemsOfTls(values: Partial<Values<typeof variables>>): string[] {
  const { ADMIN_TLS_CERT_FILE: certFile, ADMIN_TLS_KEY_FILE: keyFile } = values;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const missing = certFile === undefined ? 'ADMIN_TLS_CERT_FILE' : 'ADMIN_TLS_KEY_FILE';
    return [`${missing} is not set: certificate and key go together, each as the name of a PEM file`];
  }
  try {
    const files = tlsFilesOf(values);
    if (files !== undefined) readTls(files);
    return [];
  } catch (error) {
    if (error instanceof TlsFileError) return [error.message];
    throw error;
  }
}

function problemsOfListening(values: Partial<Values<typeof variables>>): string[] {
  if (values.ADMIN_ADDRESS === undefined || isLoopback(values.ADMIN_ADDRESS.host)) return [];
  if (values.ADMIN_ALLOW_PLAINTEXT === true || tlsFilesOf(values) !== undefined) return [];
  const { host, port } = values.ADMIN_ADDRESS;
  return [
    problemWith('ADMIN_ADDRESS', `${host}:${port}`, {
      allowed:
        'a loopback address such as 127.0.0.1:8002, as tokens would cross the network in the clear; ' +
        'ADMIN_TLS_CERT_FILE and ADMIN_TLS_KEY_FILE encrypt, ' +
        'ADMIN_ALLOW_PLAINTEXT=true takes it where something in front does',
    }),
  ];
}

function problemsInProduction(values: Values<typeof variables>, shown: readonly Shown[]): string[] {
  const isMissing = shown.some(({ name, text }) => name === 'WAITING_TOKEN_KEYS' && text === '');
  if (isMissing) return [`WAITING_TOKEN_KEYS is not set: production needs ${macKeys.allowed}`];
  return developmentKeyProblems('WAITING_TOKEN_KEYS', values.WAITING_TOKEN_KEYS ?? []);
}

function toConfig(
  values: Values<typeof variables>,
  lists: Pick<AdminConfig, 'tokens' | 'issuers'>,
): AdminConfig {
  const { ALERT_WEBHOOK_URL: webhookUrl, BACKEND_BUDGET_PER_SEC: budgetPerSec } = values;
  const tls = tlsFilesOf(values);
  const cluster = clusterOf(values);
  const loadtests = loadtestsOf(values);
  const environmentName = values.ENVIRONMENT_NAME ?? values.SERVER_ENVIRONMENT;
  return {
    listen: values.ADMIN_ADDRESS,
    ...(tls === undefined ? {} : { tls }),
    metricsOpen: values.ADMIN_METRICS_OPEN,
    ...lists,
    environmentName,
    isProtected: isProtected(environmentName, values.SERVER_ENVIRONMENT),
    logLevel: values.LOG_LEVEL,
    redis: redisSettings(values),
    waitingTokenKeys: values.WAITING_TOKEN_KEYS ?? [],
    timeZone: values.TACOS_TIME_ZONE,
    ...(cluster === undefined ? {} : { cluster }),
    ...(loadtests === undefined ? {} : { loadtests }),
    ...(webhookUrl === undefined ? {} : { webhookUrl }),
    ...(budgetPerSec === undefined ? {} : { budgetPerSec }),
  };
}

/**
 * Production is protected. A staging area runs as production does and is named otherwise: a name decides that says
 * plainly what it is, such as apne2-prod or staging-2; any other name leaves it to SERVER_ENVIRONMENT.
 */
function isProtected(name: string, server: string): boolean {
  const kind = environmentKindOf(name);
  return kind === undefined ? server === 'production' : kind === 'prod';
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
