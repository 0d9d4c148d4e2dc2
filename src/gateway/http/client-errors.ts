/** Answers to what node:http could not read as a request, in the same shape as all others. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { refuse } from '../../contract/errors.ts';
import type { Meters } from '../metrics/meters.ts';
import { fixedHeaders, jsonType, refusalAnswer } from './answer.ts';
import type { TraceIds } from './trace-id.ts';

const refusals: Readonly<Record<string, { readonly status: number; readonly message: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: 'The headers are too large.' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, message: 'The chunk extensions are too large.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'The request took too long to arrive.' },
};
const notHttp = { status: 400, message: 'This is not a valid HTTP request.' };

/** Makes the server's clientError listener: it answers where it can, and closes the connection. */
export function createClientErrorHandler(options: { readonly meters: Meters; readonly traceIds: TraceIds }) {
  const meter = options.meters.route('other', 'unread');
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const { status, message } = refusals[error.code ?? ''] ?? notHttp;
    const traceId = options.traceIds(undefined);
    const { body } = refusalAnswer(refuse('BAD_REQUEST', { message }), traceId);
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
