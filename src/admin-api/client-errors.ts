/** Answers to what node:http or the router could not read as a request, in the same shape as all others. */
import { randomBytes } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, errorBody, errorCatalogue, refuse } from '../contract/errors.ts';
import { commonHeaders } from './headers.ts';

const codes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'BODY_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
};

/** Makes the server's clientError listener: it answers where it can, and closes the connection. */
export const createClientErrorHandler =
  (environment: string) =>
  (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const known = codes[error.code ?? ''];
    const refusal =
      known === undefined
        ? refuse('BAD_REQUEST', { message: 'This is not a valid HTTP request.' })
        : refuse(known);
    const traceId = randomBytes(16).toString('hex');
    const body = JSON.stringify(errorBody(refusal, traceId));
    const { status } = errorCatalogue[refusal.code];
    const headers = {
      ...commonHeaders(environment, traceId),
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines].join('\r\n');
    socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
  };
