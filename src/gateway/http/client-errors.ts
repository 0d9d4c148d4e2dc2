/** Answers to what node:http could not read as a request, in the same shape as all others. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, refuse } from '../../contract/errors.ts';
import type { Meters } from '../metrics/meters.ts';
import { fixedHeaders, jsonType, refusalAnswer } from './answer.ts';
import type { TraceIds } from './trace-id.ts';

const codes: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'HEADERS_TOO_LARGE',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'BODY_TOO_LARGE',
  ERR_HTTP_REQUEST_TIMEOUT: 'REQUEST_TIMEOUT',
};
const notHttp = { message: 'This is not a valid HTTP request.' };

/** Makes the server's clientError listener: it answers where it can, and closes the connection. */
export function createClientErrorHandler(options: { readonly meters: Meters; readonly traceIds: TraceIds }) {
  const meter = options.meters.route('other', 'unread');
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const code = codes[error.code ?? ''];
    const traceId = options.traceIds(undefined);
    const { status, body } = refusalAnswer(code ? refuse(code) : refuse('BAD_REQUEST', notHttp), traceId);
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      `content-type: ${jsonType}`,
      `content-length: ${Buffer.byteLength(body)}`,
      `${fixedHeaders[0]}: ${fixedHeaders[1]}`,
      `${fixedHeaders[2]}: ${fixedHeaders[3]}`,
      `x-request-id: ${traceId}`,
      'connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
    meter.record(status, performance.now());
  };
}
