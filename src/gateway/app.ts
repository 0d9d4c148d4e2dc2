/** Builds the HTTP server: the thin path in front, Fastify behind it. Listens to nothing. */
import { createServer, type Server } from 'node:http';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastify, { type FastifyInstance } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import project from '../../package.json' with { type: 'json' };
import { bodyBytesMax, slowClientMs, streamCommentMs, streamsPerProcessMax } from '../contract/limits.ts';
import type { Line } from '../queue/line-types.ts';
import type { Authenticator } from './auth/authenticator.ts';
import type { Peers } from './fleet/peers.ts';
import { createHotPath, type HttpContext } from './hot-path.ts';
import { fixedHeaders } from './http/answer.ts';
import { createClientErrorHandler } from './http/client-errors.ts';
import { type Cors, createCors } from './http/cors.ts';
import { type Lifecycle, Sender } from './http/exchange.ts';
import { createTraceIds } from './http/trace-id.ts';
import { Meters } from './metrics/meters.ts';
import { createRegistry } from './metrics/registry.ts';
import { createOperations } from './operations.ts';
import { fallbackAnswer, RouteTable, sendError } from './routes/fallback.ts';
import { healthRoutes } from './routes/health.ts';
import { queueRoutes } from './routes/queue.ts';
import { sendAnswer } from './routes/raw.ts';
import { Streams } from './streams.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route's handler counts its own requests. */
    isCountedElsewhere?: boolean;
  }
}

export interface AppOptions {
  readonly line: Line;
  readonly authenticate: Authenticator;
  readonly peers: Peers;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
  /** Counters of the HTTP layer; the caller's where somebody else reads them too. */
  readonly meters?: Meters;
  readonly config: {
    readonly authEnterRequired: boolean;
    readonly corsAllowOrigins: readonly string[];
    readonly environmentName: string;
  };
  /** Streams that may be open at once; default `streamsPerProcessMax`. */
  readonly streamsMax?: number;
  /** Time between a stream's comments, ms; default `streamCommentMs`. */
  readonly commentMs?: number;
  /** Time in which a whole request must arrive, ms; default `slowClientMs`. */
  readonly requestMs?: number;
}

export interface App {
  /** Fastify, ready; for `inject` in tests, and to be closed at the end. */
  readonly fastify: FastifyInstance;
  /** Takes connections once something calls its listen. */
  readonly server: Server;
  readonly streams: Streams;
}

/** A proxy in front keeps idle connections for 60 s (AWS, nginx): the server must not be the first to close. */
const keepAliveMs = 75_000;
const connectionsCheckMs = 1_000;

export async function buildApp(options: AppOptions): Promise<App> {
  const { line, log, lifecycle, peers, config } = options;
  const { meters = new Meters() } = options;
  const cors = createCors(config.corsAllowOrigins);
  const { authenticate } = options;
  const { authEnterRequired } = config;
  const {
    streamsMax = streamsPerProcessMax,
    commentMs = streamCommentMs,
    requestMs = slowClientMs,
  } = options;
  const streams = new Streams({ line, max: streamsMax, commentMs });
  const context: HttpContext = {
    operations: createOperations({ line, authenticate, authEnterRequired, meters }),
    streams,
    meters,
    traceIds: createTraceIds(),
    sender: new Sender({ cors, lifecycle }),
    log,
  };
  const registry = createRegistry({ line, meters, streamCount: () => streams.count });
  peers.serve({
    metrics: () => registry.getMetricsAsJSON(),
    readiness: () => ({ ready: line.ready && !lifecycle.isDraining, dependencies: line.dependencies() }),
  });
  const app = createFastify(context, requestMs);
  const routes = new RouteTable();
  routes.watch(app);
  addCommonHooks(app, { context, cors, lifecycle, routes });
  await addOpenApi(app);
  await app.register(queueRoutes, context);
  await app.register(healthRoutes, { peers, environmentName: config.environmentName });
  await app.ready();
  return { fastify: app, server: app.server, streams };
}

function createFastify(context: HttpContext, requestMs: number): FastifyInstance {
  const { traceIds, meters, log } = context;
  const hotPath = createHotPath(context);
  const app = fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    genReqId: (request) => traceIds(request.headers.traceparent),
    clientErrorHandler: createClientErrorHandler({ meters, traceIds }),
    frameworkErrors: (error, request, reply) => {
      reply.header('x-request-id', request.id);
      sendError(error, request, reply, log);
    },
    serverFactory: (answerByFastify) => createHttpServer(requestMs, hotPath, answerByFastify),
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler<Parameters<typeof sendError>[0]>((error, request, reply) =>
    sendError(error, request, reply, log),
  );
  return app;
}

function createHttpServer(
  requestMs: number,
  hotPath: ReturnType<typeof createHotPath>,
  answerByFastify: Parameters<typeof createServer>[1] & object,
): Server {
  const server = createServer(
    {
      // A client that has not sent its request by then is answered 408 and cut.
      requestTimeout: requestMs,
      headersTimeout: requestMs,
      connectionsCheckingInterval: connectionsCheckMs,
      keepAliveTimeout: keepAliveMs,
      // The thin path refuses a missing Host itself, in the shape of all other errors.
      requireHostHeader: false,
    },
    (request, response) => {
      if (!hotPath(request, response)) answerByFastify(request, response);
    },
  );
  // An expectation other than 100-continue may be ignored (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  return server;
}

interface HookContext {
  readonly context: HttpContext;
  readonly cors: Cors;
  readonly lifecycle: Lifecycle;
  readonly routes: RouteTable;
}

function addCommonHooks(app: FastifyInstance, { context, cors, lifecycle, routes }: HookContext): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    const pairs = [
      ...(request.url.startsWith('/swagger') ? [] : fixedHeaders),
      ...cors.headers(request.headers.origin),
    ];
    for (let at = 0; at < pairs.length; at += 2) reply.header(pairs[at] ?? '', pairs[at + 1]);
    if (lifecycle.isDraining) reply.header('connection', 'close');
    // Answered here: later Fastify would first read the body, and refuse that.
    if (request.is404) return sendAnswer(reply, fallbackAnswer(request, request.id, routes, cors));
    return undefined;
  });
  app.addHook('onResponse', async (request, reply) => {
    if (request.routeOptions.config.isCountedElsewhere) return;
    const route = request.routeOptions.url ?? 'unknown';
    const meter = context.meters.route(request.method, route);
    meter.record(reply.statusCode, performance.now() - reply.elapsedTime);
  });
}

async function addOpenApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'tacos visitor API',
        description: 'The waiting room: join the line of an event, ask where you stand, enter.',
        version: project.version,
      },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: jsonSchemaTransform,
  });
  await app.register(swaggerUi, { routePrefix: '/swagger', staticCSP: true });
}
