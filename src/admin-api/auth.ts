/** Who calls the admin API: bearer tokens of a local list, each with a role. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods, RouteOptions } from 'fastify';
import { type Role, roles } from '../contract/admin-api.ts';
import { TacosError } from '../contract/errors.ts';
import type { Author } from './desk.ts';

/** One entry of the list; the token itself is forgotten. */
export interface KnownToken {
  readonly role: Role;
  readonly name: string;
  readonly digest: Buffer;
}

/** Shortest token that is taken, characters: 16 random bytes in base64url are 22. */
export const tokenCharsMin = 16;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Smallest role that may call the route; `public` needs no token. */
    role?: Role | 'public';
  }
  interface FastifyRequest {
    /** Set on every route that is not public. */
    author: Author | null;
  }
}

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

/** Whether a role includes another: admin > operator > viewer. */
export const roleIncludes = (held: Role, needed: Role): boolean =>
  roles.indexOf(held) >= roles.indexOf(needed);

/** A route as the role walk sees it. */
export interface RouteRole {
  readonly method: HTTPMethods;
  readonly url: string;
  readonly role: Role | 'public';
}

/**
 * Guards every route registered after it: a route without a role cannot be registered, and a call is refused with
 * UNAUTHENTICATED or FORBIDDEN before its body is read.
 *
 * @returns the route table, filled as routes are registered
 */
export function guardRoutes(app: FastifyInstance, tokens: readonly KnownToken[]): readonly RouteRole[] {
  const table: RouteRole[] = [];
  app.decorateRequest('author', null);
  app.addHook('onRoute', (route: RouteOptions) => {
    const role = route.config?.role;
    if (role === undefined) throw new Error(`route ${String(route.method)} ${route.url} has no role`);
    for (const method of [route.method].flat())
      table.push({ method: method as HTTPMethods, url: route.url, role });
  });
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    const role = request.routeOptions.config.role;
    if (role === 'public' || request.is404) return;
    const known = findToken(tokens, bearerOf(request.headers.authorization));
    if (known === undefined) {
      reply.header('www-authenticate', 'Bearer realm="tacos admin"');
      throw new TacosError('UNAUTHENTICATED');
    }
    if (role === undefined || !roleIncludes(known.role, role)) {
      throw new TacosError('FORBIDDEN', {
        message: `This needs the role ${role}; ${known.name} has the role ${known.role}.`,
      });
    }
    request.author = { name: known.name, role: known.role, client: clientOf(request) };
  });
  return table;
}

/** The caller of a route that is not public. */
export function authorOf(request: FastifyRequest): Author {
  if (request.author === null) throw new TacosError('UNAUTHENTICATED');
  return request.author;
}

const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

const bearerOf = (header = ''): string => /^Bearer +(\S+)$/i.exec(header)?.[1] ?? '';

/** What the caller calls itself, printable characters only: it is shown in other operators' terminals. */
function clientOf(request: FastifyRequest): string {
  const agent = request.headers['user-agent'] ?? '';
  return agent.replace(/[^\x20-\x7e]/g, '').slice(0, 120);
}
