/**
 * How a serving process stops so that no request fails:
 *
 *   notice     readyz says no, all goes on being answered while load balancers take the process out; every answer
 *              asks its client to connect elsewhere next
 *   hand-over  streams are ended bit by bit, gRPC connections are told to go. Whoever still asks on an open connection is
 *              answered, and told so by the answer: HTTP knows no other way. A connection closed while idle loses the
 *              request that is on its way, so it stays until its client asks or the time is up
 *   end        nobody is listened to; what is being answered is finished; the line says goodbye to Redis
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { drainMs } from '../contract/limits.ts';
import type { Line } from '../queue/line-types.ts';
import type { App } from './app.ts';
import type { GrpcServing } from './grpc/server.ts';
import type { Lifecycle } from './http/exchange.ts';
import type { Tracer } from './tracing/tracer.ts';

export interface Draining {
  readonly app: App;
  readonly grpc: GrpcServing;
  readonly line: Line;
  readonly tracer: Tracer | undefined;
  /** Of HTTP, those that are open. */
  readonly sockets: ReadonlySet<Socket>;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
  /** How long the process says "not ready" and serves on before it hands over, ms. */
  readonly noticeMs: number;
  /** The whole drain takes so long at most, ms; default `drainMs`. */
  readonly withinMs?: number;
}

/** The hand-over takes so many times as long as the notice at most, while idle connections are open. */
const handOverNotices = 2;

/** A connection without a request is closed this long after the last could be opened, ms. */
const unusedMs = 1_000;

/** Time kept at the end of a drain to say goodbye to Redis, ms. */
const goodbyeMs = 3_000;

/** Time kept between hand-over and goodbye for what is being answered, ms: longer than any call may take. */
const answerMs = 4_000;

const lookMs = 50;

/** Keeps track of a server's open connections. */
export function openSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

/** Stops; resolves when nothing is open any more and the line is closed. */
export async function drain(draining: Draining): Promise<void> {
  const { app, line, tracer, lifecycle, log, noticeMs, withinMs = drainMs } = draining;
  const startedMs = performance.now();
  const lastMs = startedMs + withinMs - goodbyeMs;
  lifecycle.isDraining = true;
  await sleep(noticeMs);
  const grpcDrained = draining.grpc.drain(lastMs - performance.now());
  await handOver(draining, Math.min(handOverNotices * noticeMs, lastMs - answerMs - performance.now()));
  const cut = await endAnswers(draining, lastMs);
  await grpcDrained;
  if (cut > 0) log.warn({ connections: cut }, 'requests that took too long to finish were cut');
  await app.fastify.close();
  const goodbyeWithinMs = goodbyeMs - 500;
  await Promise.all([Promise.race([line.close(), sleep(goodbyeWithinMs)]), tracer?.close(goodbyeWithinMs)]);
  log.info({ afterMs: Math.round(performance.now() - startedMs) }, 'drained');
}

/** Resolves when no connection is left, after half of the time at the earliest, or the time is up. */
async function handOver({ app, sockets }: Draining, withinMs: number): Promise<void> {
  const untilMs = performance.now() + withinMs;
  // Half of the time: whoever is slow to read has the other half.
  const streamsHandedOver = app.streams.handOver(withinMs / 2);
  while (sockets.size > 0 && performance.now() < untilMs) await sleep(lookMs);
  await streamsHandedOver;
}

/** Takes no more connections and waits for what is being answered; how many connections had to be cut. */
async function endAnswers({ app, sockets }: Draining, lastMs: number): Promise<number> {
  const { server, streams } = app;
  // After the requests that have come by now were read: from here on, those that are idle are closed.
  await new Promise(setImmediate);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  streams.endAll();
  let cut = 0;
  const timer = setTimeout(
    () => {
      cut = sockets.size;
      server.closeAllConnections();
    },
    Math.max(0, lastMs - performance.now()),
  );
  // Browsers open connections ahead of need; node:http counts one that never asked for anything as busy.
  const unusedTimer = setTimeout(() => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }, unusedMs);
  await closed;
  clearTimeout(timer);
  clearTimeout(unusedTimer);
  return cut;
}

const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, ms));
  });
