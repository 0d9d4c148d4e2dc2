import { SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { createAuthenticator } from './authenticator.ts';
import { devTokenScheme } from './dev-tokens.ts';
import { createJwtScheme } from './jwt.ts';

const secret = 'a secret of at least thirty-two characters';
const settings = { secret, issuer: 'https://id.example', audience: 'tacos' };
const authenticate = createAuthenticator([devTokenScheme, createJwtScheme(settings)]);
const refused = { ok: false, code: 'UNAUTHENTICATED' };

const nowSec = (): number => Math.floor(Date.now() / 1000);

function sign(claims: Record<string, unknown> = {}, key = secret, alg = 'HS256'): Promise<string> {
  const all = { sub: 'ann', iss: settings.issuer, aud: 'tacos', exp: nowSec() + 600, ...claims };
  return new SignJWT(all).setProtectedHeader({ alg }).sign(new TextEncoder().encode(key));
}

const ask = async (token: string, headers = {}) =>
  authenticate({ authorization: `Bearer ${token}`, ...headers });

describe('who asks', () => {
  it('is nobody without credentials', () => expect(authenticate({})).toEqual({}));

  it('is refused with credentials of another kind, or an endless one', async () => {
    for (const authorization of ['', 'Basic eDp5', 'Bearer', 'Bearer a b', `Bearer ${'x'.repeat(4_097)}`]) {
      expect(await authenticate({ authorization })).toEqual(refused);
    }
  });
});

describe('dev tokens', () => {
  const dev = 'dev-super-key-local-testing';
  const load = 'load-test-bypass-token';

  it('need their header, and no other', async () => {
    expect(await ask(dev, { 'x-dev-mode': 'true' })).toEqual({ authenticated: true });
    expect(await ask(load, { 'x-load-test': 'true' })).toEqual({ authenticated: true });
    expect(await ask(dev)).toEqual(refused);
    expect(await ask(dev, { 'x-load-test': 'true' })).toEqual(refused);
    expect(await ask(dev, { 'x-dev-mode': 'false' })).toEqual(refused);
  });

  it('take their subject from X-User-Id, apart from the subjects of real tokens', async () => {
    expect(await ask(dev, { 'x-dev-mode': 'true', 'x-user-id': 'ann' })).toEqual({
      authenticated: true,
      subject: 'dev:ann',
    });
    expect(await ask(load, { 'x-load-test': 'true', 'x-user-id': '7' })).toEqual({
      authenticated: true,
      subject: 'load:7',
    });
  });

  it('are worth nothing where their scheme is left out', async () => {
    const strict = createAuthenticator([createJwtScheme(settings)]);
    expect(await strict({ authorization: `Bearer ${dev}`, 'x-dev-mode': 'true' })).toEqual(refused);
  });
});

describe('JWTs', () => {
  it('give their subject, the second time from memory', async () => {
    const token = await sign();
    expect(await ask(token)).toEqual({ authenticated: true, subject: 'ann' });
    expect(createJwtScheme(settings)(token, {})).toBeInstanceOf(Promise);
    const scheme = createJwtScheme(settings);
    await scheme(token, {});
    expect(scheme(token, {})).toEqual({ authenticated: true, subject: 'ann' });
  });

  it('may be off by a minute of skew, no more', async () => {
    expect(await ask(await sign({ exp: nowSec() - 50 }))).toMatchObject({ subject: 'ann' });
    expect(await ask(await sign({ exp: nowSec() - 70 }))).toEqual(refused);
    expect(await ask(await sign({ nbf: nowSec() + 50 }))).toMatchObject({ subject: 'ann' });
    expect(await ask(await sign({ nbf: nowSec() + 70 }))).toEqual(refused);
  });

  it('are refused with another issuer, audience, key or algorithm, or without exp or sub', async () => {
    const bad = await Promise.all([
      sign({ iss: 'https://evil.example' }),
      sign({ aud: 'other' }),
      sign({}, 'another secret of at least thirty-two characters'),
      sign({}, `${secret}${secret}`, 'HS512'),
      sign({ exp: undefined }),
      sign({ sub: undefined }),
      sign({ sub: '' }),
      sign({ sub: 7 }),
      sign({ sub: 'x'.repeat(257) }),
    ]);
    for (const token of [...bad, 'a.b.c', 'a', '..', `${bad[0]}x`]) expect(await ask(token)).toEqual(refused);
  });

  it('are refused unsigned', async () => {
    const unsigned = new UnsecuredJWT({
      sub: 'ann',
      iss: settings.issuer,
      aud: 'tacos',
      exp: nowSec() + 600,
    });
    expect(await ask(unsigned.encode())).toEqual(refused);
  });

  it('remembered ones end with their exp', async () => {
    const scheme = createJwtScheme({ secret });
    const token = await sign({ exp: nowSec() + 1 });
    await scheme(token, {});
    expect(scheme(token, {})).not.toBeInstanceOf(Promise);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(scheme(token, {})).toBeInstanceOf(Promise);
  });
});
