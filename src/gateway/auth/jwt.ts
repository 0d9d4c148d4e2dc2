/** Bearer JWTs: signed with a shared secret (HS256), or by a provider whose public keys are known. */
import {
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
  type ProtectedHeaderParameters,
} from 'jose';
import { LRUCache } from 'lru-cache';
import { type Refusal, refuse } from '../../contract/errors.ts';
import type { Caller } from '../../queue/line-types.ts';
import type { BearerScheme } from './authenticator.ts';
import { createSecretVerifier } from './hs256.ts';
import { KeysUnavailableError } from './provider-keys.ts';

export interface JwtSettings {
  /** Verifies HS256; absent = tokens of that kind are refused. */
  readonly secret?: string;
  /** Finds the public key of a provider's token; absent = such tokens are refused. */
  readonly findKey?: JWTVerifyGetKey;
  /** A provider's token is verified anew after so long, s. Default 600. */
  readonly trustedForSec?: number;
  /** And once this number has changed: a key was taken back. */
  readonly keysGeneration?: () => number;
  readonly issuer?: string;
  readonly audience?: string;
}

/** Signatures of providers. HS256 is not among them: it would make a public key into a secret. */
const providerAlgorithms: readonly string[] = ['RS256', 'ES256', 'EdDSA'];

/** Clocks of issuer and gateway may differ by this much, s. */
const clockSkewSec = 60;

/** Verified tokens remembered by one process: how many, and their characters in all. */
const cachedTokensMax = 20_000;
const cachedCharsMax = 16 * 1024 * 1024;

const subjectCharsMax = 256;

/**
 * Accepts tokens with exp and sub. The header's alg decides who verifies, and each verifies only its own. A verified
 * token is remembered until its exp: people poll and enter with the same token, and a verification costs 10 to 140 µs.
 */
export function createJwtScheme(settings: JwtSettings): BearerScheme {
  const { secret, findKey, trustedForSec = 600, keysGeneration = () => 0, issuer, audience } = settings;
  const claims = {
    clockTolerance: clockSkewSec,
    requiredClaims: ['exp', 'sub'],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  const bySecret = secret === undefined ? undefined : createSecretVerifier(secret);
  const verified = new LRUCache<string, Verified>({
    max: cachedTokensMax,
    maxSize: cachedCharsMax,
    sizeCalculation: (_, token) => token.length,
  });

  const accept = (
    token: string,
    { sub, exp = 0 }: JWTPayload,
    { keptMs = Infinity, generation }: { keptMs?: number; generation?: number } = {},
  ): Caller | Refusal => {
    if (typeof sub !== 'string' || sub === '' || sub.length > subjectCharsMax)
      return refuse('UNAUTHENTICATED');
    const caller: Caller = { authenticated: true, subject: sub };
    const ttl = Math.floor(Math.min(exp * 1000 - Date.now(), keptMs));
    if (ttl >= 1) verified.set(token, { caller, generation }, { ttl });
    return caller;
  };
  return (token) => {
    const known = verified.get(token);
    const isKnown = known?.generation === undefined || known.generation === keysGeneration();
    if (known !== undefined && isKnown) return known.caller;
    const { alg = '', crit } = headerOf(token);
    try {
      // A critical extension that is not understood must not be passed over; none is understood here.
      if (alg === 'HS256' && bySecret !== undefined && crit === undefined)
        return accept(token, bySecret(token, claims));
      if (findKey === undefined || !providerAlgorithms.includes(alg)) return refuse('UNAUTHENTICATED');
      // Of before the verification: a key that is taken back meanwhile may be the one that it is made with.
      const kept = { keptMs: trustedForSec * 1000, generation: keysGeneration() };
      return verifyByKey(token, findKey, { ...claims, algorithms: [alg] }).then(
        (payload) => accept(token, payload, kept),
        refusalOf,
      );
    } catch (error) {
      return refusalOf(error);
    }
  };
}

/** Of a remembered token: by which generation of a provider's keys; undefined = by the secret. */
interface Verified {
  readonly caller: Caller;
  readonly generation: number | undefined;
}

function headerOf(token: string): ProtectedHeaderParameters {
  try {
    return decodeProtectedHeader(token);
  } catch {
    return {};
  }
}

/** Where a token names no key and several would do, each is tried. */
async function verifyByKey(
  token: string,
  findKey: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, findKey, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (reason) {
        if (!(reason instanceof errors.JWSSignatureVerificationFailed)) throw reason;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** @throws whatever is no fault of the token */
function refusalOf(error: unknown): Refusal {
  if (error instanceof KeysUnavailableError) {
    const message = 'Tokens cannot be checked right now; your place is safe.';
    return refuse('UNAVAILABLE', { message, retryAfterSec: error.retryAfterSec });
  }
  if (error instanceof errors.JOSEError) return refuse('UNAUTHENTICATED');
  throw error;
}
