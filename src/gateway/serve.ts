/** One serving process of a gateway: builds the line and the app, listens, and drains. */
import type { Server } from 'node:http';
import type { Logger } from 'pino';
import project from '../../package.json' with { type: 'json' };
import type { NamedKey } from '../queue/keyring.ts';
import { redisAddress } from '../redis/access.ts';
import { connect } from '../redis/client.ts';
import { observeCommands } from '../redis/command-observer.ts';
import { type App, buildApp } from './app.ts';
import { createIdentity } from './auth/identity.ts';
import { createBackends } from './backends/grpc-backends.ts';
import type { GatewayConfig } from './config.ts';
import { drain, openSockets } from './drain.ts';
import type { Peers } from './fleet/peers.ts';
import { serveGrpc } from './grpc/server.ts';
import type { Lifecycle } from './http/exchange.ts';
import type { BuildLine } from './line-options.ts';
import { Meters } from './metrics/meters.ts';
import { WorkerFigureBook } from './metrics/worker-figures.ts';
import { OverloadGuard } from './overload/guard.ts';
import { watchLoop } from './overload/loop-watch.ts';
import { createRateGate } from './rate-limit/rate-gate.ts';
import { chargeThrough, limitScripts } from './rate-limit/shared-buckets.ts';
import { requestScripts } from './requests/request-scripts.ts';
import { traceBackends } from './tracing/traced-backends.ts';
import { loadTracer, withTraceId } from './tracing/tracer.ts';

export interface ServeOptions {
  readonly config: GatewayConfig;
  readonly port: number;
  readonly grpcPort: number;
  readonly gatewayId: string;
  readonly workerId: string;
  readonly buildLine: BuildLine;
  /** Reads the reservation token keys again; absent where they cannot change. */
  readonly rereadReservationTokenKeys?: () => readonly NamedKey[];
  readonly peers: Peers;
  readonly log: Logger;
}

export interface Serving {
  readonly port: number;
  readonly grpcPort: number;
  readonly app: App;
  /** Stops as drain.ts says. */
  drain(): Promise<void>;
}

export async function serve(options: ServeOptions): Promise<Serving> {
  const { config, gatewayId, workerId, log, peers } = options;
  const lifecycle: Lifecycle = { isDraining: false };
  const meters = new Meters();
  const backends = createBackends({ ...config.backends, meters, log });
  let streamCount = (): number => 0;
  const figures = new WorkerFigureBook({
    meters,
    version: project.version,
    streamCount: () => streamCount(),
    ...(config.brake.mode === 'off' ? {} : { slowMs: config.brake.latencyMs }),
  });
  const redis = await redisAddress(config.redis);
  const scripts = { ...requestScripts, ...limitScripts };
  /** For what is not the line: users, keys of providers, answers kept for a repeated request. */
  const requests = connect(redis, { name: 'tacos-requests', scripts });
  meters.commands.watch(requests);
  const { rereadReservationTokenKeys } = options;
  const identity = await createIdentity({
    config,
    redis: requests,
    log,
    ...(rereadReservationTokenKeys === undefined ? {} : { rereadReservationTokenKeys }),
  });
  const tracer = await loadTracer({
    settings: config.tracing,
    version: project.version,
    environmentName: config.environmentName,
    workerId,
    log,
  });
  if (tracer !== undefined) observeCommands(requests, tracer.line.command, scripts);
  const gate = createRateGate({ config, meters, charge: chargeThrough(requests) });
  const { testFault } = config;
  const { buildLine } = options;
  const build =
    testFault === undefined ? buildLine : (await import('./test-fault.ts')).faulty(buildLine, testFault);
  const line = await build({
    redis,
    gatewayId,
    workerId,
    waitingTokenKeys: config.waitingTokenKeys,
    passes: identity.reservationKeys,
    eventsAutoCreate: config.eventsAutoCreate,
    enterAuthRequired: config.authEnterRequired,
    environment: config.environment,
    timeZone: config.timeZone,
    figures: () => figures.read(),
    brake: config.brake,
    ...(config.rateLimit.enabled ? { limitPlace: gate.byPlace } : {}),
    log: tracer === undefined ? log : withTraceId(log, tracer),
    ...(tracer === undefined ? {} : { trace: tracer.line }),
  });
  const guard = new OverloadGuard({
    lateMs: config.overloadLagMs,
    peek: () => watch.peek(),
    isServed: (event) => line.facts(event) !== undefined,
  });
  const watch = watchLoop((seen) => guard.look(seen));
  const tracedBackends = tracer === undefined ? backends : traceBackends(backends, tracer);
  const traceIdForm = config.tracing.xray ? 'xray' : 'random';
  const app = await buildApp({
    line,
    identity,
    peers,
    log,
    lifecycle,
    meters,
    config,
    gate,
    guard,
    requests: {
      backends: tracedBackends,
      redis: requests,
      isSimulation: config.environment !== 'production',
      // Passes are dated by Redis: by a machine's own clock that is off they would end too early, or too late.
      nowMs: () => line.nowMs(),
    },
    tracer,
    traceIdForm,
  });
  streamCount = () => app.streams.count;
  const sockets = openSockets(app.server);
  const port = await listen(app.server, config.host, options.port);
  const grpc = await serveGrpc({
    host: config.host,
    port: options.grpcPort,
    backlog: listenBacklog,
    desk: app.desk,
    line,
    meters,
    log,
    gate,
    traceIdForm,
    ...(tracer === undefined ? {} : { tracer }),
  });
  const noticeMs = config.drainNoticeMs;
  const stop = async (): Promise<void> => {
    await drain({ app, grpc, line, tracer, sockets, lifecycle, log, noticeMs });
    backends.close();
    figures.close();
    watch.close();
    identity.close();
    requests.disconnect();
  };
  return { port, grpcPort: grpc.port, app, drain: stop };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: listenBacklog }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Connections that may wait to be accepted; Linux caps it at net.core.somaxconn (4,096). */
const listenBacklog = 4_096;
