import {
  type CryptoKey,
  createLocalJWKSet,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { createJwtScheme, type JwtSettings } from './jwt.ts';
import { KeysUnavailableError } from './provider-keys.ts';

const secret = 'a secret of at least thirty-two characters';
const settings = { secret, issuer: 'https://id.example', audience: 'tacos' };
const refused = { ok: false, code: 'UNAUTHENTICATED' };
const ann = { authenticated: true, subject: 'ann' };

const nowSec = (): number => Math.floor(Date.now() / 1000);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function sign(
  claims: Record<string, unknown> = {},
  key: CryptoKey | Uint8Array = bytes(secret),
  header: { alg: string; kid?: string } = { alg: 'HS256' },
): Promise<string> {
  const all = { sub: 'ann', iss: settings.issuer, aud: 'tacos', exp: nowSec() + 600, ...claims };
  return new SignJWT(all).setProtectedHeader(header).sign(key);
}

/** Asks once, on a scheme that remembers nothing. */
const ask = async (token: string, more: JwtSettings = settings) => createJwtScheme(more)(token, {});

/** The same token under another header. */
function withHeader(token: string, header: object): string {
  return [Buffer.from(JSON.stringify(header)).toString('base64url'), ...token.split('.').slice(1)].join('.');
}

describe('what holds for every JWT', () => {
  it('the subject comes at once and without a promise, the second time from memory', async () => {
    const scheme = createJwtScheme(settings);
    const token = await sign();
    const caller = scheme(token, {});
    expect(caller).toEqual(ann);
    expect(scheme(token, {})).toBe(caller);
  });

  it('times may be off by a minute of skew, no more', async () => {
    expect(await ask(await sign({ exp: nowSec() - 50 }))).toEqual(ann);
    expect(await ask(await sign({ exp: nowSec() - 70 }))).toEqual(refused);
    expect(await ask(await sign({ nbf: nowSec() + 50 }))).toEqual(ann);
    expect(await ask(await sign({ nbf: nowSec() + 70 }))).toEqual(refused);
  });

  it('another issuer, audience, key or algorithm is refused, and so is a token without exp or sub', async () => {
    const bad = await Promise.all([
      sign({ iss: 'https://evil.example' }),
      sign({ iss: undefined }),
      sign({ aud: 'other' }),
      sign({ aud: undefined }),
      sign({}, bytes('another secret of at least thirty-two characters')),
      sign({}, bytes(`${secret}${secret}`), { alg: 'HS512' }),
      sign({ exp: undefined }),
      sign({ exp: 'tomorrow' }),
      sign({ sub: undefined }),
      sign({ sub: '' }),
      sign({ sub: 7 }),
      sign({ sub: 'x'.repeat(257) }),
    ]);
    const good = await sign();
    const spoilt = [`${good}x`, `${good}=`, good.slice(0, -1), `${good}.`, `.${good}`, good.replace('.', '')];
    for (const token of [...bad, ...spoilt, 'a.b.c', 'a', '..', '', '.'.repeat(40), 'e30.e30.']) {
      expect([token, await ask(token)]).toEqual([token, refused]);
    }
  });

  it('one of several audiences is enough', async () => {
    expect(await ask(await sign({ aud: ['shop', 'tacos'] }))).toEqual(ann);
  });

  it('an unsigned one is refused, and one with a critical extension', async () => {
    const claims = { sub: 'ann', iss: settings.issuer, aud: 'tacos', exp: nowSec() + 600 };
    const unsigned = new UnsecuredJWT(claims).encode();
    const signed = await sign();
    for (const token of [
      unsigned,
      `${unsigned}e30`,
      withHeader(signed, { alg: 'none' }),
      withHeader(signed, { alg: 'None' }),
      withHeader(signed, {}),
    ]) {
      expect(await ask(token)).toEqual(refused);
    }
    const header = { alg: 'HS256', crit: ['b64'], b64: true };
    const critical = await new SignJWT(claims).setProtectedHeader(header).sign(bytes(secret));
    expect(await ask(critical)).toEqual(refused);
  });

  it('a remembered one ends with its exp', async () => {
    const scheme = createJwtScheme({ secret });
    const token = await sign({ exp: nowSec() + 1 });
    const caller = scheme(token, {});
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(scheme(token, {})).toEqual(caller);
    expect(scheme(token, {})).not.toBe(caller);
  });
});

describe('tokens of a provider', () => {
  const algs = ['RS256', 'ES256', 'EdDSA'] as const;
  const pairs = new Map<string, { privateKey: CryptoKey; publicKey: CryptoKey }>();
  let jwks: { keys: JWK[] };
  let byKeys: JwtSettings;
  const keyOf = (alg: string): CryptoKey => pairs.get(alg)?.privateKey as CryptoKey;

  beforeAll(async () => {
    for (const alg of algs) pairs.set(alg, await generateKeyPair(alg, { extractable: true }));
    const keys = [...pairs].map(async ([alg, { publicKey }]) => ({
      ...(await exportJWK(publicKey)),
      kid: alg,
      alg,
      use: 'sig',
    }));
    jwks = { keys: await Promise.all(keys) };
    byKeys = { issuer: settings.issuer, audience: 'tacos', findKey: createLocalJWKSet(jwks) };
  });

  it.each(algs)('are taken when signed by its %s key, and refused when anything is wrong', async (alg) => {
    const header = { alg, kid: alg };
    expect(await ask(await sign({}, keyOf(alg), header), byKeys)).toEqual(ann);
    const other = await generateKeyPair(alg);
    const bad = await Promise.all([
      sign({}, other.privateKey, header),
      sign({ iss: 'https://evil.example' }, keyOf(alg), header),
      sign({ aud: 'other' }, keyOf(alg), header),
      sign({ exp: nowSec() - 70 }, keyOf(alg), header),
      sign({ exp: undefined }, keyOf(alg), header),
      sign({ sub: undefined }, keyOf(alg), header),
    ]);
    const [head, , mac] = (await sign({}, keyOf(alg), header)).split('.');
    const payload = Buffer.from(JSON.stringify({ sub: 'eve', exp: nowSec() + 600 })).toString('base64url');
    for (const token of [...bad, `${head}.${payload}.${mac}`])
      expect(await ask(token, byKeys)).toEqual(refused);
  });

  it('are remembered, for no longer than keys are trusted', async () => {
    const token = await sign({}, keyOf('EdDSA'), { alg: 'EdDSA', kid: 'EdDSA' });
    const scheme = createJwtScheme({ ...byKeys, trustedForSec: 1 });
    await scheme(token, {});
    expect(scheme(token, {})).toEqual(ann);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(scheme(token, {})).toBeInstanceOf(Promise);
  });

  it('never make a public key into a secret', async () => {
    const pem = await exportSPKI(pairs.get('RS256')?.publicKey as CryptoKey);
    for (const key of [pem, JSON.stringify(jwks.keys[0])]) {
      const forged = await sign({}, bytes(key), { alg: 'HS256', kid: 'RS256' });
      expect(await ask(forged, byKeys)).toEqual(refused);
      expect(await ask(forged, { ...byKeys, secret })).toEqual(refused);
    }
  });

  it('and those of the secret stand side by side: the header says which, and each takes its own only', async () => {
    const both = { ...byKeys, secret };
    expect(await ask(await sign(), both)).toEqual(ann);
    expect(await ask(await sign({}, keyOf('ES256'), { alg: 'ES256', kid: 'ES256' }), both)).toEqual(ann);
    expect(await ask(await sign(), byKeys)).toEqual(refused);
    expect(await ask(await sign({}, keyOf('ES256'), { alg: 'ES256', kid: 'ES256' }))).toEqual(refused);
    expect(await ask(withHeader(await sign(), { alg: 'RS256', kid: 'RS256' }), both)).toEqual(refused);
  });

  it('that name no key are tried with each that would do', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true });
    const more = { ...(await exportJWK(publicKey)), kid: 'more', alg: 'ES256' };
    const findKey = createLocalJWKSet({ keys: [more, ...jwks.keys] });
    expect(await ask(await sign({}, keyOf('ES256'), { alg: 'ES256' }), { ...byKeys, findKey })).toEqual(ann);
    const stranger = await generateKeyPair('ES256');
    const forged = await sign({}, stranger.privateKey, { alg: 'ES256' });
    expect(await ask(forged, { ...byKeys, findKey })).toEqual(refused);
  });

  it('do not look invalid while the keys cannot be had', async () => {
    const findKey = (): Promise<never> => Promise.reject(new KeysUnavailableError());
    const token = await sign({}, keyOf('RS256'), { alg: 'RS256', kid: 'RS256' });
    expect(await ask(token, { ...byKeys, findKey })).toMatchObject({ code: 'UNAVAILABLE', retryAfterSec: 2 });
  });
});
