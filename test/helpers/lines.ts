/** Lines as gateway processes open them, on a Redis of the test's own. */
import { randomBytes } from 'node:crypto';
import type { RefusalDetails } from '../../src/contract/errors.ts';
import { type EventPlan, makeEvent } from '../../src/queue/events.ts';
import { createLine, type LineOptions } from '../../src/queue/line.ts';
import type { Caller, Line, Outcome } from '../../src/queue/line-types.ts';
import { ReservationKeys } from '../../src/queue/reservation-token.ts';
import { keysOf, scripts } from '../../src/queue/scripts.ts';
import { type EventRef, Store } from '../../src/queue/store.ts';
import { connect, type RedisAddress, type RedisClient, whenReady } from '../../src/redis/client.ts';
import { eventually } from './eventually.ts';

const keys = [{ kid: 'k1', secret: Buffer.alloc(32, 7) }];
let workers = 0;

/** Opens a line at a port of this machine, unless `redis` says where; what it warns of goes to `warnings`. */
export async function openLine(
  port: number,
  options: Partial<LineOptions> & { warnings?: string[] } = {},
): Promise<Line> {
  workers += 1;
  const { warnings = [], ...rest } = options;
  return createLine({
    redis: { host: '127.0.0.1', port },
    gatewayId: `gw-${workers}`,
    workerId: `gw-${workers}/w1`,
    waitingTokenKeys: keys,
    passes: new ReservationKeys(keys),
    eventsAutoCreate: false,
    enterAuthRequired: true,
    timeZone: 'UTC',
    log: { warn: (_, message) => warnings.push(message), info: () => {} },
    ...rest,
  });
}

export interface Operator {
  readonly redis: RedisClient;
  readonly store: Store;
  /** Makes an event of a name of its own; nobody waits in a tier unless the plan says so. */
  event(plan?: Partial<EventPlan> & { id?: string }): Promise<EventRef>;
  close(): void;
}

/** A connection for making events and changing them by the scripts; to a port of this machine, or elsewhere. */
export async function openOperator(at: number | RedisAddress): Promise<Operator> {
  const address = typeof at === 'number' ? { host: '127.0.0.1', port: at } : at;
  const redis = connect(address, { name: 'test-operator', scripts });
  await whenReady(redis, 5_000);
  const store = new Store(redis);
  return {
    redis,
    store,
    async event({ id = `evt_${randomBytes(5).toString('hex')}`, ...plan } = {}) {
      const full = { kind: 'operator', tiers: '1-=0', ...plan } as const;
      await makeEvent(redis, store, { id, kid: 'k1', plan: full, audit: '{}' });
      const incarnation = (await redis.hget(keysOf(id).meta, 'incarnation')) ?? '';
      return { id, keys: keysOf(id), incarnation };
    },
    close: () => redis.disconnect(),
  };
}

/** Somebody signed in. */
export const as = (subject: string): Caller => ({ subject, authenticated: true });
export const nobody: Caller = {};

/** The reply of an outcome that must be a yes. @throws with the refusal's code */
export function yes<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`refused: ${outcome.code} ${JSON.stringify(outcome.body ?? {})}`);
  return outcome.reply;
}

/** Code and body of an outcome that must be a no. */
export function no<T>(outcome: Outcome<T>): { code: string; body: RefusalDetails['body'] } {
  if (outcome.ok) throw new Error(`not refused: ${JSON.stringify(outcome.reply)}`);
  return { code: outcome.code, body: outcome.body };
}

/** Joins at a line and gives the token. */
export async function joinAt(
  line: Line,
  event: EventRef,
  rest: { userId?: string; idempotencyKey?: string; caller?: Caller } = {},
): Promise<string> {
  return yes(await line.join({ eventId: event.id, caller: nobody, ...rest })).waiting_token;
}

/** Waits until a token's status is such. */
export function untilStatus(line: Line, token: string, status: string, withinMs = 5_000) {
  return eventually(
    async () => {
      const reply = yes(await line.status(token));
      if (reply.status !== status)
        throw new Error(`${reply.status}, not ${status}: ${JSON.stringify(reply)}`);
      return reply;
    },
    { withinMs },
  );
}
