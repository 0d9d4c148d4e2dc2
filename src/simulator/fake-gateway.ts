import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Proof } from '../contract/visitor-api.ts';
import type { Call } from './wire.ts';

/** One request as the fake gateway got it; `atMs` is performance.now(). */
export interface FakeCall {
  readonly call: Call;
  readonly token: string;
  readonly headers: IncomingHttpHeaders;
  /** The proof of work that a join brought. */
  readonly proof: Proof | undefined;
  readonly atMs: number;
}

/** What it answers; 'cut' closes the connection instead. */
export type FakeAnswer =
  | { readonly status: number; readonly body: object; readonly headers?: Readonly<Record<string, string>> }
  | 'cut';

/** A stand-in for a gateway, for tests of time and failure that a real one cannot be made to show. */
export interface FakeGateway {
  readonly url: string;
  /** All requests so far, oldest first. */
  readonly calls: readonly FakeCall[];
  close(): Promise<void>;
}

/** Starts one on a free loopback port; `answer` decides each answer. */
export async function startFakeGateway(answer: (call: FakeCall) => FakeAnswer): Promise<FakeGateway> {
  const calls: FakeCall[] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://fake');
    let text = '';
    for await (const chunk of request) text += chunk;
    const body: { waiting_token?: string; proof?: Proof } = text === '' ? {} : JSON.parse(text);
    const call = callOf(url.pathname);
    const token = url.searchParams.get('token') ?? body.waiting_token ?? '';
    const seen: FakeCall = {
      call,
      token,
      headers: request.headers,
      proof: body.proof,
      atMs: performance.now(),
    };
    calls.push(seen);
    const reply = answer(seen);
    if (reply === 'cut') {
      request.socket.destroy();
      return;
    }
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
    response.end(JSON.stringify(reply.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function callOf(path: string): Call {
  if (path.endsWith('/reservations')) return 'reserve';
  if (/\/payment\/.+\/status$/.test(path)) return 'payment';
  return path.split('/').at(-1) as Call;
}

/** A 202 for a place. */
export function fakeJoined(token: string, pollAfterSec = 0.05, positionHint = 1): FakeAnswer {
  const place = { waiting_token: token, reference: 'v_ABCDEFGH', position_hint: positionHint };
  return { status: 202, body: { ...place, status: 'waiting', eta_sec: 1, poll_after_sec: pollAfterSec } };
}

/** A status of somebody waiting, with whatever differs from that. */
export function fakeStatus(differing: object = {}): FakeAnswer {
  const body = {
    status: 'waiting',
    position: 5,
    eta_sec: 10,
    eta_low_sec: 5,
    eta_high_sec: 15,
    confidence: 0.8,
    waiting_time: 0,
    ready_for_entry: false,
    poll_after_sec: 0.05,
    phase: 'open',
    paused: false,
    as_of: new Date().toISOString(),
    ...differing,
  };
  return { status: 200, body };
}

/** A status that says ready. */
export function fakeReady(): FakeAnswer {
  return fakeStatus({ status: 'ready', position: 1, ready_for_entry: true });
}

/** A granted enter. */
export function fakeGranted(reservationToken: string): FakeAnswer {
  return { status: 200, body: { admission: 'granted', reservation_token: reservationToken, ttl_sec: 30 } };
}

/** An error answer; further top-level fields and headers as given. */
export function fakeError(status: number, code: string, more: object = {}, headers = {}): FakeAnswer {
  return { status, body: { ...more, error: { code, message: 'no', trace_id: 't' } }, headers };
}
