/** Metadata of a call, read as the headers of an HTTP request. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Metadata } from '@grpc/grpc-js';
import type { Asker } from '../front-desk.ts';
import type { RateGate } from '../rate-limit/rate-gate.ts';

/** What says who asks, and with which key. */
const callerNames = [
  'authorization',
  'idempotency-key',
  'x-dev-mode',
  'x-load-test',
  'x-user-id',
  'x-forwarded-for',
] as const;

/** A text of the metadata; several of one name are joined as HTTP does. */
export function textOf(metadata: Metadata, name: string): string | undefined {
  const values = metadata.get(name);
  if (values.length === 0) return undefined;
  return values.length === 1 ? String(values[0]) : values.join(', ');
}

/** What of a call says where it comes from. */
export interface Origin {
  readonly metadata: Metadata;
  /** The other end of the connection, `address:port`. */
  getPeer(): string;
}

/** The headers by which the front desk finds out who asks, the client's address among them. */
export function callerHeaders(origin: Origin, gate: RateGate): IncomingHttpHeaders {
  const headers = headersOf(origin.metadata);
  gate.noteAddress(addressOf(origin.getPeer()), headers);
  return headers;
}

/** A call as the front desk asks about it where a token is no good: nothing is read before. */
export class CallAsker implements Asker {
  private readonly origin: Origin;

  constructor(origin: Origin) {
    this.origin = origin;
  }

  get headers(): IncomingHttpHeaders {
    return headersOf(this.origin.metadata);
  }

  get socket(): Asker['socket'] {
    return { remoteAddress: addressOf(this.origin.getPeer()) };
  }
}

/** IPv6 addresses come without brackets. */
const addressOf = (peer: string): string => peer.slice(0, Math.max(0, peer.lastIndexOf(':')));

function headersOf(metadata: Metadata): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {};
  for (const name of callerNames) {
    const text = textOf(metadata, name);
    if (text !== undefined) headers[name] = text;
  }
  return headers;
}
