/** The gateway's environment variables. */
import {
  address,
  choice,
  flag,
  macKeys,
  networks,
  origins,
  port,
  positiveNumber,
  seedKeys,
  text,
  timeZone,
} from '../contract/config.ts';
import { brakeMode, httpUrl, redisVariables, share, wholeNumber } from '../contract/config-kinds.ts';

export const environments = ['development', 'test', 'production'] as const;
export const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
/** Promises that a gateway breaks on purpose, for tests of what must notice it. */
export const testFaults = ['double_grant', 'wrong_order', 'refused_after_ready'] as const;

export const variables = {
  SERVER_HOST: { ...text, fallback: '127.0.0.1' },
  SERVER_PORT: { ...port, fallback: '8000' },
  SERVER_GRPC_PORT: { ...port, fallback: '8001' },
  /** Kubernetes takes a pod out of its services within some seconds of its end; others are slower. */
  SERVER_DRAIN_NOTICE_MS: { ...wholeNumber(0, 15_000, 'milliseconds'), fallback: '5000' },
  SERVER_ENVIRONMENT: { ...choice(environments), fallback: 'development' },
  ENVIRONMENT_NAME: text,
  LOG_LEVEL: { ...choice(levels), fallback: 'info' },
  ...redisVariables,
  WAITING_TOKEN_KEYS: macKeys,
  RESERVATION_TOKEN_KEYS: seedKeys,
  JWT_JWKS_ENDPOINT: httpUrl,
  JWT_ISSUER: text,
  JWT_AUDIENCE: text,
  JWT_SECRET: { ...text, isSecret: true },
  JWT_CACHE_TTL: { ...wholeNumber(1, 86_400, 'seconds'), fallback: '600' },
  DYNAMODB_USERS_TABLE: text,
  EVENTS_AUTO_CREATE: flag,
  AUTH_ENTER_REQUIRED: { ...flag, fallback: 'true' },
  TRUSTED_PROXIES: networks,
  CORS_ALLOW_ORIGINS: origins,
  RATE_LIMIT_ENABLED: { ...flag, fallback: 'true' },
  RATE_LIMIT_RPS: { ...positiveNumber, fallback: '50' },
  RATE_LIMIT_BURST: { ...wholeNumber(1, 1_000_000, 'requests'), fallback: '100' },
  RATE_LIMIT_IP_RPS: { ...positiveNumber, fallback: '500' },
  /** Addresses without a limit. */
  RATE_LIMIT_EXEMPT: networks,
  /** Refuses a share of the requests while the event loop is later than this; 0 = never. */
  OVERLOAD_LAG_MS: { ...wholeNumber(0, 10_000, 'milliseconds'), fallback: '500' },
  BACKEND_RESERVATION_API_GRPC_ADDRESS: address,
  BACKEND_INVENTORY_API_GRPC_ADDRESS: address,
  BACKEND_PAYMENT_API_GRPC_ADDRESS: address,
  /** Signed the backends' certificates; set = TLS. */
  BACKEND_TLS_CA_FILE: text,
  /** The gateway's own certificate and key, for backends that ask for one (mTLS). */
  BACKEND_TLS_CERT_FILE: text,
  BACKEND_TLS_KEY_FILE: text,
  /** Where a payment service tells how a payment ended. */
  PAYMENT_WEBHOOK_URL: httpUrl,
  BACKEND_BUDGET_PER_SEC: positiveNumber,
  /** off; shadow = says what it would do; on = lowers the admission rate while backends are slow or fail. */
  BRAKE_MODE: { ...brakeMode, fallback: 'off' },
  /** The brake never goes below this share of what operators set. */
  BRAKE_FLOOR_PERCENT: { ...wholeNumber(1, 100, 'percent'), fallback: '20' },
  /** p95 of the backends above which it brakes. */
  BRAKE_LATENCY_MS: { ...wholeNumber(1, 60_000, 'milliseconds'), fallback: '300' },
  /** Share of failed calls above which it brakes. */
  BRAKE_ERROR_PERCENT: { ...wholeNumber(1, 100, 'percent'), fallback: '5' },
  OBSERVABILITY_TRACING_ENABLED: { ...flag, fallback: 'false' },
  OBSERVABILITY_OTLP_ENDPOINT: { ...httpUrl, fallback: 'http://127.0.0.1:4318/v1/traces' },
  OBSERVABILITY_SAMPLE_RATE: { ...share, fallback: '0.1' },
  /** AWS X-Ray's trace ids and header beside W3C's. */
  OBSERVABILITY_XRAY_ENABLED: { ...flag, fallback: 'false' },
  ADMIN_ADDRESS: { ...address, fallback: '127.0.0.1:8002' },
  /** Only with SERVER_ENVIRONMENT=test. */
  TEST_FAULT: choice(testFaults),
  TACOS_TIME_ZONE: { ...timeZone, fallback: 'UTC' },
} as const;
