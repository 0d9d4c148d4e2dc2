import { describe, expect, it } from 'vitest';
import { createAuthenticator } from './authenticator.ts';
import { devTokenScheme } from './dev-tokens.ts';
import { createJwtScheme } from './jwt.ts';

const secret = 'a secret of at least thirty-two characters';
const settings = { secret, issuer: 'https://id.example', audience: 'tacos' };
const authenticate = createAuthenticator([devTokenScheme, createJwtScheme(settings)]);
const refused = { ok: false, code: 'UNAUTHENTICATED' };

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
