/**
 * Which run of which server a connection leads to. The client asks INFO of every connection before it calls it ready and
 * sends nothing else until then, and a command never changes its connection: so what is sent while this says a run id
 * reaches that run or nobody.
 */
import type { Redis } from 'ioredis';

const runIds = new WeakMap<object, string>();

/** What the client calls before it is ready; it has no event that carries the answer. */
interface ReadyCheck {
  _readyCheck(done: (error: Error | null, info?: Record<string, string>) => void): void;
}

/** Notes the run id with every connection that this client makes from now on. */
export function noteRunIds(client: Redis): void {
  const checked = client as unknown as ReadyCheck;
  const check = checked._readyCheck.bind(client);
  checked._readyCheck = (done) =>
    check((error, info) => {
      if (info?.run_id) runIds.set(client, info.run_id);
      done(error, info);
    });
  client.on('close', () => runIds.delete(client));
}

/** Run id of the server that a connection leads to; undefined = there is no connection. */
export const runIdOf = (client: object): string | undefined => runIds.get(client);
