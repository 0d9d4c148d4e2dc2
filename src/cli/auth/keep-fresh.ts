/** The token of a sign-in for as long as a command runs: a watch outlives many. */
import type { Runtime } from '../runtime.ts';
import { readLogin } from './login-store.ts';
import { storedToken } from './stored-token.ts';

/** Between looks at the token's end, ms: three of them fall into the minute before it. */
const lookMs = 20_000;

type Machine = Pick<Runtime, 'env' | 'home' | 'platform' | 'clock' | 'stop'>;

/**
 * Renews the sign-in in the background and answers with the newest token, also one that another process, or a new
 * `auth login`, has got. Does not keep the process alive.
 */
export function keepFresh(
  machine: Machine,
  { name, server, token }: { name: string; server: string; token: string | undefined },
): () => string | undefined {
  // What goes wrong shows at the next request, as its refusal.
  const look = (): void => void storedToken(machine, name, server).catch(() => {});
  const timer = setInterval(look, lookMs).unref();
  machine.stop.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  return () => readLogin(machine, name, server)?.token ?? token;
}
