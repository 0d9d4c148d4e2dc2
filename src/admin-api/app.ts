/** Builds the admin API without listening. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { VersionReply } from '../contract/admin-api.ts';
import { refuse } from '../contract/errors.ts';
import { adminStreamsMax, bodyBytesMax, slowClientMs } from '../contract/limits.ts';
import { documentationPrefix, guardRoutes, type RouteRole } from './auth.ts';
import { createClientErrorHandler } from './client-errors.ts';
import type { Desk, ServerFacts } from './desk.ts';
import { addDocumentation } from './documentation.ts';
import { answer, answerErrors } from './errors.ts';
import { commonHeaders } from './headers.ts';
import { actionRoutes } from './routes/actions.ts';
import { auditRoutes } from './routes/audit.ts';
import { bucketRoutes } from './routes/bucket.ts';
import { budgetRoutes } from './routes/budget.ts';
import { doctorRoutes } from './routes/doctor.ts';
import { eventRoutes } from './routes/events.ts';
import { healthRoutes } from './routes/health.ts';
import { hpaRoutes } from './routes/hpa.ts';
import { loadtestRoutes } from './routes/loadtests.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { overviewRoutes } from './routes/overview.ts';
import { planRoutes } from './routes/plans.ts';
import { positionRoutes } from './routes/positions.ts';
import { saleRoutes } from './routes/sale.ts';
import { settingsRoutes } from './routes/settings.ts';
import { snapshotRoutes } from './routes/snapshot.ts';
import { streamRoutes } from './routes/stream.ts';
import { visitorRoutes } from './routes/visitors.ts';
import { whoamiRoutes } from './routes/whoami.ts';
import type { SignIn } from './sign-in/sign-in.ts';
import { type StreamLimits, Streams } from './streams.ts';

/** What the app is built from. */
export interface AppOptions {
  readonly desk: Desk;
  readonly signIn: SignIn;
  readonly version: string;
  /** Name of the environment that every answer carries. */
  readonly environment: string;
  /** Where `tacos auth login` can log in; default nowhere. */
  readonly logins?: NonNullable<VersionReply['logins']>;
  /** What this process knows for `doctor`. */
  readonly serverFacts: () => ServerFacts;
  /** Sends the webhook a test; false = it was not taken. Default: there is no webhook. */
  readonly testWebhook?: () => Promise<boolean>;
  /** Whether /metrics needs no token; default false. */
  readonly metricsOpen?: boolean;
  readonly log?: FastifyBaseLogger;
  /** Serves https with this pair, PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Bounds of the streams, for tests. */
  readonly streamLimits?: Partial<StreamLimits>;
}

/** A Fastify app whose schemas are zod's. */
export type AdminApp = FastifyInstance & { readonly routeTable: readonly RouteRole[] };

/** Fastify as the route files see it. */
export type TypedApp = ReturnType<typeof typed>;

/** What route files share. */
export interface RouteContext
  extends Pick<
    AppOptions,
    'desk' | 'version' | 'environment' | 'serverFacts' | 'testWebhook' | 'metricsOpen'
  > {
  readonly logins: NonNullable<VersionReply['logins']>;
  readonly streams: Streams;
}

const typed = (app: FastifyInstance) => app.withTypeProvider<ZodTypeProvider>();

/** Longest part of a path, characters: a visitor's id of 128, each up to 12 when encoded. */
const pathPartCharsMax = 1_600;

/** Builds the app; `listen` or `inject` is the caller's. */
export async function buildApp(options: AppOptions): Promise<AdminApp> {
  const app = createFastify(options);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerErrors(app);
  app.addHook('onRequest', async (request, reply) => {
    const { 'cache-control': noStore, ...others } = commonHeaders(options.environment, request.id);
    const isPage = request.url.startsWith(documentationPrefix);
    reply.headers(isPage ? others : { ...others, 'cache-control': noStore });
  });
  const routeTable = guardRoutes(app, options.signIn);
  await addDocumentation(app, options.version);
  const streams = new Streams({ max: adminStreamsMax, ...options.streamLimits });
  app.addHook('preClose', async () => streams.endAll());
  const context: RouteContext = { ...options, logins: options.logins ?? [], streams };
  // After the documentation is there, as it collects routes when they are registered.
  await app.register(async (scope) => {
    const routes = typed(scope);
    for (const register of registrars) register(routes, context);
  });
  await app.ready();
  return Object.assign(app, { routeTable });
}

const registrars = [
  healthRoutes,
  metricsRoutes,
  whoamiRoutes,
  eventRoutes,
  snapshotRoutes,
  streamRoutes,
  overviewRoutes,
  bucketRoutes,
  settingsRoutes,
  saleRoutes,
  positionRoutes,
  visitorRoutes,
  budgetRoutes,
  hpaRoutes,
  loadtestRoutes,
  planRoutes,
  actionRoutes,
  auditRoutes,
  doctorRoutes,
];

function createFastify({ log, tls, environment }: AppOptions): FastifyInstance {
  const options = {
    ...(log === undefined ? { logger: false as const } : { loggerInstance: log }),
    bodyLimit: bodyBytesMax,
    exposeHeadRoutes: false,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'traceId' }),
    requestTimeout: slowClientMs,
    forceCloseConnections: 'idle' as const,
    routerOptions: { maxParamLength: pathPartCharsMax },
    genReqId: requestIdOf,
    return503OnClosing: false,
    clientErrorHandler: createClientErrorHandler(environment),
    frameworkErrors: (_error: Error, request: FastifyRequest, reply: FastifyReply) => {
      reply.headers(commonHeaders(environment, request.id));
      answer(refuse('BAD_REQUEST', { message: 'This address is not valid.' }), request, reply);
    },
  };
  // The server's kind is a type parameter of Fastify's, of which nothing here makes use.
  return (tls === undefined
    ? Fastify(options)
    : Fastify({ ...options, https: { ...tls } })) as unknown as FastifyInstance;
}

/** The trace id of a W3C traceparent, else a new one. */
function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const parent = request.headers.traceparent;
  const traceId = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/.exec(
    typeof parent === 'string' ? parent : '',
  )?.[1];
  return traceId ?? randomBytes(16).toString('hex');
}
