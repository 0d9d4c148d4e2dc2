/** What calls to backends carry of the request that they are made for. */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { CallContext } from '../backends/backends.ts';

const spanIdBytes = 8;

/**
 * The visitor's own traceparent where it is valid, else one of the request's trace id, with a new parent id and not
 * sampled. `traceId` = what `TraceIds` made of the same headers: a header that it took its id from is valid.
 */
export function callContextOf(headers: IncomingHttpHeaders, traceId: string): CallContext {
  const { traceparent } = headers;
  // Fields that a later version adds are dropped with its number: this gateway speaks version 00.
  if (typeof traceparent === 'string' && traceparent.slice(3, 35) === traceId) {
    return { traceparent: `00${traceparent.slice(2, 55)}` };
  }
  return { traceparent: `00-${traceId}-${randomBytes(spanIdBytes).toString('hex')}-00` };
}
