/** Builds the HTTP server: the thin path in front, Fastify behind it. Listens to nothing. */
import { createServer, type Server } from 'node:http';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import fastify, { type FastifyInstance } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import project from '../../package.json' with { type: 'json' };
import { bodyBytesMax, slowClientMs, streamCommentMs, streamsPerProcessMax } from '../contract/limits.ts';
import { describeHeaders } from '../contract/openapi.ts';
import type { Line } from '../queue/line-types.ts';
import type { RedisClient } from '../redis/client.ts';
import type { Identity } from './auth/identity.ts';
import type { Backends } from './backends/backends.ts';
import { backendDependencies } from './backends/grpc-backends.ts';
import type { Peers } from './fleet/peers.ts';
import { createFrontDesk, type FrontDesk } from './front-desk.ts';
import { createHotPath, type HttpContext } from './hot-path.ts';
import { fixedHeaders } from './http/answer.ts';
import { createClientErrorHandler } from './http/client-errors.ts';
import { type Cors, createCors } from './http/cors.ts';
import { type Lifecycle, Sender } from './http/exchange.ts';
import { createTraceIds, type TraceIdForm } from './http/trace-id.ts';
import { Meters } from './metrics/meters.ts';
import { createRegistry } from './metrics/registry.ts';
import { createOperations } from './operations.ts';
import { OverloadGuard } from './overload/guard.ts';
import { RestingConnections } from './overload/resting.ts';
import { createProxyList } from './rate-limit/client-address.ts';
import { openGate, type RateGate } from './rate-limit/rate-gate.ts';
import { createRequestOperations } from './requests/request-operations.ts';
import { authRoutes } from './routes/auth.ts';
import { fallbackAnswer, RouteTable, sendError } from './routes/fallback.ts';
import { healthRoutes } from './routes/health.ts';
import { paymentRoutes } from './routes/payment.ts';
import { queueRoutes } from './routes/queue.ts';
import { sendAnswer } from './routes/raw.ts';
import { reservationRoutes } from './routes/reservations.ts';
import { wellKnownRoutes } from './routes/well-known.ts';
import { Streams } from './streams.ts';
import { FastifySpans } from './tracing/fastify-spans.ts';
import type { Tracer } from './tracing/tracer.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route's handler counts its own requests. */
    isCountedElsewhere?: boolean;
  }
}

/** What reservations and payment stand on. */
export interface RequestsOptions {
  readonly backends: Backends;
  /** Opened with `requestScripts`. */
  readonly redis: RedisClient;
  /** Whether simulated payments may be ended by hand. Never in production. */
  readonly isSimulation: boolean;
  /** Epoch ms, by which reservation tokens end: the clock that dated them, Redis's. Default the system's. */
  readonly nowMs?: () => number;
}

export interface AppOptions {
  readonly line: Line;
  readonly identity: Pick<Identity, 'authenticate' | 'accounts'> & {
    readonly reservationKeys: Pick<Identity['reservationKeys'], 'jwks' | 'verify'>;
  };
  readonly peers: Peers;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
  /** Absent = no routes for reservations and payment. */
  readonly requests?: RequestsOptions;
  /** Counters of the HTTP layer; the caller's where somebody else reads them too. */
  readonly meters?: Meters;
  readonly config: {
    readonly authEnterRequired: boolean;
    readonly corsAllowOrigins: readonly string[];
    readonly environmentName: string;
    /** Their connections carry many people's requests; default none. */
    readonly trustedProxies?: readonly string[];
  };
  /** Streams that may be open at once; default `streamsPerProcessMax`. */
  readonly streamsMax?: number;
  /** Time between a stream's comments, ms; default `streamCommentMs`. */
  readonly commentMs?: number;
  /** Time in which a whole request must arrive, ms; default `slowClientMs`. */
  readonly requestMs?: number;
  /** Refuses what there is no time for; default: nothing. */
  readonly guard?: OverloadGuard;
  /** Limits how often people ask; default: it does not. */
  readonly gate?: RateGate;
  /** Undefined where tracing is off. */
  readonly tracer?: Tracer | undefined;
  /** How new trace ids look; default `random`. */
  readonly traceIdForm?: TraceIdForm;
}

export interface App {
  /** Fastify, ready; for `inject` in tests, and to be closed at the end. */
  readonly fastify: FastifyInstance;
  /** Takes connections once something calls its listen. */
  readonly server: Server;
  readonly streams: Streams;
  /** Decides about visitors; for other wires beside HTTP. */
  readonly desk: FrontDesk;
}

/** A proxy in front keeps idle connections for 60 s (AWS, nginx): the server must not be the first to close. */
const keepAliveMs = 75_000;
const connectionsCheckMs = 1_000;
/** Ids in paths have 128 characters at most, each percent-encoded perhaps. */
const pathParamCharsMax = 3 * 128;

export async function buildApp(options: AppOptions): Promise<App> {
  const { line, log, lifecycle, peers, config } = options;
  const { meters = new Meters(), gate = openGate } = options;
  const cors = createCors(config.corsAllowOrigins);
  const { authenticate, accounts, reservationKeys } = options.identity;
  const { authEnterRequired } = config;
  const backends = options.requests?.backends;
  const {
    streamsMax = streamsPerProcessMax,
    commentMs = streamCommentMs,
    requestMs = slowClientMs,
  } = options;
  const streams = new Streams({ line, max: streamsMax, commentMs });
  const { guard = new OverloadGuard({ lateMs: 0, isServed: () => false }) } = options;
  const desk = createFrontDesk({ line, authenticate, authEnterRequired, meters, gate, guard });
  const resting = new RestingConnections({
    isProxy: createProxyList(config.trustedProxies ?? []),
    isCalm: () => guard.isCalm,
  });
  const context: HttpContext = {
    desk,
    operations: createOperations(desk),
    streams,
    meters,
    traceIds: createTraceIds(options.traceIdForm),
    sender: new Sender({ cors, lifecycle, resting }),
    log,
    tracer: options.tracer,
    gate,
  };
  const registry = createRegistry({
    line,
    meters,
    streamCount: () => streams.count,
    overload: () => ({ refusedShare: guard.refusedShare, refused: guard.refused, resting: resting.count }),
    version: project.version,
    ...(backends === undefined ? {} : { breakers: () => backends.breakers() }),
  });
  peers.serve({
    metrics: () => registry.getMetricsAsJSON(),
    readiness: () => ({
      ready: line.ready && !lifecycle.isDraining,
      dependencies: { ...line.dependencies(), ...(backends && backendDependencies(backends)) },
    }),
  });
  const app = createFastify(context, requestMs);
  const routes = new RouteTable();
  routes.watch(app);
  addCommonHooks(app, { context, cors, lifecycle, routes });
  await addOpenApi(app);
  await app.register(queueRoutes, context);
  if (accounts !== undefined) await app.register(authRoutes, { accounts, gate });
  await app.register(wellKnownRoutes, { publicKeys: () => reservationKeys.jwks() });
  if (options.requests !== undefined) await addRequestRoutes(app, options, options.requests, meters);
  await app.register(healthRoutes, { peers, environmentName: config.environmentName });
  app.addHook('onClose', async () => resting.close());
  await app.ready();
  return { fastify: app, server: app.server, streams, desk };
}

async function addRequestRoutes(
  app: FastifyInstance,
  { identity, config, log, gate = openGate }: AppOptions,
  { isSimulation, ...requests }: RequestsOptions,
  meters: Meters,
): Promise<void> {
  const { reservations, payments } = createRequestOperations({
    ...requests,
    authenticate: gate.counting(identity.authenticate),
    passVerifier: identity.reservationKeys,
    anonymousEnters: !config.authEnterRequired,
    meters,
    log,
  });
  await app.register(reservationRoutes, { operations: reservations });
  await app.register(paymentRoutes, { operations: payments, isSimulation });
}

function createFastify(context: HttpContext, requestMs: number): FastifyInstance {
  const { traceIds, meters, log, tracer } = context;
  const spans = tracer === undefined ? undefined : new FastifySpans(tracer);
  const hotPath = createHotPath(context);
  const app = fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    routerOptions: { maxParamLength: pathParamCharsMax },
    genReqId: (request) => spans?.begin(request) ?? traceIds(request.headers.traceparent),
    clientErrorHandler: createClientErrorHandler({ meters, traceIds }),
    frameworkErrors: (error, request, reply) => {
      reply.header('x-request-id', request.id);
      sendError(error, request, reply, log);
      // These never come to a route, nor to its hooks.
      spans?.end(request.raw, { route: undefined, status: reply.statusCode });
    },
    serverFactory: (answerByFastify) => createHttpServer(requestMs, hotPath, answerByFastify),
  });
  spans?.addHooks(app);
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
    context.gate.noteAddress(request.socket.remoteAddress, request.headers);
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
    transformObject: (document) =>
      'openapiObject' in document ? describeHeaders(document.openapiObject) : document.swaggerObject,
  });
  await app.register(swaggerUi, { routePrefix: '/swagger', staticCSP: true });
}
