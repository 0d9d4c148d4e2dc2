/** The id under which one request is found again: in its answer, its error, its log lines and its trace. */
import { randomFillSync } from 'node:crypto';

/** Gives the request's trace id: that of a valid W3C traceparent header, else a new one of 32 hex digits. */
export type TraceIds = (traceparent: string | string[] | undefined) => string;

const idBytes = 16;
const poolBytes = idBytes * 256;

/** Random bytes are drawn for 256 ids at a time: one by one they would cost more than the rest of the header. */
export function createTraceIds(): TraceIds {
  const pool = Buffer.allocUnsafe(poolBytes);
  let at = poolBytes;
  return (traceparent) => {
    if (typeof traceparent === 'string') {
      const id = idOf(traceparent);
      if (id !== undefined) return id;
    }
    if (at === poolBytes) {
      randomFillSync(pool);
      at = 0;
    }
    at += idBytes;
    return pool.toString('hex', at - idBytes, at);
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
