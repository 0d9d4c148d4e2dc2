/** One serving process of a gateway: builds the line and the app, listens, and drains. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import project from '../../package.json' with { type: 'json' };
import { drainMs } from '../contract/limits.ts';
import type { Line } from '../queue/line-types.ts';
import { type App, buildApp } from './app.ts';
import { type Authenticator, createAuthenticator } from './auth/authenticator.ts';
import { devTokenScheme } from './auth/dev-tokens.ts';
import { createJwtScheme } from './auth/jwt.ts';
import type { GatewayConfig } from './config.ts';
import type { Peers } from './fleet/peers.ts';
import type { Lifecycle } from './http/exchange.ts';
import type { BuildLine } from './line-options.ts';
import { Meters } from './metrics/meters.ts';
import { WorkerFigureBook } from './metrics/worker-figures.ts';

export interface ServeOptions {
  readonly config: GatewayConfig;
  readonly port: number;
  readonly gatewayId: string;
  readonly workerId: string;
  readonly buildLine: BuildLine;
  readonly peers: Peers;
  readonly log: Logger;
}

export interface Serving {
  readonly port: number;
  readonly app: App;
  /** Says "not ready", then stops listening, finishes what is being answered, and lets go of the line. */
  drain(): Promise<void>;
}

/** A connection without a request is closed this long after the last could be opened, ms. */
const unusedMs = 1_000;

/** Time kept at the end of a drain to say goodbye to Redis, ms. */
const goodbyeMs = 3_000;

export async function serve(options: ServeOptions): Promise<Serving> {
  const { config, gatewayId, workerId, log, peers } = options;
  const lifecycle: Lifecycle = { isDraining: false };
  const meters = new Meters();
  let streamCount = (): number => 0;
  const figures = new WorkerFigureBook({
    meters,
    version: project.version,
    streamCount: () => streamCount(),
  });
  const line = await options.buildLine({
    redis: config.redis,
    gatewayId,
    workerId,
    waitingTokenKeys: config.waitingTokenKeys,
    reservationTokenKeys: config.reservationTokenKeys,
    eventsAutoCreate: config.eventsAutoCreate,
    enterAuthRequired: config.authEnterRequired,
    environment: config.environment,
    timeZone: config.timeZone,
    figures: () => figures.read(),
    log,
  });
  const app = await buildApp({
    line,
    authenticate: authenticatorFor(config),
    peers,
    log,
    lifecycle,
    meters,
    config,
  });
  streamCount = () => app.streams.count;
  const sockets = new Set<Socket>();
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const port = await listen(app.server, config.host, options.port);
  const noticeMs = config.drainNoticeMs;
  const stop = async (): Promise<void> => {
    await drain({ app, line, sockets, lifecycle, log, noticeMs });
    figures.close();
  };
  return { port, app, drain: stop };
}

/** The ways of signing in that the settings allow. */
function authenticatorFor({ environment, jwt: { secret, ...claims } }: GatewayConfig): Authenticator {
  return createAuthenticator([
    ...(environment === 'production' ? [] : [devTokenScheme]),
    ...(secret === undefined ? [] : [createJwtScheme({ secret, ...claims })]),
  ]);
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

interface Draining {
  readonly app: App;
  readonly line: Line;
  /** All that are open. */
  readonly sockets: ReadonlySet<Socket>;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  readonly noticeMs: number;
}

async function drain({ app, line, sockets, lifecycle, log, noticeMs }: Draining): Promise<void> {
  const { server, streams, fastify } = app;
  lifecycle.isDraining = true;
  // Still serving, while load balancers learn of it; every answer asks its client to connect elsewhere next.
  await sleep(noticeMs);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  streams.endAll();
  const timer = setTimeout(
    () => {
      log.warn('requests that took too long to finish were cut');
      server.closeAllConnections();
    },
    drainMs - goodbyeMs - noticeMs,
  );
  // Browsers open connections ahead of need; node:http counts one that never asked for anything as busy.
  const unusedTimer = setTimeout(() => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }, unusedMs);
  await closed;
  clearTimeout(timer);
  clearTimeout(unusedTimer);
  await fastify.close();
  await Promise.race([line.close(), sleep(goodbyeMs - 500)]);
}

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
