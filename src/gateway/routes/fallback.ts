/** What no route answers: unknown addresses, known ones asked with another method, preflights, and errors. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type Refusal, refuse, TacosError } from '../../contract/errors.ts';
import { type Answer, answer, refusalAnswer } from '../http/answer.ts';
import type { Cors } from '../http/cors.ts';
import { sendAnswer } from './raw.ts';

/** Knows which methods each address takes, from the routes themselves. */
export class RouteTable {
  private readonly routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];

  /** Listens to the routes that are registered from now on. */
  watch(app: FastifyInstance): void {
    app.addHook('onRoute', ({ method, url }) => {
      this.routes.push({ pattern: patternOf(url), methods: [method].flat() });
    });
  }

  /** The methods of a path, in the form of an Allow header; undefined for an unknown path. */
  allow(path: string): string | undefined {
    const methods = this.routes.filter(({ pattern }) => pattern.test(path)).flatMap((route) => route.methods);
    if (methods.length === 0) return undefined;
    return [...new Set([...methods, 'OPTIONS'])].sort().join(', ');
  }
}

function patternOf(url: string): RegExp {
  const source = url
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/:[A-Za-z_]+/g, '[^/]+')
    .replace(/\*/g, '.*');
  return new RegExp(`^${source}$`);
}

/** The answer to a request that has no route. */
export function fallbackAnswer(
  request: { readonly method: string; readonly url: string; readonly headers: FastifyRequest['headers'] },
  traceId: string,
  routes: RouteTable,
  cors: Cors,
): Answer {
  const allow = routes.allow(pathOf(request.url));
  if (allow === undefined) return refusalAnswer(refuse('NOT_FOUND'), traceId);
  if (request.method !== 'OPTIONS') {
    const refused = refusalAnswer(refuse('METHOD_NOT_ALLOWED'), traceId);
    return { ...refused, headers: [...refused.headers, 'allow', allow] };
  }
  const { origin } = request.headers;
  const isPreflight = request.headers['access-control-request-method'] !== undefined;
  return {
    ...answer(204, ''),
    headers: ['allow', allow, ...(isPreflight ? cors.preflight(origin, allow) : [])],
  };
}

function pathOf(url: string): string {
  const path = url.replace(/[?#].*$/s, '');
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** Answers an error of a route or of Fastify itself: what is known by its code, the rest as a bug. */
export function sendError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
): FastifyReply {
  const refusal = refusalOf(error);
  if (refusal.code === 'INTERNAL') {
    log.error({ err: error, traceId: request.id, route: request.routeOptions?.url }, 'a request failed');
  }
  return sendAnswer(reply, refusalAnswer(refusal, request.id));
}

function refusalOf(error: FastifyError): Refusal {
  if (error instanceof TacosError) return error.refusal;
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return refuse('BODY_TOO_LARGE');
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return refuse('UNSUPPORTED_MEDIA_TYPE');
  const status = error.statusCode ?? 500;
  if (status === 404) return refuse('NOT_FOUND');
  return refuse(status >= 400 && status < 500 ? 'BAD_REQUEST' : 'INTERNAL');
}
