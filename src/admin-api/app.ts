/** Builds the admin API without listening. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import { bodyBytesMax } from '../contract/limits.ts';
import { guardRoutes, type KnownToken, type RouteRole } from './auth.ts';
import type { Desk } from './desk.ts';
import { answerErrors } from './errors.ts';
import { commonHeaders } from './headers.ts';
import { bucketRoutes } from './routes/bucket.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { snapshotRoutes } from './routes/snapshot.ts';
import { streamRoutes } from './routes/stream.ts';

/** What the app is built from. */
export interface AppOptions {
  readonly desk: Desk;
  readonly tokens: readonly KnownToken[];
  readonly version: string;
  /** Name of the environment that every answer carries. */
  readonly environment: string;
  readonly log?: FastifyBaseLogger;
  /** Between heartbeats of a stream, ms; default `heartbeatMs`. */
  readonly heartbeatMs?: number;
}

/** A Fastify app whose schemas are zod's. */
export type AdminApp = FastifyInstance & { readonly routeTable: readonly RouteRole[] };

/** Fastify as the route files see it. */
export type TypedApp = ReturnType<typeof typed>;

/** What route files share. */
export type RouteContext = Omit<AppOptions, 'tokens' | 'log'>;

const typed = (app: FastifyInstance) => app.withTypeProvider<ZodTypeProvider>();

/** Builds the app; `listen` or `inject` is the caller's. */
export async function buildApp(options: AppOptions): Promise<AdminApp> {
  const app: FastifyInstance = Fastify({
    ...(options.log === undefined ? { logger: false } : { loggerInstance: options.log }),
    bodyLimit: bodyBytesMax,
    exposeHeadRoutes: false,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: 10_000,
    forceCloseConnections: 'idle',
    genReqId: requestIdOf,
    return503OnClosing: false,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerErrors(app);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(commonHeaders(options.environment, request.id));
  });
  const routeTable = guardRoutes(app, options.tokens);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'tacos admin API', version: options.version },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      security: [{ bearer: [] }],
    },
    transform: jsonSchemaTransform,
  });
  // After swagger is there, as it collects routes when they are registered.
  await app.register(async (scope) => {
    const routes = typed(scope);
    healthRoutes(routes, options);
    eventRoutes(routes, options);
    snapshotRoutes(routes, options);
    streamRoutes(routes, options);
    bucketRoutes(routes, options);
  });
  await app.ready();
  return Object.assign(app, { routeTable });
}

/** The trace id of a W3C traceparent, else a new one. */
function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const parent = request.headers.traceparent;
  const traceId = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/.exec(
    typeof parent === 'string' ? parent : '',
  )?.[1];
  return traceId ?? randomBytes(16).toString('hex');
}
