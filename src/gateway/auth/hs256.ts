/**
 * HS256 without a promise: jose verifies by WebCrypto only, whose way through the thread pool costs ten times the HMAC.
 * The mac is compared here; what the token claims is still jose's to check.
 */
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { errors, type JWTClaimVerificationOptions, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';

/** `{"alg":"none"}`: the header under which jose reads claims whose signature was checked already. */
const unsignedHeader = 'eyJhbGciOiJub25lIn0';

export type SecretVerifier = (token: string, options: JWTClaimVerificationOptions) => JWTPayload;

/** Verifies tokens whose header says HS256. @throws jose's errors, as jwtVerify does */
export function createSecretVerifier(secret: string): SecretVerifier {
  const key = createSecretKey(Buffer.from(secret));
  return (token, options) => {
    const [header = '', payload = '', signature = '', ...more] = token.split('.');
    if (more.length > 0) throw new errors.JWTInvalid('a JWT has three parts');
    const mac = createHmac('sha256', key).update(`${header}.${payload}`).digest('base64url');
    if (!isSame(mac, signature)) throw new errors.JWSSignatureVerificationFailed();
    return UnsecuredJWT.decode(`${unsignedHeader}.${payload}.`, options).payload;
  };
}

/** Compares as text: decoding first would let many spellings of one signature pass. */
function isSame(mac: string, signature: string): boolean {
  const [a, b] = [Buffer.from(mac), Buffer.from(signature)];
  return a.length === b.length && timingSafeEqual(a, b);
}

export interface AccessTokenClaims {
  readonly subject: string;
  readonly issuer: string;
  readonly audience?: string;
  /** Seconds until it ends. */
  readonly ttlSec: number;
}

/** Signs an access token of this gateway's own. */
export function signAccessToken(secret: string, claims: AccessTokenClaims): Promise<string> {
  const nowSec = Math.floor(Date.now() / 1000);
  const jwt = new SignJWT()
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(claims.subject)
    .setIssuer(claims.issuer)
    .setIssuedAt(nowSec)
    .setExpirationTime(nowSec + claims.ttlSec);
  if (claims.audience !== undefined) jwt.setAudience(claims.audience);
  return jwt.sign(Buffer.from(secret));
}
