/** Bearer JWTs of OIDC issuers. */
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { refuse } from '../../contract/errors.ts';
import { nameFrom, roleFrom } from './oidc-claims.ts';
import type { OidcIssuer } from './oidc-issuers.ts';
import {
  createIssuerKeys,
  type IssuerKeys,
  type IssuerKeysOptions,
  KeysUnavailableError,
} from './oidc-keys.ts';
import { type Caller, notSignedIn, type SignInResult, type SignInScheme } from './sign-in.ts';

/** Signatures that are taken. HS* would make the public keys into secrets, `none` is none. */
const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];

/** Clocks of issuer and server may differ by this much, s. */
export const clockSkewSec = 5;

/** The scheme, and its keys. */
export interface OidcScheme {
  readonly signIn: SignInScheme;
  /** Reads all issuers' keys ahead of the first token. */
  warm(): Promise<void>;
}

/** Takes tokens of these issuers; one issuer may stand several times, with different audiences. */
export function createOidcScheme(issuers: readonly OidcIssuer[], options: IssuerKeysOptions): OidcScheme {
  const keys = new Map<string, IssuerKeys>();
  for (const { issuer } of issuers) {
    if (!keys.has(issuer)) keys.set(issuer, createIssuerKeys(issuer, options));
  }
  return {
    signIn: async (token) => {
      const issuer = issuerOf(token);
      if (issuer === undefined) return undefined;
      const known = keys.get(issuer);
      if (known === undefined)
        return notSignedIn('unknown issuer', 'The token is of an issuer not known here.');
      const entries = issuers.filter((each) => each.issuer === issuer);
      return verify(token, known, entries);
    },
    warm: async () => {
      await Promise.all([...keys.values()].map((each) => each.warm()));
    },
  };
}

/** The issuer that a JWT names, unverified; undefined = this is no JWT. */
function issuerOf(token: string): string | undefined {
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === 'string' ? iss : '';
  } catch {
    return undefined;
  }
}

async function verify(
  token: string,
  keys: IssuerKeys,
  entries: readonly OidcIssuer[],
): Promise<SignInResult> {
  try {
    const { payload } = await jwtVerify(token, keys.find, {
      algorithms,
      issuer: entries.map(({ issuer }) => issuer),
      audience: entries.map(({ audience }) => audience),
      clockTolerance: clockSkewSec,
      requiredClaims: ['exp', 'sub'],
    });
    return callerFrom(payload, entries);
  } catch (error) {
    return refusalOf(error);
  }
}

function callerFrom(payload: JWTPayload, entries: readonly OidcIssuer[]): SignInResult {
  const audiences = [payload.aud ?? []].flat();
  const meant = entries.filter(({ audience }) => audiences.includes(audience));
  for (const entry of meant) {
    const role = roleFrom(payload, entry.claim, entry.roles);
    if (role === undefined) continue;
    const caller: Caller = {
      name: nameFrom(payload, entry),
      role,
      issuer: entry.issuer,
      expiresAtMs: (payload.exp ?? 0) * 1_000,
    };
    return { ok: true, caller };
  }
  const claims = [...new Set(meant.map(({ claim }) => claim))].join(', ');
  const message = `The claim ${claims} of this token gives no role here; ask whoever manages ADMIN_OIDC_ISSUERS.`;
  return { ok: false, refusal: refuse('FORBIDDEN', { message }), description: 'no role' };
}

function refusalOf(error: unknown): SignInResult {
  if (error instanceof KeysUnavailableError) {
    const message = 'The issuer of this token cannot be asked for its keys right now.';
    return {
      ok: false,
      refusal: refuse('UNAVAILABLE', { message, retryAfterSec: 5 }),
      description: 'keys unavailable',
    };
  }
  if (error instanceof errors.JWTExpired)
    return notSignedIn('expired', 'The token has expired: sign in again.');
  if (error instanceof errors.JWTClaimValidationFailed) {
    const sentence = claimSentences[error.claim] ?? 'A claim of the token is not as it must be.';
    return notSignedIn(`claim ${error.claim}`, sentence);
  }
  if (error instanceof errors.JOSEError) return notSignedIn('not valid');
  throw error;
}

const claimSentences: Readonly<Record<string, string>> = {
  aud: 'The token is meant for another audience than this server.',
  nbf: 'The token is not valid yet.',
  exp: 'The token says no time at which it ends.',
  sub: 'The token says nobody whose it is.',
};
