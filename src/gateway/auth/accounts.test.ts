import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { codeOf, startVisitorServer, type VisitorServer } from '../../../test/helpers/visitor-server.ts';
import { ReservationKeys } from '../../queue/reservation-token.ts';
import { createAccounts } from './accounts.ts';
import { createAuthenticator } from './authenticator.ts';
import { createJwtScheme } from './jwt.ts';
import { createPasswords } from './passwords.ts';
import type { User, UserStore } from './users.ts';

const secret = 'a secret of at least thirty-two characters';
const reservationKeys = new ReservationKeys([{ kid: 'r1', secret: Buffer.alloc(32, 3) }]);
const authenticate = createAuthenticator([createJwtScheme({ secret, issuer: 'tacos' })]);

class MemoryUsers implements UserStore {
  readonly users = new Map<string, User>();
  failure: Error | 'hang' | undefined;

  async find(nameKey: string): Promise<User | undefined> {
    await this.fail();
    return this.users.get(nameKey);
  }

  async create(nameKey: string, user: User): Promise<boolean> {
    await this.fail();
    if (this.users.has(nameKey)) return false;
    this.users.set(nameKey, user);
    return true;
  }

  private fail(): Promise<void> {
    if (this.failure === 'hang') return new Promise(() => {});
    return this.failure === undefined ? Promise.resolve() : Promise.reject(this.failure);
  }
}

describe('the routes of sign-up and sign-in', () => {
  let server: VisitorServer;
  let users: MemoryUsers;
  const warned: unknown[] = [];
  beforeEach(async () => {
    users = new MemoryUsers();
    warned.length = 0;
    const accounts = createAccounts({
      users,
      passwords: createPasswords({ ln: 4, r: 8, p: 1 }),
      secret,
      log: { warn: (...all) => warned.push(...all) },
    });
    server = await startVisitorServer({ identity: { authenticate, accounts, reservationKeys } });
  });
  afterEach(() => server.close());

  const post = async (name: string, body: unknown, type = 'application/json') => {
    const reply = await fetch(`${server.url}/api/v1/auth/${name}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await reply.text();
    const json = JSON.parse(text) as Record<string, string>;
    return { status: reply.status, headers: reply.headers, json, code: reply.ok ? '' : codeOf(text) };
  };
  const mina = { username: 'mina', password: 'correct horse' };

  it('give a token that is worth something here', async () => {
    const registered = await post('register', mina);
    expect(registered.status).toBe(201);
    const loggedIn = await post('login', mina);
    expect(loggedIn.status).toBe(200);
    expect(loggedIn.json.user_id).toBe(registered.json.user_id);
    expect(loggedIn.headers.get('cache-control')).toBe('no-store');
    for (const { json } of [registered, loggedIn]) {
      expect(json).toMatchObject({ token_type: 'Bearer', expires_in: 3_600 });
      const token = json.access_token ?? '';
      const { sub, iss, aud, exp = 0, iat = 0 } = decodeJwt(token);
      expect([sub, iss, aud, exp - iat]).toEqual([`user:${json.user_id}`, 'tacos', undefined, 3_600]);
      expect(decodeProtectedHeader(token).alg).toBe('HS256');
      expect(await authenticate({ authorization: `Bearer ${token}` })).toMatchObject({ subject: sub });
    }
  });

  it('refuse a name that is taken, however it is composed, and a wrong name or password alike', async () => {
    await post('register', { ...mina, username: 'r\u00e9n\u00e9' });
    for (const username of ['r\u00e9n\u00e9', 're\u0301ne\u0301']) {
      const again = await post('register', { ...mina, username });
      expect(again).toMatchObject({ status: 409, code: 'USER_EXISTS' });
      expect((await post('login', { ...mina, username })).status).toBe(200);
    }
    expect((await post('register', { ...mina, username: 'R\u00e9n\u00e9' })).status).toBe(201);
    const wrong = await post('login', { username: 'r\u00e9n\u00e9', password: 'wrong' });
    const nobody = await post('login', { username: 'nobody', password: 'wrong' });
    for (const reply of [wrong, nobody]) {
      expect(reply).toMatchObject({ status: 401, code: 'BAD_CREDENTIALS' });
      expect(reply.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it('refuse what is no user name, no password or no JSON', async () => {
    for (const body of [
      { ...mina, username: 'ab' },
      { ...mina, username: 'a b c' },
      { ...mina, username: '<script>' },
      { ...mina, password: 'too short' },
      { ...mina, password: 'x'.repeat(257) },
      { username: 'mina' },
      'no json',
    ]) {
      expect(await post('register', body)).toMatchObject({ status: 400, code: 'BAD_REQUEST' });
    }
    expect((await post('register', mina, 'text/plain')).status).toBe(415);
    expect((await post('login', `{"password":"${'x'.repeat(17_000)}"}`)).status).toBe(413);
    expect(users.users.size).toBe(0);
  });

  it('say 503 while the store is away, and never name anybody in the log', async () => {
    users.failure = new Error('mina is not to be named');
    for (const name of ['register', 'login']) {
      const reply = await post(name, mina);
      expect(reply).toMatchObject({ status: 503, code: 'UNAVAILABLE' });
      expect(reply.headers.get('retry-after')).toBe('2');
    }
    expect(JSON.stringify([warned, server.logged])).not.toMatch(/mina|correct horse/);
    expect(warned.length).toBe(4);
  });

  it('never hang on a store that does not answer', async () => {
    users.failure = 'hang';
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const accounts = createAccounts({
        users,
        passwords: createPasswords({ ln: 4, r: 8, p: 1 }),
        secret,
        log: { warn: () => {} },
      });
      const outcome = accounts.login(mina);
      await vi.advanceTimersByTimeAsync(2_100);
      expect(await outcome).toMatchObject({ code: 'UNAVAILABLE' });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a gateway without a secret', () => {
  it('has no such routes', async () => {
    const server = await startVisitorServer();
    try {
      for (const name of ['register', 'login']) {
        const reply = await fetch(`${server.url}/api/v1/auth/${name}`, { method: 'POST' });
        expect([reply.status, codeOf(await reply.text())]).toEqual([404, 'NOT_FOUND']);
      }
    } finally {
      await server.close();
    }
  });
});

describe('/.well-known/jwks.json', () => {
  it('has the public keys of the passes, for whoever keeps them a minute', async () => {
    const server = await startVisitorServer();
    try {
      const reply = await fetch(`${server.url}/.well-known/jwks.json`);
      expect(reply.status).toBe(200);
      expect(reply.headers.get('content-type')).toMatch(/^application\/jwk-set\+json/);
      expect(reply.headers.get('cache-control')).toBe('public, max-age=60');
      expect(await reply.json()).toEqual(reservationKeys.jwks());
    } finally {
      await server.close();
    }
  });
});
