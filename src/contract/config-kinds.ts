/** Further kinds of environment variables, for readVariables. */
import { z } from 'zod';
import { addresses, choice, flag, text, type Values } from './config.ts';

/** A whole number within bounds. */
export const wholeNumber = (min: number, max: number, unit = '') => ({
  schema: z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max)),
  allowed: `a whole number${unit === '' ? '' : ` of ${unit}`}, ${min} to ${max}`,
});

/** A share, 0 to 1. */
export const share = {
  schema: z
    .string()
    .regex(/^(0|1|0?\.\d+|[01]\.\d+)$/)
    .transform(Number)
    .pipe(z.number().min(0).max(1)),
  allowed: 'a number from 0 to 1',
} as const;

/** Where something answers over HTTP. */
export const httpUrl = {
  schema: z
    .string()
    .max(2_048)
    .refine((value) => /^https?:\/\//.test(value) && URL.canParse(value)),
  allowed: 'an http or https address',
} as const;

/** How a process reaches Redis and signs in: the same for gateways and admin API. */
export const redisVariables = {
  /** One server, or some of a cluster's. */
  REDIS_ADDRESS: { ...addresses, fallback: '127.0.0.1:6379' },
  REDIS_CLUSTER_MODE: { ...flag, fallback: 'false' },
  /** Sentinels, which say where it is; REDIS_ADDRESS does not count then. */
  REDIS_SENTINELS: addresses,
  /** The name that they know the master by. */
  REDIS_SENTINEL_MASTER: { ...text, fallback: 'mymaster' },
  REDIS_SENTINEL_USERNAME: text,
  REDIS_SENTINEL_PASSWORD: { ...text, isSecret: true },
  /** Unset = as REDIS_TLS_ENABLED. */
  REDIS_SENTINEL_TLS_ENABLED: flag,
  REDIS_USERNAME: text,
  REDIS_PASSWORD: { ...text, isSecret: true },
  REDIS_TLS_ENABLED: { ...flag, fallback: 'false' },
  /** Signed the server's certificate; none = what the system trusts. */
  REDIS_TLS_CA_FILE: text,
  /** Read the password from AWS Secrets Manager: secret AWS_SECRET_NAME in AWS_REGION. */
  REDIS_PASSWORD_FROM_SECRETS: { ...flag, fallback: 'false' },
  AWS_SECRET_NAME: text,
  AWS_REGION: text,
} as const;

/** Redis as the settings say. */
export interface RedisSettings {
  readonly host: string;
  readonly port: number;
  /** Set = it is a cluster, and these are some of its servers; host and port are those of the first. */
  readonly cluster?: readonly { readonly host: string; readonly port: number }[];
  /** Set = these say where the master of this name is; host and port are those of the first. */
  readonly sentinel?: {
    readonly servers: readonly { readonly host: string; readonly port: number }[];
    readonly master: string;
    readonly username?: string;
    readonly password?: string;
    readonly tls: boolean;
  };
  readonly username?: string;
  readonly password?: string;
  readonly tls: boolean;
  /** Path of a PEM file. */
  readonly tlsCaFile?: string;
  /** The password is there instead. */
  readonly passwordSecret?: { readonly name: string; readonly region: string };
}

/** The settings that were read as `redisVariables`. */
export function redisSettings(values: Values<typeof redisVariables>): RedisSettings {
  const { AWS_SECRET_NAME: name = '', AWS_REGION: region = '', REDIS_SENTINELS: sentinels } = values;
  const servers = sentinels ?? values.REDIS_ADDRESS;
  const { host, port } = servers[0] ?? { host: '', port: 0 };
  const sentinel = {
    servers,
    master: values.REDIS_SENTINEL_MASTER,
    tls: values.REDIS_SENTINEL_TLS_ENABLED ?? values.REDIS_TLS_ENABLED,
    ...present({ username: values.REDIS_SENTINEL_USERNAME, password: values.REDIS_SENTINEL_PASSWORD }),
  };
  return {
    host,
    port,
    ...(values.REDIS_CLUSTER_MODE ? { cluster: servers } : {}),
    ...(sentinels === undefined ? {} : { sentinel }),
    tls: values.REDIS_TLS_ENABLED,
    ...present({
      username: values.REDIS_USERNAME,
      password: values.REDIS_PASSWORD,
      tlsCaFile: values.REDIS_TLS_CA_FILE,
    }),
    ...(values.REDIS_PASSWORD_FROM_SECRETS ? { passwordSecret: { name, region } } : {}),
  };
}

/** What is wrong with them only together. */
export function redisProblems(values: Values<typeof redisVariables>): string[] {
  const problems: string[] = [];
  if (values.REDIS_PASSWORD_FROM_SECRETS) {
    for (const name of ['AWS_SECRET_NAME', 'AWS_REGION'] as const) {
      if (values[name] === undefined)
        problems.push(`${name} is not set: REDIS_PASSWORD_FROM_SECRETS needs it`);
    }
    if (values.REDIS_PASSWORD !== undefined)
      problems.push('REDIS_PASSWORD is set, but REDIS_PASSWORD_FROM_SECRETS too: only one of them may be');
  }
  if (values.REDIS_ADDRESS.length > 1 && !values.REDIS_CLUSTER_MODE)
    problems.push('REDIS_ADDRESS names several servers, but REDIS_CLUSTER_MODE is not true: name one');
  const speaksTls = values.REDIS_TLS_ENABLED || values.REDIS_SENTINEL_TLS_ENABLED === true;
  if (values.REDIS_TLS_CA_FILE !== undefined && !speaksTls)
    problems.push('REDIS_TLS_CA_FILE is set, but REDIS_TLS_ENABLED is not true: it would not be used');
  return [...problems, ...sentinelProblems(values)];
}

const ofSentinels = [
  'REDIS_SENTINEL_USERNAME',
  'REDIS_SENTINEL_PASSWORD',
  'REDIS_SENTINEL_TLS_ENABLED',
] as const;

function sentinelProblems(values: Values<typeof redisVariables>): string[] {
  if (values.REDIS_SENTINELS !== undefined)
    return values.REDIS_CLUSTER_MODE
      ? ['REDIS_SENTINELS is set, but REDIS_CLUSTER_MODE is true: a cluster has no sentinels']
      : [];
  return ofSentinels
    .filter((name) => values[name] !== undefined)
    .map((name) => `${name} is set, but REDIS_SENTINELS is not: it would not be used`);
}

/** An object without its undefined fields. */
export function present<T extends Readonly<Record<string, unknown>>>(
  fields: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

export const brakeModes = ['off', 'shadow', 'on'] as const;
export const brakeMode = choice(brakeModes);
