/** The gateway's settings: read once from the environment, checked all at once, never changed afterwards. */
import {
  address,
  choice,
  developmentWaitingTokenKeys,
  type Environment,
  flag,
  type KeyWithId,
  macKeys,
  networks,
  origins,
  port,
  positiveNumber,
  problemsOfUnsupported,
  readVariables,
  type Shown,
  seedKeys,
  text,
  timeZone,
  type Values,
} from '../contract/config.ts';
import { isDevToken } from './auth/dev-tokens.ts';

const environments = ['development', 'test', 'production'] as const;
export type ServerEnvironment = (typeof environments)[number];

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const variables = {
  SERVER_HOST: { ...text, fallback: '127.0.0.1' },
  SERVER_PORT: { ...port, fallback: '8000' },
  SERVER_ENVIRONMENT: { ...choice(environments), fallback: 'development' },
  ENVIRONMENT_NAME: text,
  LOG_LEVEL: { ...choice(levels), fallback: 'info' },
  REDIS_ADDRESS: { ...address, fallback: '127.0.0.1:6379' },
  REDIS_USERNAME: text,
  REDIS_PASSWORD: { ...text, isSecret: true },
  REDIS_TLS_ENABLED: { ...flag, fallback: 'false' },
  WAITING_TOKEN_KEYS: macKeys,
  RESERVATION_TOKEN_KEYS: seedKeys,
  JWT_SECRET: { ...text, isSecret: true },
  JWT_ISSUER: text,
  JWT_AUDIENCE: text,
  EVENTS_AUTO_CREATE: flag,
  AUTH_ENTER_REQUIRED: { ...flag, fallback: 'true' },
  TRUSTED_PROXIES: networks,
  CORS_ALLOW_ORIGINS: origins,
  ADMIN_ADDRESS: { ...address, fallback: '127.0.0.1:8002' },
  BACKEND_BUDGET_PER_SEC: positiveNumber,
  TACOS_TIME_ZONE: { ...timeZone, fallback: 'UTC' },
} as const;

/** Variables of features that the gateway does not have yet: set, they stop it, lest it look as if they worked. */
const unsupported = [
  'SERVER_GRPC_PORT',
  'REDIS_CLUSTER_MODE',
  'REDIS_SENTINELS',
  'REDIS_SENTINEL_MASTER',
  'REDIS_PASSWORD_FROM_SECRETS',
  'AWS_SECRET_NAME',
  'JWT_JWKS_ENDPOINT',
  'JWT_CACHE_TTL',
  'BACKEND_RESERVATION_API_GRPC_ADDRESS',
  'BACKEND_INVENTORY_API_GRPC_ADDRESS',
  'BACKEND_PAYMENT_API_GRPC_ADDRESS',
  'BACKEND_TLS_CA_FILE',
  'RATE_LIMIT_ENABLED',
  'RATE_LIMIT_RPS',
  'RATE_LIMIT_BURST',
  'RATE_LIMIT_IP_RPS',
  'OBSERVABILITY_TRACING_ENABLED',
  'OBSERVABILITY_OTLP_ENDPOINT',
  'OBSERVABILITY_SAMPLE_RATE',
  'DYNAMODB_USERS_TABLE',
] as const;

/** With what production does without. These keys are public, hence worthless anywhere else. */
const developmentVariables = {
  ...variables,
  WAITING_TOKEN_KEYS: { ...macKeys, fallback: developmentWaitingTokenKeys },
  RESERVATION_TOKEN_KEYS: { ...seedKeys, fallback: 'dev:reservation-token-key-for-development' },
  EVENTS_AUTO_CREATE: { ...flag, fallback: 'true' },
} as const;

export interface GatewayConfig {
  readonly host: string;
  /** 0 = a free one. */
  readonly port: number;
  readonly environment: ServerEnvironment;
  readonly environmentName: string;
  readonly logLevel: (typeof levels)[number];
  readonly redis: {
    readonly host: string;
    readonly port: number;
    readonly username?: string;
    readonly password?: string;
    readonly tls: boolean;
  };
  readonly waitingTokenKeys: readonly KeyWithId[];
  readonly reservationTokenKeys: readonly KeyWithId[];
  readonly jwt: { readonly secret?: string; readonly issuer?: string; readonly audience?: string };
  readonly eventsAutoCreate: boolean;
  readonly authEnterRequired: boolean;
  readonly trustedProxies: readonly string[];
  readonly corsAllowOrigins: readonly string[];
  readonly adminAddress: { readonly host: string; readonly port: number };
  readonly backendBudgetPerSec?: number;
  readonly timeZone: string;
  /** How long a stopping gateway says "not ready" and goes on serving before it stops listening, ms. */
  readonly drainNoticeMs: number;
}

export interface LoadedConfig {
  readonly config: GatewayConfig;
  /** The settings in force, for --print-config. */
  readonly shown: readonly Shown[];
  /** Sentences for the log. */
  readonly warnings: readonly string[];
}

/** Kubernetes takes a pod out of its services some seconds after it said "not ready". */
const drainNoticeMs = { development: 100, test: 100, production: 5_000 } as const;

/** Reads the settings, or says all that is wrong with them. */
export function loadConfig(
  environment: Environment,
): LoadedConfig | { readonly problems: readonly string[] } {
  const { SERVER_ENVIRONMENT } = variables;
  const isProduction =
    readVariables({ SERVER_ENVIRONMENT }, environment).values.SERVER_ENVIRONMENT === 'production';
  const { values, shown, problems } = readVariables(
    isProduction ? variables : developmentVariables,
    environment,
  );
  const all = [
    ...problems,
    ...(isProduction ? problemsInProduction(values, shown) : []),
    ...problemsOfUnsupported(unsupported, environment),
  ];
  if (all.length > 0) return { problems: all };
  return { config: toConfig(values), shown, warnings: warningsFor(values, shown, isProduction) };
}

function problemsInProduction(values: Values<typeof variables>, shown: readonly Shown[]): string[] {
  const problems: string[] = [];
  for (const name of ['WAITING_TOKEN_KEYS', 'RESERVATION_TOKEN_KEYS'] as const) {
    const isMissing = shown.some((each) => each.name === name && each.text === '');
    if (isMissing) problems.push(`${name} is not set: production needs ${variables[name].allowed}`);
    if (values[name]?.some(({ kid }) => kid === 'dev')) {
      problems.push(`${name} has a key named dev: production must not use the development keys`);
    }
  }
  if (values.EVENTS_AUTO_CREATE) {
    problems.push(
      'EVENTS_AUTO_CREATE is "true": in production it must be false, as operators make the events there',
    );
  }
  if (values.JWT_SECRET !== undefined && (values.JWT_SECRET.length < 32 || isDevToken(values.JWT_SECRET))) {
    problems.push(
      'JWT_SECRET is ***: in production it must be 32 to 512 characters and no development token',
    );
  }
  return problems;
}

function warningsFor(
  values: Values<typeof variables>,
  shown: readonly Shown[],
  isProduction: boolean,
): string[] {
  if (isProduction) {
    const isClosed = values.AUTH_ENTER_REQUIRED && values.JWT_SECRET === undefined;
    return isClosed ? ['JWT_SECRET is not set while AUTH_ENTER_REQUIRED is true: nobody can enter'] : [];
  }
  return shown
    .filter(({ name, source }) => name.endsWith('_TOKEN_KEYS') && source === 'default')
    .map(({ name }) => `${name} is not set: tokens are signed with a public development key`);
}

function toConfig(values: Values<typeof variables>): GatewayConfig {
  const { REDIS_USERNAME: username, REDIS_PASSWORD: password } = values;
  const { JWT_SECRET: secret, JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = values;
  const budget = values.BACKEND_BUDGET_PER_SEC;
  return {
    host: values.SERVER_HOST,
    port: values.SERVER_PORT,
    environment: values.SERVER_ENVIRONMENT,
    environmentName: values.ENVIRONMENT_NAME ?? values.SERVER_ENVIRONMENT,
    logLevel: values.LOG_LEVEL,
    redis: {
      ...values.REDIS_ADDRESS,
      tls: values.REDIS_TLS_ENABLED,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    },
    waitingTokenKeys: values.WAITING_TOKEN_KEYS ?? [],
    reservationTokenKeys: values.RESERVATION_TOKEN_KEYS ?? [],
    jwt: {
      ...(secret === undefined ? {} : { secret }),
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
    },
    eventsAutoCreate: values.EVENTS_AUTO_CREATE ?? false,
    authEnterRequired: values.AUTH_ENTER_REQUIRED,
    trustedProxies: values.TRUSTED_PROXIES ?? [],
    corsAllowOrigins: values.CORS_ALLOW_ORIGINS ?? [],
    adminAddress: values.ADMIN_ADDRESS,
    ...(budget === undefined ? {} : { backendBudgetPerSec: budget }),
    timeZone: values.TACOS_TIME_ZONE,
    drainNoticeMs: drainNoticeMs[values.SERVER_ENVIRONMENT],
  };
}
