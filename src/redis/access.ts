/** From the settings to a connection: the certificate authority's file, the password from where it is kept. */
import { readFileSync } from 'node:fs';
import type { RedisSettings } from '../contract/config-kinds.ts';
import type { RedisAddress } from './client.ts';
import type { SentinelSettings } from './master-watch.ts';

/** Longest wait for the store of secrets, ms. */
const secretsMs = 5_000;

/** The settings cannot be met; the message is a sentence for the operator. */
export class RedisAccessError extends Error {
  override readonly name = 'RedisAccessError';
}

/** Where Redis is and how to sign in. @throws RedisAccessError when the file or the secret cannot be read */
export async function redisAddress(settings: RedisSettings): Promise<RedisAddress> {
  const { host, port, cluster, sentinel, username, password, tls, tlsCaFile, passwordSecret } = settings;
  const ca = tlsCaFile === undefined ? {} : { ca: readCa(tlsCaFile) };
  const readPassword = passwordSecret && (() => readSecret(passwordSecret));
  const secret = await readPassword?.();
  return {
    host,
    port,
    ...(cluster === undefined ? {} : { cluster }),
    ...(sentinel === undefined ? {} : { sentinel: sentinelOf(sentinel, ca) }),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(secret === undefined ? {} : { password: secret }),
    ...(readPassword === undefined ? {} : { readPassword }),
    ...(tls ? { tls: tlsCaFile === undefined ? {} : { ...ca, caFile: tlsCaFile } } : {}),
  };
}

function sentinelOf(
  { tls, ...rest }: NonNullable<RedisSettings['sentinel']>,
  ca: { readonly ca?: string },
): SentinelSettings {
  return { ...rest, ...(tls ? { tls: ca } : {}) };
}

function readCa(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new RedisAccessError(
      `REDIS_TLS_CA_FILE is ${JSON.stringify(path)}: it must be the name of a PEM file that can be read${code}`,
    );
  }
}

/**
 * Reads a secret of AWS Secrets Manager: the text itself, or the field `password` of a JSON object, as the rotation of
 * ElastiCache and RDS writes it. Credentials come the AWS SDK's usual ways; AWS_ENDPOINT_URL names another service.
 */
async function readSecret({
  name,
  region,
}: {
  readonly name: string;
  readonly region: string;
}): Promise<string> {
  const { SecretsManagerClient, GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient({ region, maxAttempts: 2 });
  try {
    const request = new GetSecretValueCommand({ SecretId: name });
    const { SecretString: text = '' } = await client.send(request, {
      abortSignal: AbortSignal.timeout(secretsMs),
    });
    const password = passwordIn(text);
    if (password === '')
      throw new RedisAccessError(`the secret ${name} of AWS Secrets Manager has no password`);
    return password;
  } catch (error) {
    if (error instanceof RedisAccessError) throw error;
    const why = error instanceof Error ? error.name : String(error);
    throw new RedisAccessError(
      `the secret ${name} of AWS Secrets Manager in ${region} cannot be read (${why}): see AWS_SECRET_NAME, AWS_REGION and the credentials of the AWS SDK`,
    );
  } finally {
    client.destroy();
  }
}

function passwordIn(text: string): string {
  if (!text.trimStart().startsWith('{')) return text;
  try {
    const parsed: unknown = JSON.parse(text);
    const password = (parsed as { password?: unknown }).password;
    return typeof password === 'string' ? password : '';
  } catch {
    return text;
  }
}
