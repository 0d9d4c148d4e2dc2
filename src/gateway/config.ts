/** The gateway's settings: read once from the environment, checked all at once, never changed afterwards. */
import {
  type Environment,
  flag,
  type KeyWithId,
  macKeys,
  readVariables,
  type Shown,
  seedKeys,
  text,
  type Values,
} from '../contract/config.ts';
import { present, type RedisSettings, redisProblems, redisSettings } from '../contract/config-kinds.ts';
import {
  developmentReservationTokenKeys,
  developmentWaitingTokenKeys,
} from '../contract/development-keys.ts';
import type { BrakePolicy } from '../queue/brake.ts';
import type { BackendName } from './backends/backends.ts';
import { developmentJwtSecret, problemsInProduction } from './production.ts';
import { type environments, type levels, type testFaults, variables } from './variables.ts';

export type ServerEnvironment = (typeof environments)[number];

/** With what production does without. These keys are public, hence worthless anywhere else. */
const developmentVariables = {
  ...variables,
  WAITING_TOKEN_KEYS: { ...macKeys, fallback: developmentWaitingTokenKeys },
  RESERVATION_TOKEN_KEYS: { ...seedKeys, fallback: developmentReservationTokenKeys },
  EVENTS_AUTO_CREATE: { ...flag, fallback: 'true' },
  JWT_SECRET: { ...text, isSecret: true, fallback: developmentJwtSecret },
  SERVER_DRAIN_NOTICE_MS: { ...variables.SERVER_DRAIN_NOTICE_MS, fallback: '100' },
} as const;

export interface GatewayConfig {
  readonly host: string;
  /** 0 = a free one. */
  readonly port: number;
  readonly grpcPort: number;
  readonly environment: ServerEnvironment;
  readonly environmentName: string;
  readonly logLevel: (typeof levels)[number];
  readonly redis: RedisSettings;
  readonly waitingTokenKeys: readonly KeyWithId[];
  readonly reservationTokenKeys: readonly KeyWithId[];
  readonly jwt: {
    /** Verifies and signs HS256. */
    readonly secret?: string;
    readonly jwksEndpoint?: string;
    readonly issuer?: string;
    readonly audience?: string;
    /** How long keys from the endpoint are used before they are asked for again, s. */
    readonly cacheTtlSec: number;
  };
  /** Undefined = users are kept in Redis. */
  readonly usersTable?: { readonly name: string; readonly region: string };
  readonly eventsAutoCreate: boolean;
  readonly authEnterRequired: boolean;
  readonly trustedProxies: readonly string[];
  readonly corsAllowOrigins: readonly string[];
  readonly adminAddress: { readonly host: string; readonly port: number };
  readonly rateLimit: {
    readonly enabled: boolean;
    /** Per verified place or subject. */
    readonly perSec: number;
    readonly burst: number;
    /** Per address of everybody else; its burst is twice as much. */
    readonly ipPerSec: number;
    readonly exempt: readonly string[];
  };
  /** Lag of the event loop that is held while there is too much to do, ms; 0 = nothing is refused for it. */
  readonly overloadLagMs: number;
  readonly backends: {
    readonly addresses: Readonly<
      Partial<Record<BackendName, { readonly host: string; readonly port: number }>>
    >;
    readonly tlsCaFile?: string;
    readonly tlsCertFile?: string;
    readonly tlsKeyFile?: string;
    readonly webhookUrl?: string;
  };
  readonly brake: BrakePolicy;
  readonly tracing: {
    readonly enabled: boolean;
    readonly endpoint: string;
    readonly sampleRate: number;
    readonly xray: boolean;
  };
  readonly backendBudgetPerSec?: number;
  readonly timeZone: string;
  /** A promise that this gateway breaks on purpose; never outside of tests. */
  readonly testFault?: (typeof testFaults)[number];
  /** How long a stopping gateway says "not ready" and goes on serving before it hands over, ms. */
  readonly drainNoticeMs: number;
}

export interface LoadedConfig {
  readonly config: GatewayConfig;
  /** The settings in force, for --print-config. */
  readonly shown: readonly Shown[];
  /** Sentences for the log. */
  readonly warnings: readonly string[];
}

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
    ...(problems.length > 0 ? [] : problemsBetween(values)),
  ];
  if (all.length > 0) return { problems: all };
  return { config: toConfig(values), shown, warnings: warningsFor(values, shown, isProduction) };
}

/** What is wrong only together. */
function problemsBetween(values: Values<typeof variables>): string[] {
  const problems: string[] = redisProblems(values);
  if (values.DYNAMODB_USERS_TABLE !== undefined && values.AWS_REGION === undefined)
    problems.push('AWS_REGION is not set: DYNAMODB_USERS_TABLE needs it');
  if ((values.BACKEND_TLS_CERT_FILE === undefined) !== (values.BACKEND_TLS_KEY_FILE === undefined))
    problems.push('BACKEND_TLS_CERT_FILE and BACKEND_TLS_KEY_FILE belong together: set both or none');
  if (values.BACKEND_TLS_CERT_FILE !== undefined && values.BACKEND_TLS_CA_FILE === undefined)
    problems.push('BACKEND_TLS_CA_FILE is not set: BACKEND_TLS_CERT_FILE needs it');
  if (values.TEST_FAULT !== undefined && values.SERVER_ENVIRONMENT !== 'test')
    problems.push('TEST_FAULT is set: only with SERVER_ENVIRONMENT=test does a gateway break a promise');
  return problems;
}

function warningsFor(
  values: Values<typeof variables>,
  shown: readonly Shown[],
  isProduction: boolean,
): string[] {
  if (isProduction) {
    const isOpen = values.JWT_SECRET !== undefined || values.JWT_JWKS_ENDPOINT !== undefined;
    if (isOpen || !values.AUTH_ENTER_REQUIRED) return [];
    return [
      'neither JWT_SECRET nor JWT_JWKS_ENDPOINT is set while AUTH_ENTER_REQUIRED is true: nobody can enter',
    ];
  }
  const { TEST_FAULT: fault } = values;
  const broken =
    fault === undefined ? [] : [`TEST_FAULT is ${fault}: this gateway breaks a promise on purpose`];
  const keys = shown.filter(({ name, source }) => name.endsWith('_TOKEN_KEYS') && source === 'default');
  return [
    ...keys.map(({ name }) => `${name} is not set: tokens are signed with a public development key`),
    ...broken,
  ];
}

function toConfig(values: Values<typeof variables>): GatewayConfig {
  const budget = values.BACKEND_BUDGET_PER_SEC;
  return {
    host: values.SERVER_HOST,
    port: values.SERVER_PORT,
    grpcPort: values.SERVER_GRPC_PORT,
    environment: values.SERVER_ENVIRONMENT,
    environmentName: values.ENVIRONMENT_NAME ?? values.SERVER_ENVIRONMENT,
    logLevel: values.LOG_LEVEL,
    redis: redisSettings(values),
    waitingTokenKeys: values.WAITING_TOKEN_KEYS ?? [],
    reservationTokenKeys: values.RESERVATION_TOKEN_KEYS ?? [],
    jwt: {
      cacheTtlSec: values.JWT_CACHE_TTL,
      ...present({
        secret: values.JWT_SECRET,
        jwksEndpoint: values.JWT_JWKS_ENDPOINT,
        issuer: values.JWT_ISSUER,
        audience: values.JWT_AUDIENCE,
      }),
    },
    ...(values.DYNAMODB_USERS_TABLE === undefined
      ? {}
      : { usersTable: { name: values.DYNAMODB_USERS_TABLE, region: values.AWS_REGION ?? '' } }),
    eventsAutoCreate: values.EVENTS_AUTO_CREATE ?? false,
    authEnterRequired: values.AUTH_ENTER_REQUIRED,
    trustedProxies: values.TRUSTED_PROXIES ?? [],
    corsAllowOrigins: values.CORS_ALLOW_ORIGINS ?? [],
    rateLimit: {
      enabled: values.RATE_LIMIT_ENABLED,
      perSec: values.RATE_LIMIT_RPS,
      burst: values.RATE_LIMIT_BURST,
      ipPerSec: values.RATE_LIMIT_IP_RPS,
      exempt: values.RATE_LIMIT_EXEMPT ?? [],
    },
    overloadLagMs: values.OVERLOAD_LAG_MS,
    backends: backendSettings(values),
    brake: {
      mode: values.BRAKE_MODE,
      floorPercent: values.BRAKE_FLOOR_PERCENT,
      latencyMs: values.BRAKE_LATENCY_MS,
      errorPercent: values.BRAKE_ERROR_PERCENT,
    },
    tracing: {
      enabled: values.OBSERVABILITY_TRACING_ENABLED,
      endpoint: values.OBSERVABILITY_OTLP_ENDPOINT,
      sampleRate: values.OBSERVABILITY_SAMPLE_RATE,
      xray: values.OBSERVABILITY_XRAY_ENABLED,
    },
    adminAddress: values.ADMIN_ADDRESS,
    ...(budget === undefined ? {} : { backendBudgetPerSec: budget }),
    timeZone: values.TACOS_TIME_ZONE,
    ...present({ testFault: values.TEST_FAULT }),
    drainNoticeMs: values.SERVER_DRAIN_NOTICE_MS,
  };
}

function backendSettings(values: Values<typeof variables>): GatewayConfig['backends'] {
  return {
    addresses: present({
      reservation: values.BACKEND_RESERVATION_API_GRPC_ADDRESS,
      inventory: values.BACKEND_INVENTORY_API_GRPC_ADDRESS,
      payment: values.BACKEND_PAYMENT_API_GRPC_ADDRESS,
    }),
    ...present({
      tlsCaFile: values.BACKEND_TLS_CA_FILE,
      tlsCertFile: values.BACKEND_TLS_CERT_FILE,
      tlsKeyFile: values.BACKEND_TLS_KEY_FILE,
      webhookUrl: values.PAYMENT_WEBHOOK_URL,
    }),
  };
}
