/** The token of a stored sign-in, refreshed when it is about to end; one refresh at a time over all processes. */
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { loginFile } from '../paths.ts';
import { pause, type Runtime } from '../runtime.ts';
import { bearerOf, discover, requestTokens, type Tokens } from './issuer.ts';
import { readLogin, type StoredLogin, writeLogin } from './login-store.ts';

/** A token that lasts less is refreshed first, ms. */
export const refreshBeforeMs = 60_000;
/** A lock as old as this was left by a process that died, ms: a refresh waits 10 s an answer, two answers at most. */
const staleLockMs = 30_000;
const lockPollMs = 50;

type Machine = Pick<Runtime, 'env' | 'home' | 'platform' | 'clock' | 'stop'>;

/** What became of the stored sign-in. */
export type StoredToken =
  | { readonly state: 'none' }
  | { readonly state: 'good'; readonly token: string; readonly login: StoredLogin }
  /** Ended, and cannot be refreshed; `why` says it in words. */
  | { readonly state: 'ended'; readonly why: string };

/** The sign-in of a context, fresh for at least a minute where the issuer lets it. */
export async function storedToken(machine: Machine, context: string, server: string): Promise<StoredToken> {
  const login = readLogin(machine, context, server);
  if (login === undefined) return { state: 'none' };
  if (lasts(machine, login)) return { state: 'good', token: login.token, login };
  if (login.refreshToken === undefined) return ended(machine, login, 'it has ended');
  return await locked(machine, loginFile(machine, context), async () => {
    // Another process may have refreshed it meanwhile; its refresh token is then used up.
    const now = readLogin(machine, context, server) ?? login;
    if (lasts(machine, now)) return { state: 'good', token: now.token, login: now };
    return refresh(machine, context, now);
  });
}

/** What is kept of an issuer's answer. Some issuers leave the old refresh token in force and send none. */
export function loginOf(
  base: Pick<StoredLogin, 'server' | 'issuer' | 'clientId' | 'scope'> & { readonly refreshToken?: string },
  tokens: Tokens,
  nowMs: number,
): StoredLogin {
  const refreshToken = tokens.refresh_token ?? base.refreshToken;
  const token = bearerOf(tokens);
  const expiresAtMs =
    expiryOf(token) ?? (tokens.expires_in === undefined ? undefined : nowMs + tokens.expires_in * 1_000);
  const { server, issuer, clientId, scope } = base;
  return {
    server,
    issuer,
    clientId,
    scope,
    token,
    ...(refreshToken === undefined ? {} : { refreshToken }),
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
  };
}

async function refresh(machine: Machine, context: string, login: StoredLogin): Promise<StoredToken> {
  const { refreshToken = '', clientId } = login;
  try {
    const discovery = await discover(login.issuer);
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId };
    const answer = await requestTokens(discovery, form);
    if (!answer.ok) return ended(machine, login, `${login.issuer} did not renew it: ${answer.text}`);
    const renewed = loginOf({ ...login, refreshToken }, answer.value, machine.clock.now());
    writeLogin(machine, context, renewed);
    return { state: 'good', token: renewed.token, login: renewed };
  } catch (error) {
    return ended(machine, login, error instanceof Error ? error.message : String(error));
  }
}

/** A token that still has seconds is used to its end when the issuer cannot renew it. */
function ended({ clock }: Machine, login: StoredLogin, why: string): StoredToken {
  const hasTime = login.expiresAtMs === undefined || login.expiresAtMs > clock.now();
  return hasTime ? { state: 'good', token: login.token, login } : { state: 'ended', why };
}

const lasts = ({ clock }: Machine, { expiresAtMs }: StoredLogin): boolean =>
  expiresAtMs === undefined || expiresAtMs - clock.now() > refreshBeforeMs;

/** `exp` of a JWT, epoch ms. Read, not verified: the server does that; it only decides when to refresh. */
function expiryOf(token: string): number | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const { exp } = claims as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1_000 : undefined;
  } catch {
    return undefined;
  }
}

/** Runs one after the other over all processes of this machine. */
async function locked<T>(machine: Machine, file: string, act: () => Promise<T>): Promise<T> {
  const lock = `${file}.lock`;
  mkdirSync(dirname(lock), { recursive: true, mode: 0o700 });
  while (!taken(lock)) {
    if (machine.stop.signal.aborted) throw new Error('stopped');
    await pause(lockPollMs, machine.stop.signal);
  }
  try {
    return await act();
  } finally {
    rmSync(lock, { force: true });
  }
}

function taken(lock: string): boolean {
  try {
    writeFileSync(lock, `${process.pid}\n`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  try {
    // Real time, as the file's own is: a test's clock says nothing about it.
    if (Date.now() - statSync(lock).mtimeMs > staleLockMs) rmSync(lock, { force: true });
  } catch {
    // Given back between the two calls.
  }
  return false;
}
