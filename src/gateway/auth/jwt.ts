/** Bearer JWTs signed with a shared secret (HS256). */
import { errors, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { type Refusal, refuse } from '../../contract/errors.ts';
import type { Caller } from '../../queue/line-types.ts';
import type { BearerScheme } from './authenticator.ts';

export interface JwtSettings {
  readonly secret: string;
  readonly issuer?: string;
  readonly audience?: string;
}

/** Clocks of issuer and gateway may differ by this much, s. */
const clockSkewSec = 60;

/** Verified tokens remembered by one process: how many, and their characters in all. */
const cachedTokensMax = 20_000;
const cachedCharsMax = 16 * 1024 * 1024;

const subjectCharsMax = 256;

/**
 * Accepts tokens with exp and sub. A verified one is remembered until its exp: people poll and enter with the same
 * token, and a verification costs about 40 µs.
 */
export function createJwtScheme(settings: JwtSettings): BearerScheme {
  const key = new TextEncoder().encode(settings.secret);
  const options = {
    algorithms: ['HS256'],
    clockTolerance: clockSkewSec,
    requiredClaims: ['exp', 'sub'],
    ...(settings.issuer === undefined ? {} : { issuer: settings.issuer }),
    ...(settings.audience === undefined ? {} : { audience: settings.audience }),
  };
  const verified = new LRUCache<string, Caller>({
    max: cachedTokensMax,
    maxSize: cachedCharsMax,
    sizeCalculation: (_, token) => token.length,
  });
  return (token) => verified.get(token) ?? verify(token);

  async function verify(token: string): Promise<Caller | Refusal> {
    try {
      const { payload } = await jwtVerify(token, key, options);
      const { sub = '', exp = 0 } = payload;
      if (typeof sub !== 'string' || sub === '' || sub.length > subjectCharsMax)
        return refuse('UNAUTHENTICATED');
      const caller: Caller = { authenticated: true, subject: sub };
      const ttl = exp * 1000 - Date.now();
      if (ttl >= 1) verified.set(token, caller, { ttl: Math.floor(ttl) });
      return caller;
    } catch (error) {
      if (error instanceof errors.JOSEError) return refuse('UNAUTHENTICATED');
      throw error;
    }
  }
}
