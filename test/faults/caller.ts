/** Calls of the visitor API as the fault suite makes them: each one, answered or not, becomes a record of the history. */
import { Agent, request } from 'undici';
import type { Operation, PassFacts, RequestRecord } from './history.ts';
import type { World, WorldGateway } from './world.ts';

/** Whoever is not answered in this time gives up, ms. The promise is 2 s: what takes longer is to be seen as such. */
const givenUpMs = 10_000;

/** Who calls. */
export interface Identity {
  readonly visitor: number;
  readonly subject?: string;
  readonly key?: string;
}

export interface Call {
  readonly op: Operation;
  readonly who: Identity;
  readonly gateway: WorldGateway;
  /** Waiting token; none for a join. */
  readonly token?: string;
  readonly round?: number;
}

/** A record, and the token that a join was answered, which is no fact for a file. */
export interface Called {
  readonly record: RequestRecord;
  readonly token?: string;
  readonly retryAfterSec?: number;
}

type Body = Readonly<Record<string, unknown>>;

export class Caller {
  private readonly world: World;
  private readonly agent = new Agent({
    connections: 128,
    pipelining: 1,
    connectTimeout: givenUpMs,
    headersTimeout: givenUpMs,
    bodyTimeout: givenUpMs,
  });

  constructor(world: World) {
    this.world = world;
  }

  async call(call: Call): Promise<Called> {
    const { op, who, gateway } = call;
    const sentMs = performance.now();
    const answer = await this.send(call).catch((error: unknown) => ({ failure: failureOf(error) }));
    const answeredMs = performance.now();
    const about = call.token === undefined ? undefined : this.world.placeOf(call.token);
    const common = {
      kind: 'request',
      op,
      visitor: who.visitor,
      ...(who.subject === undefined ? {} : { subject: who.subject }),
      ...(who.key === undefined ? {} : { key: who.key }),
      gateway: gateway.name,
      sentMs,
      answeredMs,
      ...(call.round === undefined ? {} : { round: call.round }),
    } as const;
    if ('failure' in answer) {
      const place = about === undefined ? {} : { place: about };
      const record = { ...common, ...place, http: 0, failure: answer.failure };
      this.world.history.add(record);
      return { record };
    }
    const { body, http, retryAfter } = answer;
    const token = op === 'join' ? textOf(body.waiting_token) : undefined;
    const place = token === undefined ? about : this.world.placeOf(token);
    const record = {
      ...common,
      http,
      ...(place === undefined ? {} : { place }),
      ...(http === 429 || http === 503 ? { hasRetryAfter: retryAfter !== undefined } : {}),
      ...factsOf(body),
    };
    this.world.history.add(record);
    return {
      record,
      ...(token === undefined ? {} : { token }),
      ...(retryAfter === undefined ? {} : { retryAfterSec: Number(retryAfter) }),
    };
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }

  private async send({ op, who, gateway, token = '' }: Call) {
    const signedIn = {
      authorization: 'Bearer load-test-bypass-token',
      'x-load-test': 'true',
      ...(who.subject === undefined ? {} : { 'x-user-id': who.subject }),
    };
    const isKnown = op === 'enter' || (op === 'join' && who.subject !== undefined);
    const body = bodyOf(op, this.world.eventId, token);
    const query = op === 'status' || op === 'leave' ? `?token=${encodeURIComponent(token)}` : '';
    const answer = await request(`${gateway.url}/api/v1/queue/${op}${query}`, {
      method: op === 'status' ? 'GET' : op === 'leave' ? 'DELETE' : 'POST',
      dispatcher: this.agent,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(isKnown ? signedIn : {}),
        ...(op === 'join' && who.key !== undefined ? { 'idempotency-key': who.key } : {}),
      },
      ...(body === undefined ? {} : { body }),
    });
    const retryAfter = answer.headers['retry-after'];
    return { body: (await answer.body.json()) as Body, http: answer.statusCode, retryAfter };
  }
}

function bodyOf(op: Operation, event: string, token: string): string | undefined {
  if (op === 'join') return JSON.stringify({ event_id: event });
  return op === 'enter' ? JSON.stringify({ waiting_token: token }) : undefined;
}

function failureOf(error: unknown): 'refused' | 'broken' | 'timeout' {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ECONNREFUSED') return 'refused';
  return /TIMEOUT/.test(code) ? 'timeout' : 'broken';
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** What a record keeps of a body, whatever it answers. */
function factsOf(body: Body): Partial<RequestRecord> {
  const { status, position, ready_for_entry: ready, stale, paused, poll_after_sec: pollAfterSec } = body;
  const { code } = (body.error ?? {}) as { code?: string };
  const pass = textOf(body.reservation_token);
  const reason = textOf(body.reason);
  return {
    ...(code === undefined ? {} : { code }),
    ...(typeof status === 'string' ? { status } : {}),
    ...(typeof position === 'number' ? { position } : {}),
    ...(typeof ready === 'boolean' ? { ready } : {}),
    ...(stale === true ? { stale } : {}),
    ...(paused === true ? { paused } : {}),
    ...(typeof pollAfterSec === 'number' ? { pollAfterSec } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(pass === undefined ? {} : { pass: passFacts(pass) }),
  };
}

function passFacts(token: string): PassFacts {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  const { jti, sub, iat, exp } = JSON.parse(payload) as {
    jti: string;
    sub: string;
    iat: number;
    exp: number;
  };
  return { id: jti, subject: sub, grantedSec: iat, endsSec: exp };
}
