/** What the soak runs: real processes, and the two ways in that it needs beside the simulator's. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Action } from '../../../src/contract/actions.ts';
import { type SimulatedBackends, startBackends } from '../../helpers/backends.ts';
import { pause } from '../../helpers/fleet.ts';
import { type Office, openOffice, tokenOf } from '../../helpers/office.ts';

/** Signs what the soak's own visitors show; worthless elsewhere. */
export const jwtSecret = 'jwt-secret-of-the-soak-0123456789abcdef';

/** An operator asks again where a server was too busy, ms. */
const againMs = 500;
const triesMax = 10;

/** Too busy, or the event has just been flushed: nothing was changed. */
const isForLater = (status: number): boolean => status >= 503 || status === 412;

export interface World {
  readonly office: Office;
  readonly backends: SimulatedBackends;
  /** Actions that the server was too busy for, however often it was asked: on a machine with other work. */
  readonly busy: readonly string[];
  /** Does an operator's action as an admin; what it answers. @throws Error when it is refused */
  act(event: string, action: Action): Promise<{ auditId: string | null }>;
  /** Reads of the admin API, to the end of the answer. */
  look(path: string): Promise<void>;
  stop(): Promise<void>;
}

/** Redis with an append-only file, two gateways of one worker, one admin API, the services behind the line. */
export async function openWorld(): Promise<World> {
  const backends = await startBackends({ seats: 5_000, hold: '10s' });
  // Benches and chunks are both one folder deep in dist.
  const preload = fileURLToPath(new URL('../bench/collect.js', import.meta.url));
  const NODE_OPTIONS = `--expose-gc --import ${preload}`;
  const own = { NODE_OPTIONS, LOG_LEVEL: 'fatal', JWT_SECRET: jwtSecret, ...backends.env };
  // Limits hold for everybody: visitors name addresses of their own, as behind a proxy.
  const env = { ...own, RATE_LIMIT_EXEMPT: '127.0.0.1/32', EVENTS_AUTO_CREATE: 'false' };
  const office = await openOffice({ gateways: 2, redis: { aof: true }, env }).catch(
    async (error: unknown) => {
      await backends.stop();
      throw error;
    },
  );
  const admin = office.admins[0]?.url ?? '';
  const busy: string[] = [];
  const headers = { authorization: `Bearer ${tokenOf('ada')}` };
  return {
    office,
    backends,
    busy,
    async act(event, action) {
      const key = randomUUID();
      const send = (): Promise<Response> =>
        fetch(`${admin}/admin/v1/actions`, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': key },
          body: JSON.stringify({ events: [event], action, confirm: event, reason: 'an hour of the soak' }),
        });
      let answer = await send();
      let tries = 1;
      for (; tries < triesMax && isForLater(answer.status); tries += 1) {
        await answer.arrayBuffer();
        await pause(againMs);
        answer = await send();
      }
      const text = await answer.text();
      // The answer to a deletion that was made may be lost: then there is nothing left to be deleted.
      if (action.type === 'event.delete' && answer.status === 404 && tries > 1) return { auditId: null };
      if (isForLater(answer.status)) {
        busy.push(`${action.type} of ${event}`);
        return { auditId: null };
      }
      if (!answer.ok) throw new Error(`${action.type} of ${event}: ${answer.status} ${text}`);
      const { results } = JSON.parse(text) as { results: { auditId: string | null; error?: object }[] };
      if (results[0] === undefined || results[0].error)
        throw new Error(`${action.type} of ${event}: ${text}`);
      return results[0];
    },
    async look(path) {
      const answer = await fetch(`${admin}${path}`, { headers });
      await answer.arrayBuffer();
    },
    async stop() {
      await office.stop();
      await backends.stop();
    },
  };
}
