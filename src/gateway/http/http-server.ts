/** The HTTP server of a worker, with the times that a client has. */
import { createServer, type Server } from 'node:http';
import { headersMax } from '../../contract/limits.ts';
import type { HotPath } from '../hot-path.ts';
import type { ConnectionGuard } from './connection-guard.ts';

/** A proxy in front keeps idle connections for 60 s (AWS, nginx): the server must not be the first to close. */
const keepAliveMs = 75_000;
const connectionsCheckMs = 1_000;

export interface HttpServerOptions {
  /** Time in which a whole request must arrive, ms. */
  readonly requestMs: number;
  readonly guard: ConnectionGuard;
  readonly hotPath: HotPath;
  /** Takes what the thin path leaves. */
  readonly answerByFastify: Parameters<typeof createServer>[1] & object;
}

/** Makes it; listens to nothing yet. */
export function createHttpServer({ requestMs, guard, hotPath, answerByFastify }: HttpServerOptions): Server {
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
      if (!guard.admits(request, response)) return;
      if (!hotPath(request, response)) answerByFastify(request, response);
    },
  );
  // One more than may be, so that the thin path sees that there are too many, where node:http does not.
  server.maxHeadersCount = headersMax + 1;
  guard.watch(server, requestMs);
  // An expectation other than 100-continue may be ignored (RFC 9110, 10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  return server;
}
