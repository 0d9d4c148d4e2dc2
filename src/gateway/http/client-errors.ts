/** Answers to what node:http could not read as a request, in the same shape as all others. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Refusal, refuse } from '../../contract/errors.ts';
import { headersMax } from '../../contract/limits.ts';
import type { Meters } from '../metrics/meters.ts';
import { fixedHeaders, jsonType, refusalAnswer } from './answer.ts';
import type { TraceIds } from './trace-id.ts';

const refusals: Readonly<Record<string, Refusal>> = {
  // Node 26 says the same of more headers than it may read (http-server.ts).
  HPE_HEADER_OVERFLOW: refuse('HEADERS_TOO_LARGE', {
    message: `The headers are larger than 16 KiB, or more than ${headersMax}.`,
  }),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: refuse('BODY_TOO_LARGE'),
  ERR_HTTP_REQUEST_TIMEOUT: refuse('REQUEST_TIMEOUT'),
};
const notHttp = refuse('BAD_REQUEST', { message: 'This is not a valid HTTP request.' });

/** Makes the server's clientError listener: it answers where it can, and closes the connection. */
export function createClientErrorHandler(options: { readonly meters: Meters; readonly traceIds: TraceIds }) {
  const meter = options.meters.route('other', 'unread');
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const traceId = options.traceIds(undefined);
    const { status, body } = refusalAnswer(refusals[error.code ?? ''] ?? notHttp, traceId);
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
