/** From the claims of a verified token to a name and a role. */
import type { JWTPayload } from 'jose';
import { type Role, roles } from '../../contract/admin-api.ts';
import type { OidcIssuer, RoleMap } from './oidc-issuers.ts';

/** Longest name that the audit trail takes, characters. */
const nameCharsMax = 64;

/** A claim by its name, else by a path with dots; undefined = it is not there. */
export function claimAt(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path];
  let value: unknown = payload;
  for (const part of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

/** The highest role that the claim gives; undefined = none. */
export function roleFrom(payload: JWTPayload, claim: string, map: RoleMap): Role | undefined {
  const values = valuesOf(claimAt(payload, claim), claim);
  return roles.findLast((role) => map[role].some((value) => values.includes(value)));
}

/** Scopes come as words of one text (RFC 8693), everything else as a list or one whole text. */
function valuesOf(value: unknown, claim: string): string[] {
  if (Array.isArray(value)) return value.filter((each) => typeof each === 'string');
  if (typeof value !== 'string') return [];
  return claim === 'scope' || claim === 'scp' ? value.split(' ') : [value];
}

/**
 * The name for the audit trail: the configured claim, else an email that is not said to be unverified, else `sub`.
 * Without control characters, as it is shown in terminals.
 */
export function nameFrom(payload: JWTPayload, { name }: Pick<OidcIssuer, 'name'>): string {
  const email = payload.email_verified === false ? undefined : payload.email;
  const candidates = [name === undefined ? email : claimAt(payload, name), payload.sub];
  const found = candidates.find((each) => typeof each === 'string' && printableOf(each) !== '');
  return typeof found === 'string' ? printableOf(found) : 'unnamed';
}

const printableOf = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .trim()
    .slice(0, nameCharsMax);
