/** The visitor API over a fake line, on a real port, and clients that may misbehave. */
import { connect, type Socket } from 'node:net';
import { pino } from 'pino';
import { type App, type AppOptions, buildApp } from '../../src/gateway/app.ts';
import { createAuthenticator } from '../../src/gateway/auth/authenticator.ts';
import { devTokenScheme } from '../../src/gateway/auth/dev-tokens.ts';
import { createLonePeers } from '../../src/gateway/fleet/peers.ts';
import { ReservationKeys } from '../../src/queue/reservation-token.ts';
import { FakeLine } from './fake-line.ts';

export interface VisitorServer extends App {
  readonly line: FakeLine;
  readonly port: number;
  readonly url: string;
  /** All that was logged. */
  readonly logged: string[];
  readonly lifecycle: { isDraining: boolean };
  close(): Promise<void>;
}

type Overrides = Partial<Omit<AppOptions, 'line' | 'config'>> & { config?: Partial<AppOptions['config']> };

export async function startVisitorServer(overrides: Overrides = {}): Promise<VisitorServer> {
  const line = new FakeLine();
  const logged: string[] = [];
  const lifecycle = { isDraining: false };
  const app = await buildApp({
    line,
    identity: {
      authenticate: createAuthenticator([devTokenScheme]),
      reservationKeys: new ReservationKeys([{ kid: 'r1', secret: Buffer.alloc(32, 3) }]),
    },
    peers: createLonePeers(),
    log: pino({ level: 'debug' }, { write: (text: string) => logged.push(text) }),
    lifecycle,
    ...overrides,
    config: { authEnterRequired: true, corsAllowOrigins: [], environmentName: 'test', ...overrides.config },
  });
  await new Promise<void>((resolve) => app.server.listen(0, '127.0.0.1', resolve));
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    ...app,
    line,
    port,
    url: `http://127.0.0.1:${port}`,
    logged,
    lifecycle,
    close: async () => {
      app.streams.endAll();
      app.server.closeAllConnections();
      await new Promise((resolve) => app.server.close(resolve));
      await app.fastify.close();
    },
  };
}

export interface RawReply {
  /** 0 = the connection ended without an answer. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends bytes as they are and reads until the server closes, or until `quietMs` passed without a byte. */
export function sendRaw(port: number, text: string | Buffer, quietMs = 300): Promise<RawReply> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1', () => socket.write(text));
    let received = '';
    let timer: NodeJS.Timeout | undefined;
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(parseReply(received));
    };
    socket.on('data', (chunk) => {
      received += chunk.toString();
      clearTimeout(timer);
      timer = setTimeout(finish, quietMs);
    });
    socket.on('error', () => {});
    socket.on('close', finish);
  });
}

export function parseReply(text: string): RawReply {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const pairs = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return {
    status: Number(first.split(' ')[1] ?? 0),
    headers: Object.fromEntries(pairs),
    body: rest.join('\r\n\r\n'),
  };
}

/** The text of a request; `head` lines replace the usual ones of the same name. */
export function requestText(
  method: string,
  target: string,
  options: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string } = {},
): string {
  const { body } = options;
  const headers: Record<string, string> = {
    host: 'localhost',
    connection: 'close',
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
    ...options.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `${[`${method} ${target} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n${body ?? ''}`;
}

/** The code of an error answer. */
export const codeOf = (body: string): string => (JSON.parse(body) as { error: { code: string } }).error.code;
