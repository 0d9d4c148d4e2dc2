/**
 * The reservation token: the pass of someone admitted, a JWS signed with Ed25519 (RFC 8037). Ed25519 signatures are
 * deterministic and every claim follows from the grant, so a repeated enter gets the very same token with nothing stored.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { reservationTtlSec } from '../contract/limits.ts';
import type { NamedKey } from './keyring.ts';

/** DER in front of a 32-byte Ed25519 seed makes it PKCS #8 (RFC 8410 section 7). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

export interface Grant {
  readonly event: string;
  /** Who entered: the verified subject, else the place's reference. */
  readonly subject: string;
  readonly passId: string;
  /** Redis time of the grant, epoch ms. */
  readonly grantedMs: number;
}

export class ReservationSigner {
  private readonly kid: string;
  private readonly key: KeyObject;

  /** @throws Error when the list is empty or the first key has not 32 bytes */
  constructor(keys: readonly NamedKey[]) {
    const [first] = keys;
    if (!first) throw new Error('at least one reservation token key is needed');
    if (first.secret.length !== 32) throw new Error(`the reservation key ${first.kid} must have 32 bytes`);
    this.kid = first.kid;
    this.key = createPrivateKey({
      key: Buffer.concat([pkcs8Head, first.secret]),
      format: 'der',
      type: 'pkcs8',
    });
  }

  /** The pass of a grant. Valid for 30 s from the grant. */
  sign(grant: Grant): Promise<string> {
    const issuedSec = Math.floor(grant.grantedMs / 1000);
    return new SignJWT({ event_id: grant.event })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: this.kid })
      .setIssuer('tacos')
      .setSubject(grant.subject)
      .setJti(grant.passId)
      .setIssuedAt(issuedSec)
      .setExpirationTime(issuedSec + reservationTtlSec)
      .sign(this.key);
  }
}
