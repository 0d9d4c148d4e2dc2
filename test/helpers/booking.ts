/** Gateways that take reservations, on one real Redis and over fake backends, with passes as the line signs them. */
import type { InjectOptions } from 'fastify';
import { pino } from 'pino';
import { type App, buildApp } from '../../src/gateway/app.ts';
import { createAuthenticator } from '../../src/gateway/auth/authenticator.ts';
import { devTokenScheme } from '../../src/gateway/auth/dev-tokens.ts';
import { createLonePeers } from '../../src/gateway/fleet/peers.ts';
import { Meters } from '../../src/gateway/metrics/meters.ts';
import { requestScripts } from '../../src/gateway/requests/request-scripts.ts';
import { ReservationKeys } from '../../src/queue/reservation-token.ts';
import { connect, type RedisClient, whenReady } from '../../src/redis/client.ts';
import type { FakeBackends } from './fake-backends.ts';
import { FakeLine } from './fake-line.ts';

export interface Answered {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
  /** Code of an error answer. */
  readonly code: string | undefined;
  readonly message: string | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface Gate {
  readonly app: App;
  readonly meters: Meters;
  readonly redis: RedisClient;
  readonly logged: string[];
  close(): Promise<void>;
}

export interface GateOptions {
  readonly port: number;
  readonly backends: FakeBackends;
  readonly keys: ReservationKeys;
  readonly nowMs?: () => number;
  readonly isSimulation?: boolean;
  readonly authEnterRequired?: boolean;
}

/** Opens one gateway. */
export async function openGate(options: GateOptions): Promise<Gate> {
  const { port, backends, keys, nowMs = Date.now, isSimulation = true, authEnterRequired = true } = options;
  const redis = connect({ host: '127.0.0.1', port }, { name: 'tacos-requests', scripts: requestScripts });
  await whenReady(redis, 5_000);
  const meters = new Meters();
  const logged: string[] = [];
  const app = await buildApp({
    line: new FakeLine(),
    identity: { authenticate: createAuthenticator([devTokenScheme]), reservationKeys: keys },
    peers: createLonePeers(),
    log: pino({ level: 'debug' }, { write: (text: string) => logged.push(text) }),
    lifecycle: { isDraining: false },
    meters,
    config: { authEnterRequired, corsAllowOrigins: [], environmentName: 'test' },
    requests: { backends, redis, isSimulation, nowMs },
  });
  const close = async (): Promise<void> => {
    await app.fastify.close();
    redis.disconnect();
  };
  return { app, meters, redis, logged, close };
}

/** Headers of somebody signed in; undefined = a development token that names nobody. */
export const as = (userId: string | undefined): Record<string, string> => ({
  authorization: 'Bearer dev-super-key-local-testing',
  'x-dev-mode': 'true',
  ...(userId === undefined ? {} : { 'x-user-id': userId }),
});

/** Asks a gateway. */
export async function ask(
  gate: Gate,
  method: 'GET' | 'POST',
  path: string,
  options: { readonly headers?: Record<string, string>; readonly body?: unknown } = {},
): Promise<Answered> {
  const { headers = {}, body } = options;
  const request: InjectOptions = {
    method,
    url: `/api/v1${path}`,
    headers: {
      host: 'localhost',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
  };
  const reply = await gate.app.fastify.inject(request);
  const parsed = JSON.parse(reply.body) as Record<string, unknown>;
  const error = parsed.error as { code: string; message: string } | undefined;
  return {
    status: reply.statusCode,
    body: parsed,
    text: reply.body,
    code: error?.code,
    message: error?.message,
    headers: reply.headers,
  };
}

export const newKeys = (fill = 3): ReservationKeys =>
  new ReservationKeys([{ kid: 'r1', secret: Buffer.alloc(32, fill) }]);

let passes = 0;

/** A pass of its own, as an enter gives it; `subject` as the authenticator names people. */
export function newPass(
  keys: ReservationKeys,
  pass: { readonly subject?: string; readonly event?: string; readonly grantedMs?: number } = {},
): Promise<string> {
  passes += 1;
  const { subject = 'dev:ann', event = 'evt_x', grantedMs = Date.now() } = pass;
  const passId = `pass${String(passes).padStart(22, 'a')}`;
  return keys.sign({ event, subject, passId, grantedMs });
}
