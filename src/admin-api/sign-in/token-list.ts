/** Bearer tokens of a local list, each with a name and a role. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Role, roles } from '../../contract/admin-api.ts';
import type { SignInScheme } from './sign-in.ts';

/** One entry of the list; the token itself is forgotten. */
export interface KnownToken {
  readonly role: Role;
  readonly name: string;
  readonly digest: Buffer;
}

/** Shortest token that is taken, characters: 16 random bytes in base64url are 22. */
export const tokenCharsMin = 16;

/** Parses `role:name:token`, separated by commas or lines; lines that start with # are comments. */
export function parseTokens(text: string): { tokens: KnownToken[]; problems: string[] } {
  const tokens: KnownToken[] = [];
  const problems: string[] = [];
  const entries = text
    .split(/[\n,]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '' && !entry.startsWith('#'));
  for (const [index, entry] of entries.entries()) {
    const [role = '', name = '', ...rest] = entry.split(':');
    const token = rest.join(':');
    const isRole = (roles as readonly string[]).includes(role);
    if (!isRole) problems.push(`entry ${index + 1}: the role must be one of ${roles.join(', ')}`);
    if (!/^[\w.@+-]{1,64}$/.test(name))
      problems.push(`entry ${index + 1}: role:name:token, the name of 1 to 64 of A-Z a-z 0-9 _ . @ + -`);
    if (token.length < tokenCharsMin)
      problems.push(`entry ${index + 1}: the token needs at least ${tokenCharsMin} characters`);
    tokens.push({ role: role as Role, name, digest: digestOf(token) });
  }
  return problems.length > 0 ? { tokens: [], problems } : { tokens, problems };
}

/** The entry whose token this is. Compares digests with all entries in constant time. */
export function findToken(tokens: readonly KnownToken[], token: string): KnownToken | undefined {
  const digest = digestOf(token);
  let found: KnownToken | undefined;
  for (const known of tokens) if (timingSafeEqual(known.digest, digest)) found = known;
  return found;
}

/** Knows the tokens of the list and no others. */
export function createListScheme(tokens: readonly KnownToken[]): SignInScheme {
  return async (token) => {
    const known = findToken(tokens, token);
    if (known === undefined) return undefined;
    return { ok: true, caller: { name: known.name, role: known.role, issuer: 'local' } };
  };
}

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();
