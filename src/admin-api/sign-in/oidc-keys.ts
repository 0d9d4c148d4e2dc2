/** The signing keys of an issuer: found by discovery, cached, and asked for anew seldom. */
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import { isSafeUrl } from './oidc-issuers.ts';

/** What the keys need besides the issuer. */
export interface IssuerKeysOptions {
  readonly log: { warn(detail: object, message: string): void };
  /** Least time between two looks for a key that is not known, ms; default 30 s. */
  readonly cooldownMs?: number;
  /** Least time between a look that failed and the next, ms; default 5 s. */
  readonly afterFailureMs?: number;
  /** Keys of this age are read again, in the background, ms; default 10 min. */
  readonly refreshMs?: number;
  /** Longest wait for the issuer, ms; default 5 s. */
  readonly timeoutMs?: number;
}

/** The keys of an issuer. */
export interface IssuerKeys {
  /** Finds the key of a token. @throws KeysUnavailableError, jose's errors */
  readonly find: JWTVerifyGetKey;
  /** Reads the keys ahead of the first token; failures are logged only. */
  warm(): Promise<void>;
}

/** The issuer could not be asked for the keys, and those that are known do not do. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
}

/**
 * Keys never become too old to use: while the issuer is away, those known go on verifying. They are replaced as a whole
 * by every answer, so that a key which the issuer took back ends within `refreshMs`.
 */
export function createIssuerKeys(issuer: string, options: IssuerKeysOptions): IssuerKeys {
  const {
    log,
    cooldownMs = 30_000,
    afterFailureMs = 5_000,
    refreshMs = 600_000,
    timeoutMs = 5_000,
  } = options;
  let failedAt = Number.NEGATIVE_INFINITY;
  let readAt = Number.NEGATIVE_INFINITY;
  const read = async (headers: Headers, signal: AbortSignal): Promise<Response> => {
    // jose limits looks after a success only: without this, forged tokens would hammer an issuer that is down.
    if (performance.now() - failedAt < afterFailureMs) throw new KeysUnavailableError(issuer);
    try {
      const keys = await discoverKeys(issuer, { headers, signal });
      readAt = performance.now();
      return Response.json(keys);
    } catch (error) {
      failedAt = performance.now();
      log.warn({ issuer, cause: causeOf(error) }, 'reading the signing keys of an issuer failed');
      throw new KeysUnavailableError(issuer);
    }
  };
  const keys = createRemoteJWKSet(new URL(issuer), {
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: cooldownMs,
    timeoutDuration: timeoutMs,
    [customFetch]: (_url, { headers, signal }) => read(headers, signal),
  });
  const warm = (): Promise<void> => keys.reload().catch(() => {});
  return {
    find: (header, token) => {
      const isOld = keys.jwks() !== undefined && performance.now() - readAt > refreshMs;
      if (isOld && !keys.reloading) void warm();
      return keys(header, token);
    },
    warm,
  };
}

/** Asks the issuer where its keys are, then for the keys. @throws Error saying what was not as it must be */
async function discoverKeys(
  issuer: string,
  init: { headers: Headers; signal: AbortSignal },
): Promise<object> {
  const base = issuer.replace(/\/$/, '');
  const document = await jsonFrom(`${base}/.well-known/openid-configuration`, init);
  if (document.issuer !== issuer) throw new Error('the issuer calls itself by another name');
  const { jwks_uri: address } = document;
  if (typeof address !== 'string' || !isSafeUrl(address.replace(/\?.*$/, ''))) {
    throw new Error('its keys are not at an https address');
  }
  const keys = await jsonFrom(address, init);
  if (!Array.isArray(keys.keys)) throw new Error('its answer is no set of keys');
  return keys;
}

async function jsonFrom(
  url: string,
  init: { headers: Headers; signal: AbortSignal },
): Promise<Record<string, unknown>> {
  const reply = await fetch(url, { ...init, redirect: 'manual' });
  if (reply.status !== 200) throw new Error(`it answered ${reply.status} instead of 200`);
  const json: unknown = await reply.json();
  if (typeof json !== 'object' || json === null) throw new Error('its answer is no JSON object');
  return json as Record<string, unknown>;
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof errors.JOSEError || error.cause === undefined) return error.message;
  const cause = error.cause as { code?: unknown; message?: unknown };
  return String(cause.code ?? cause.message ?? error.message);
}
