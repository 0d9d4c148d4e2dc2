/** What every call of the admin API shares: where it goes, what it says of itself, and why it may fail to arrive. */
import type { Dispatcher } from 'undici';
import { environmentHeader } from '../contract/admin-api.ts';

/** Where an admin API is and how to sign in. */
export interface ApiTarget {
  /** Origin, such as http://127.0.0.1:8002. */
  readonly server: string;
  readonly token: string | undefined;
  /** What the client calls itself: program, version, host. */
  readonly client: string;
  /** Longest wait for an answer, ms. */
  readonly timeoutMs: number;
  /** Runnable next step when the server cannot be reached. */
  readonly unreachableHint: string;
  /** Way there, where it is not the plain one: a proxy, an authority of one's own, another name in the certificate. */
  readonly dispatcher?: Dispatcher;
  /** Told of every request, for -v. */
  readonly trace?: (line: string) => void;
}

/** What the headers of the last answer said. */
export class AnswerNotes {
  environment: string | undefined;
  clockSkewSec: number | undefined;

  /** Remembers the server's own environment name and how far its clock is ahead of ours, to about a second. */
  note({ headers }: Pick<Dispatcher.ResponseData, 'headers'>): void {
    const name = headers[environmentHeader];
    if (typeof name === 'string') this.environment = name.slice(0, 64);
    const date = typeof headers.date === 'string' ? Date.parse(headers.date) : Number.NaN;
    // The header is cut to whole seconds: half a second is what it lacks on average.
    if (!Number.isNaN(date)) this.clockSkewSec = (date + 500 - Date.now()) / 1_000;
  }
}

/** Errors of undici and the sockets before a byte of the request has left. */
export const notSent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  // A SOCKS proxy refuses before there is a way to the server: RFC 1928 has eight reasons.
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((reply) => `UND_ERR_SOCKS5_REPLY_${reply}`),
  'UND_ERR_SOCKS5_AUTH_REJECTED',
  'UND_ERR_SOCKS5_AUTH_FAILED',
  // The certificate was not taken: nothing follows the handshake.
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** Headers that every request carries. */
export const headersOf = ({ token, client }: ApiTarget): Record<string, string> => ({
  'user-agent': client,
  ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
});

/** A failed request's code, and the same in words. */
export function causeOf(error: unknown, timeoutMs: number): { code: string; text: string } {
  const { code, name, message } = error as { code?: unknown; name?: string; message?: string };
  if (name === 'TimeoutError') return { code: 'TIMEOUT', text: `no answer within ${timeoutMs / 1000} s` };
  const text = typeof code === 'string' ? code : (message ?? String(error));
  return { code: typeof code === 'string' ? code : 'UNKNOWN', text: sayings[text] ?? text };
}

const sayings: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  ECONNRESET: 'connection reset',
  UND_ERR_SOCKET: 'the connection broke',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by nobody that is known here (caFile)',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by nobody that is known here (caFile)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by nobody that is known here (caFile)',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by nobody that is known here (caFile)',
  CERT_HAS_EXPIRED: 'its certificate has ended',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: is the clock right?',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name (tlsServerName)',
};
