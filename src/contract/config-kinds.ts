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
  const { AWS_SECRET_NAME: name = '', AWS_REGION: region = '', REDIS_ADDRESS: servers } = values;
  const { host, port } = servers[0] ?? { host: '', port: 0 };
  return {
    host,
    port,
    ...(values.REDIS_CLUSTER_MODE ? { cluster: servers } : {}),
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
  if (values.REDIS_TLS_CA_FILE !== undefined && !values.REDIS_TLS_ENABLED)
    problems.push('REDIS_TLS_CA_FILE is set, but REDIS_TLS_ENABLED is not true: it would not be used');
  return problems;
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
