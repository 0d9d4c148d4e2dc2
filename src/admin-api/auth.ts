/** The guard of the routes: who calls, and whether their role is enough. */
import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods, RouteOptions } from 'fastify';
import { type Role, roles } from '../contract/admin-api.ts';
import { TacosError } from '../contract/errors.ts';
import type { Author } from './desk.ts';
import { type Caller, notSignedIn, type SignIn } from './sign-in/sign-in.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Smallest role that may call the route; `public` needs no token. */
    role?: Role | 'public';
  }
  interface FastifyRequest {
    /** Set on every route that is not public. */
    caller: Caller | null;
  }
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

/** Where the description of the API can be read by people. */
export const documentationPrefix = '/swagger';

/**
 * Guards every route registered after it: a route without a role cannot be registered, and a call is refused with
 * UNAUTHENTICATED or FORBIDDEN before its body is read. The pages of the documentation, which a plugin registers,
 * are public.
 *
 * @returns the route table, filled as routes are registered
 */
export function guardRoutes(app: FastifyInstance, signIn: SignIn): readonly RouteRole[] {
  const table: RouteRole[] = [];
  app.decorateRequest('caller', null);
  app.addHook('onRoute', (route: RouteOptions) => {
    const role = roleOf(route);
    if (role === undefined) throw new Error(`route ${String(route.method)} ${route.url} has no role`);
    for (const method of [route.method].flat())
      table.push({ method: method as HTTPMethods, url: route.url, role });
  });
  app.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
    if (request.is404) return;
    const role = roleOf(request.routeOptions);
    if (role === 'public') return;
    const token = bearerOf(request.headers.authorization);
    const result = token === '' ? notSignedIn('') : await signIn(token);
    if (!result.ok) {
      const { code, ...details } = result.refusal;
      if (code === 'UNAUTHENTICATED') reply.header('www-authenticate', challengeOf(result.description));
      throw new TacosError(code, details);
    }
    const { caller } = result;
    if (role === undefined || !roleIncludes(caller.role, role)) {
      throw forbidden(caller, `This needs the role ${role}`);
    }
    request.caller = caller;
  });
  return table;
}

/** FORBIDDEN with a sentence that begins with what is needed. */
export const forbidden = ({ name, role }: Pick<Caller, 'name' | 'role'>, need: string): TacosError =>
  new TacosError('FORBIDDEN', { message: `${need}; ${name} has the role ${role}.` });

/** The caller of a route that is not public. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === null) throw new TacosError('UNAUTHENTICATED');
  return request.caller;
}

/** The caller as the audit trail names them. */
export function authorOf(request: FastifyRequest): Author {
  const { name, role } = callerOf(request);
  return { name, role, client: clientOf(request) };
}

interface RouteLike {
  readonly config?: { readonly role?: Role | 'public' } | undefined;
  readonly url?: string | undefined;
}

function roleOf({ config, url }: RouteLike): Role | 'public' | undefined {
  const isPage = url === documentationPrefix || url?.startsWith(`${documentationPrefix}/`) === true;
  return config?.role ?? (isPage ? 'public' : undefined);
}

/** RFC 6750: an error only where a token was sent. */
function challengeOf(description: string): string {
  const realm = 'Bearer realm="tacos admin"';
  return description === ''
    ? realm
    : `${realm}, error="invalid_token", error_description="${description.replace(/[^\w .,:/-]/g, '')}"`;
}

const bearerOf = (header = ''): string => /^Bearer +(\S+)$/i.exec(header)?.[1] ?? '';

/** What the caller calls itself, printable characters only: it is shown in other operators' terminals. */
function clientOf(request: FastifyRequest): string {
  const agent = request.headers['user-agent'] ?? '';
  return agent.replace(/[^\x20-\x7e]/g, '').slice(0, 120);
}
