/**
 * The gRPC server of one worker: QueueService on a port of its own. Connections are taken by a plain TCP server and
 * handed to grpc-js, so that node:cluster shares the port as it does HTTP's, and errors of listening keep their codes.
 */
import { constants, type ServerHttp2Stream } from 'node:http2';
import { createServer, type Socket } from 'node:net';
import {
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import { bodyBytesMax, grpcStreamsMax, slowClientMs } from '../../contract/limits.ts';
import type { ConnectionGuard } from '../http/connection-guard.ts';
import { queueServiceDefinition } from './definition.ts';
import { createQueueService, type QueueServiceOptions } from './service.ts';

export interface GrpcServerOptions extends QueueServiceOptions {
  readonly host: string;
  /** 0 = a free one. */
  readonly port: number;
  /** Counts connections, and cuts those that are too many; default: any number. */
  readonly connections?: Pick<ConnectionGuard, 'takes'>;
  /** Connections that may wait to be accepted. */
  readonly backlog: number;
  /** Time in which a call's message must arrive, ms; default `slowClientMs`. */
  readonly requestMs?: number;
}

export interface GrpcServing {
  readonly port: number;
  /** Takes no more connections or calls, waits until those under way are answered, and cuts them after so long. */
  drain(withinMs: number): Promise<void>;
}

/** The port cannot be listened on; `cause` says why. */
export class GrpcListenError extends Error {}

/**
 * A message is at most as large as a body of HTTP, and comes within the same time. A connection that says nothing for a
 * minute is pinged, and cut 20 s later if it is still silent; an unused one is closed after 5 minutes, and any after 15,
 * so that clients spread over gateways that were started later: grpc clients open another by themselves. What a
 * connection may hold in memory, unread answers included, is 32 MB.
 */
const serverOptions = {
  'grpc.max_receive_message_length': bodyBytesMax,
  'grpc.max_concurrent_streams': grpcStreamsMax,
  'grpc.keepalive_time_ms': 60_000,
  'grpc.keepalive_timeout_ms': 20_000,
  'grpc.max_connection_idle_ms': 300_000,
  'grpc.max_connection_age_ms': 900_000,
  'grpc.max_connection_age_grace_ms': 30_000,
  'grpc-node.max_session_memory': 32,
  'grpc.enable_channelz': 0,
} as const;

/** Serves until drained. @throws GrpcListenError */
export async function serveGrpc(options: GrpcServerOptions): Promise<GrpcServing> {
  const { requestMs = slowClientMs } = options;
  const server = new Server({ ...serverOptions, interceptors: [cutSlow(requestMs)] });
  server.addService(queueServiceDefinition(), createQueueService(options));
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  const sockets = new Set<Socket>();
  const listener = createServer({ noDelay: true }, (socket) => {
    if (options.connections?.takes(socket) === false) return;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    cutIfSilent(socket, requestMs);
    injector.injectConnection(socket);
  });
  const { host, backlog } = options;
  const port = await new Promise<number>((resolve, reject) => {
    listener.once('error', (cause) => reject(new GrpcListenError('cannot listen', { cause })));
    listener.listen({ host, port: options.port, backlog }, () => {
      listener.removeAllListeners('error');
      const address = listener.address();
      resolve(typeof address === 'object' && address !== null ? address.port : options.port);
    });
  });
  const drain = async (withinMs: number): Promise<void> => {
    // Every connection is told to go, ends when its calls are answered, and is closed when the client has read that: to
    // end earlier would reset it, and lose answers. grpc-js waits for less on the connections that it is handed.
    const finished = new Promise<void>((resolve) => listener.close(() => resolve()));
    server.tryShutdown(() => {});
    for (const socket of sockets) cutIfSilent(socket, unusedMs);
    const timer = setTimeout(() => {
      server.forceShutdown();
      for (const socket of sockets) socket.destroy();
    }, withinMs);
    await finished;
    clearTimeout(timer);
  };
  return { port, drain };
}

/**
 * Ends a call whose message has not come by then, ms; grpc-js would wait for as long as the connection lives. Its status
 * alone leaves the stream to the client: the stream, which grpc-js keeps to itself, is closed too (RFC 9113, 8.1).
 */
function cutSlow(withinMs: number): ServerInterceptor {
  const details = 'The message did not arrive in time.';
  return (_, call) => {
    const timer = setTimeout(() => {
      call.sendStatus({ code: status.DEADLINE_EXCEEDED, details });
      (call as { readonly stream?: ServerHttp2Stream }).stream?.close(constants.NGHTTP2_NO_ERROR);
    }, withinMs);
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveHalfClose: (more) => {
            clearTimeout(timer);
            more();
          },
          onCancel: () => clearTimeout(timer),
        }),
    });
  };
}

/** A connection that never sent anything does not hold a drain up for longer, ms. */
const unusedMs = 1_000;

/** Cuts a connection on which nothing has come by then, ms. */
function cutIfSilent(socket: Socket, withinMs: number): void {
  const timer = setTimeout(() => {
    if (socket.bytesRead === 0) socket.destroy();
  }, withinMs);
  socket.once('close', () => clearTimeout(timer));
}
