/**
 * The reservation token: the pass of someone admitted, a JWS signed with Ed25519 (RFC 8037). Ed25519 signatures are
 * deterministic and every claim follows from the grant, so a repeated enter gets the very same token with nothing
 * stored. Anybody verifies it with the public keys; one ring of keys signs, verifies and publishes them.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { compactVerify, errors, type JWK, SignJWT } from 'jose';
import { z } from 'zod';
import { type Refusal, refuse } from '../contract/errors.ts';
import { eventIdPattern, reservationTtlSec } from '../contract/limits.ts';
import { KeyList, type NamedKey } from './key-list.ts';
import type { Pass, PassVerifier } from './pass-verifier.ts';

/** DER in front of a 32-byte Ed25519 seed makes it PKCS #8 (RFC 8410 section 7). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

const issuer = 'tacos';
const typ = 'JWT';

/** Others keep the published keys for so long, s. */
export const publishedForSec = 60;

/**
 * A key that came later signs after so long, ms: every gateway has read its file by then (10 s), and whoever asked one
 * of them for the keys just before has asked again.
 */
const signAfterMs = (publishedForSec + 15) * 1000;

export interface Grant {
  readonly event: string;
  /** Who entered: the verified subject, else the place's reference. */
  readonly subject: string;
  readonly passId: string;
  /** Redis time of the grant, epoch ms. */
  readonly grantedMs: number;
}

/** What the line needs of the keys. */
export interface PassSigner {
  /** The pass of a grant. Valid for 30 s from the grant, to the end of that second. */
  sign(grant: Grant): Promise<string>;
}

/** The public keys, as RFC 7517 has them. */
export interface PublicKeys {
  readonly keys: readonly JWK[];
}

interface KeyPair {
  readonly private: KeyObject;
  readonly public: KeyObject;
  readonly jwk: JWK;
}

const claimsSchema = z.object({
  iss: z.literal(issuer),
  event_id: z.string().regex(eventIdPattern),
  sub: z.string().min(1),
  jti: z.string().min(1),
  exp: z.number().int().positive(),
});

/** Signs with the first key of the list that may sign by now, verifies with all, publishes all. */
export class ReservationKeys implements PassSigner, PassVerifier {
  private readonly list: KeyList<KeyPair>;

  /** @throws Error when the list is empty, a kid stands twice or a key has not 32 bytes */
  constructor(keys: readonly NamedKey[], monoMs: () => number = () => performance.now()) {
    this.list = new KeyList(keys, { name: 'reservation token', make: keyPair, signAfterMs, monoMs });
  }

  sign(grant: Grant): Promise<string> {
    const { kid, key } = this.list.signing;
    const grantedSec = grant.grantedMs / 1000;
    return (
      new SignJWT({ event_id: grant.event })
        .setProtectedHeader({ alg: 'EdDSA', typ, kid })
        .setIssuer(issuer)
        .setSubject(grant.subject)
        .setJti(grant.passId)
        .setIssuedAt(Math.floor(grantedSec))
        // Not before the time that the visitor is told is over.
        .setExpirationTime(Math.ceil(grantedSec) + reservationTtlSec)
        .sign(key.private)
    );
  }

  async verify(token: string): Promise<Pass | Refusal> {
    try {
      const { payload, protectedHeader } = await compactVerify(token, ({ kid = '' }) => this.publicKey(kid), {
        algorithms: ['EdDSA'],
      });
      if (protectedHeader.typ !== typ) return refuse('PASS_REFUSED');
      const claims = claimsSchema.parse(JSON.parse(Buffer.from(payload).toString()));
      return {
        ok: true,
        event: claims.event_id,
        subject: claims.sub,
        passId: claims.jti,
        expiresMs: claims.exp * 1000,
      };
    } catch (error) {
      const isTheirs = error instanceof errors.JOSEError || error instanceof z.ZodError;
      // JSON.parse: signed by us, yet not JSON, hence by another version.
      if (isTheirs || error instanceof SyntaxError) return refuse('PASS_REFUSED');
      throw error;
    }
  }

  /** Takes over a list that was read again: new keys verify and are published at once, and sign 75 s later. */
  update(keys: readonly NamedKey[]): void {
    this.list.update(keys);
  }

  /** The public keys of the list. */
  jwks(): PublicKeys {
    return { keys: this.list.all().map(({ jwk }) => jwk) };
  }

  private publicKey(kid: string): KeyObject {
    const key = this.list.get(kid);
    if (key === undefined) throw new errors.JWKSNoMatchingKey();
    return key.public;
  }
}

function keyPair({ kid, secret }: NamedKey): KeyPair {
  if (secret.length !== 32) throw new Error(`the reservation key ${kid} must have 32 bytes`);
  const der = Buffer.concat([pkcs8Head, secret]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  const jwk = { ...(publicKey.export({ format: 'jwk' }) as JWK), kid, alg: 'EdDSA', use: 'sig' };
  return { private: privateKey, public: publicKey, jwk };
}
