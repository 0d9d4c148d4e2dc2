/** The id under which one request is found again: in its answer, its error, its log lines and its trace. */
import { randomFillSync } from 'node:crypto';

/** Gives the request's trace id: that of a valid W3C traceparent header, else a new one of 32 hex digits. */
export type TraceIds = (traceparent: string | string[] | undefined) => string;

/** How new trace ids look: all at random, or as AWS X-Ray wants them, with the epoch second in the first 8 digits. */
export type TraceIdForm = 'random' | 'xray';

const traceIdBytes = 16;
const xrayTimeBytes = 4;
const idsInPool = 256;

export function createTraceIds(form: TraceIdForm = 'random'): TraceIds {
  const newId = createNewTraceId(form);
  return (traceparent) => {
    if (typeof traceparent === 'string') {
      const id = idOf(traceparent);
      if (id !== undefined) return id;
    }
    return newId();
  };
}

/** Makes new trace ids, 32 hex digits. */
export function createNewTraceId(form: TraceIdForm): () => string {
  if (form === 'random') return createHexIds(traceIdBytes);
  const rest = createHexIds(traceIdBytes - xrayTimeBytes);
  return () => {
    const seconds = Math.floor(Date.now() / 1000);
    return seconds.toString(16).padStart(2 * xrayTimeBytes, '0') + rest();
  };
}

/**
 * Makes ids of so many random bytes, as hex digits, never all zero. The bytes are drawn for 256 ids at a time: one by
 * one they would cost more than the rest of the header.
 */
export function createHexIds(bytes: number): () => string {
  const pool = Buffer.allocUnsafe(bytes * idsInPool);
  const zero = '0'.repeat(2 * bytes);
  let at = pool.length;
  return function next(): string {
    if (at === pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    at += bytes;
    const id = pool.toString('hex', at - bytes, at);
    return id === zero ? next() : id;
  };
}

/** https://www.w3.org/TR/trace-context/#traceparent-header; a later version may have more fields at its end. */
function idOf(traceparent: string): string | undefined {
  const found = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/.exec(traceparent);
  if (found === null) return undefined;
  const [, version, traceId, parentId, more] = found;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId ?? '') || /^0+$/.test(parentId ?? '')) return undefined;
  return traceId;
}
