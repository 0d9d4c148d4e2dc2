/** Signing up and signing in: user name and password in, an access token out. */
import { randomBytes } from 'node:crypto';
import { type Refusal, refuse } from '../../contract/errors.ts';
import type { LoginBody, RegisterBody, SignedInReply } from '../../contract/reservations.ts';
import type { Outcome } from '../../queue/line-types.ts';
import { inTime } from '../in-time.ts';
import { signAccessToken } from './hs256.ts';
import type { Passwords } from './passwords.ts';
import { nameKeyOf, type UserStore } from './users.ts';

export interface AccountsOptions {
  readonly users: UserStore;
  readonly passwords: Passwords;
  /** Signs the access tokens (HS256). */
  readonly secret: string;
  /** `iss` of the tokens; default `tacos`. */
  readonly issuer?: string;
  readonly audience?: string;
  readonly log: { warn(detail: object, message: string): void };
}

export interface Accounts {
  register(body: RegisterBody): Promise<Outcome<SignedInReply>>;
  login(body: LoginBody): Promise<Outcome<SignedInReply>>;
}

/** Life of an access token, s. */
const tokenSec = 3_600;

/** Longest wait for the users store, ms. */
const storeMs = 2_000;

const unavailable = refuse('UNAVAILABLE', {
  message: 'Users cannot be looked up right now.',
  retryAfterSec: 2,
});

/** Nothing here says or logs a name, nor whether one exists, except that a name which is taken cannot be registered. */
export function createAccounts(options: AccountsOptions): Accounts {
  const { users, passwords, log } = options;

  async function stored<T>(call: Promise<T>): Promise<T | Refusal> {
    try {
      return await inTime(call, storeMs, () => {
        throw new Error('the users store did not answer in time');
      });
    } catch (error) {
      log.warn({ cause: error instanceof Error ? error.name : 'unknown' }, 'the users store failed');
      return unavailable;
    }
  }
  async function signedIn(userId: string): Promise<Outcome<SignedInReply>> {
    const { secret, issuer = 'tacos', audience } = options;
    const subject = `user:${userId}`;
    const claims = { subject, issuer, ttlSec: tokenSec, ...(audience === undefined ? {} : { audience }) };
    const token = await signAccessToken(secret, claims);
    const reply = {
      access_token: token,
      token_type: 'Bearer',
      expires_in: tokenSec,
      user_id: userId,
    } as const;
    return { ok: true, reply };
  }
  return {
    async register({ username, password }) {
      const hash = await passwords.hash(password);
      if (typeof hash !== 'string') return hash;
      const user = { id: randomBytes(12).toString('base64url'), password: hash, createdMs: Date.now() };
      const isNew = await stored(users.create(nameKeyOf(username), user));
      if (typeof isNew !== 'boolean') return isNew;
      return isNew ? signedIn(user.id) : refuse('USER_EXISTS');
    },
    async login({ username, password }) {
      const user = await stored(users.find(nameKeyOf(username)));
      if (user !== undefined && 'ok' in user) return user;
      const isRight = await passwords.matches(password, user?.password);
      if (typeof isRight !== 'boolean') return isRight;
      return isRight && user !== undefined ? signedIn(user.id) : refuse('BAD_CREDENTIALS');
    },
  };
}
