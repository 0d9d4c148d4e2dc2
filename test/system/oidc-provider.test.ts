/** JWTs of a real OpenID provider at real gateway processes, while its keys change and while it is away. */
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  jwtVerify,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call, type Fleet, joinAt, pause, startFleet } from '../helpers/fleet.ts';
import { type ServiceAccount, startProvider, type TestProvider } from '../helpers/oidc.ts';

const audience = 'https://tickets.example';
const account = (id: string, alg: 'RS256' | 'ES256' | 'EdDSA' | 'PS256' = 'RS256'): ServiceAccount => ({
  id,
  claims: {},
  alg,
});
const accounts = [account('ann'), account('bob', 'ES256'), account('eve', 'EdDSA'), account('pat', 'PS256')];
const secret = 'the-secret-of-both-sides-0123456789';
const cacheSec = 1;

let provider: TestProvider;
let fleet: Fleet;
let event: string;
beforeAll(async () => {
  provider = await startProvider(accounts);
  fleet = await startFleet({
    gateways: 1,
    env: {
      JWT_JWKS_ENDPOINT: `${provider.issuer}/jwks`,
      JWT_ISSUER: provider.issuer,
      JWT_AUDIENCE: audience,
      JWT_CACHE_TTL: String(cacheSec),
      JWT_SECRET: secret,
      RATE_LIMIT_ENABLED: 'false',
    },
  });
});
afterAll(async () => {
  await fleet?.stop();
  await provider?.stop();
});
beforeEach(async () => {
  event = (await fleet.event({ tiers: '1-=0' })).id;
});

const gateway = (): string => fleet.urls[0] ?? '';
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const inSec = (sec: number): number => Math.floor(Date.now() / 1000) + sec;
const claims = (sub: string) => ({ sub, aud: audience, exp: inSec(600) });
let people = 0;
/** A token that no gateway has seen, of somebody who has no place. */
const freshToken = (alg?: 'RS256' | 'ES256' | 'EdDSA'): Promise<string> => {
  people += 1;
  return provider.sign(claims(`visitor-${people}`), alg);
};
const joinWith = (token: string, at = gateway()) => joinAt(at, event, bearer(token));

describe('tokens of the provider', () => {
  it.each(accounts.slice(0, 3))('take $id with $alg from joining to a pass in their name', async (who) => {
    const token = await provider.tokenFor(who, audience);
    expect(decodeProtectedHeader(token).alg).toBe(who.alg);
    const joined = await joinWith(token);
    expect([joined.status, joined.body.error]).toEqual([202, undefined]);
    const body = { waiting_token: joined.body.waiting_token };
    const stranger = await call('POST', `${gateway()}/api/v1/queue/enter`, {
      body,
      ...bearer(await freshToken()),
    });
    expect(stranger.status).toBe(403);
    const entered = await call('POST', `${gateway()}/api/v1/queue/enter`, { body, ...bearer(token) });
    expect([entered.status, entered.body.admission]).toEqual([200, 'granted']);

    const published = await call('GET', `${gateway()}/.well-known/jwks.json`);
    const keys = createLocalJWKSet(published.body as unknown as JSONWebKeySet);
    const pass = await jwtVerify(String(entered.body.reservation_token), keys, { issuer: 'tacos' });
    expect(pass.payload).toMatchObject({ sub: who.id, event_id: event });
  });

  it('are refused with anything wrong about them, on every way in', async () => {
    const good = await freshToken();
    const [head, payload, mac] = good.split('.');
    const stranger = await generateKeyPair('RS256');
    const kid = decodeProtectedHeader(good).kid ?? '';
    const mine = { iss: provider.issuer, ...claims('mallory') };
    const publicJwk = provider.publicKey();
    const pem = await exportSPKI((await importJWK(publicJwk, 'RS256')) as CryptoKey);
    const bySecret = (key: string) =>
      new SignJWT(mine).setProtectedHeader({ alg: 'HS256', kid }).sign(new TextEncoder().encode(key));
    const forgedPayload = Buffer.from(JSON.stringify(mine)).toString('base64url');
    const bad = {
      'another audience': await provider.tokenFor(account('ann'), 'https://other.example'),
      'another issuer': await provider.sign({ ...mine, iss: 'https://evil.example' }),
      'no issuer': await provider.sign({ ...mine, iss: undefined } as never),
      'no subject': await provider.sign({ aud: audience, exp: inSec(600) }),
      'no end': await provider.sign({ sub: 'mallory', aud: audience }),
      'ended long ago': await provider.sign({ ...mine, exp: inSec(-120) }),
      'not begun': await provider.sign({ ...mine, nbf: inSec(120) }),
      'another alg': await provider.tokenFor(account('pat', 'PS256'), audience),
      'tampered claims': `${head}.${forgedPayload}.${mac}`,
      'tampered signature': `${head}.${payload}.${mac?.split('').reverse().join('')}`,
      'another key': await new SignJWT(mine)
        .setProtectedHeader({ alg: 'RS256', kid })
        .sign(stranger.privateKey),
      'a key of its own in the header': await new SignJWT(mine)
        .setProtectedHeader({ alg: 'RS256', kid: 'own', jwk: await exportJWK(stranger.publicKey) })
        .sign(stranger.privateKey),
      none: new UnsecuredJWT(mine).encode(),
      'the public key as a secret (PEM)': await bySecret(pem),
      'the public key as a secret (JWK)': await bySecret(JSON.stringify(publicJwk)),
    };
    for (const [what, token] of Object.entries(bad)) {
      const { status, body } = await joinWith(token);
      expect([what, status, (body.error as { code: string }).code]).toEqual([what, 401, 'UNAUTHENTICATED']);
    }
    expect((await joinWith(good)).status).toBe(202);
    expect((await joinWith(await bySecret(secret))).status).toBe(202);
  });
});

describe('keys of the provider', () => {
  /** Joins with tokens never seen before, for so long; what was not answered 202. */
  async function joinFor(ms: number): Promise<{ joined: number; failed: unknown[] }> {
    const failed: unknown[] = [];
    let joined = 0;
    const untilMs = performance.now() + ms;
    const lane = async (alg: 'RS256' | 'ES256' | 'EdDSA'): Promise<void> => {
      while (performance.now() < untilMs) {
        const { status, body } = await joinWith(await freshToken(alg));
        if (status === 202) joined += 1;
        else failed.push([status, body]);
        await pause(20);
      }
    };
    await Promise.all([lane('RS256'), lane('ES256'), lane('EdDSA')]);
    return { joined, failed };
  }

  it('may change while people come: no request fails', async () => {
    const readsBefore = provider.keyRequests;
    const startedMs = performance.now();
    const load = joinFor(3_000);
    for (let change = 0; change < 2; change += 1) {
      await pause(700);
      await provider.rotate({ keepOld: true });
    }
    const { joined, failed } = await load;
    expect(failed).toEqual([]);
    expect(joined).toBeGreaterThan(20);
    // A read for the cache time or a new key: never two within 2 s.
    const tookSec = (performance.now() - startedMs) / 1_000;
    expect(provider.keyRequests - readsBefore).toBeLessThanOrEqual(tookSec / 2 + 2);
  });

  it('taken back end with the cache time, whoever remembers the token', async () => {
    const token = await freshToken();
    expect((await joinWith(token)).status).toBe(202);
    await provider.rotate();
    await expect.poll(async () => (await joinWith(token)).status, { timeout: 15_000 }).toBe(401);
    expect((await joinWith(await freshToken())).status).toBe(202);
  });

  it('are asked for once, however many forged tokens name one that is not known', async () => {
    const stranger = await generateKeyPair('ES256');
    const forge = (kid: string) =>
      new SignJWT({ iss: provider.issuer, ...claims('mallory') })
        .setProtectedHeader({ alg: 'ES256', kid })
        .sign(stranger.privateKey);
    const forged = await Promise.all(Array.from({ length: 60 }, (_, at) => forge(`forged-${at % 20}`)));
    const readsBefore = provider.keyRequests;
    const startedMs = performance.now();
    const answers = await Promise.all(forged.map((token) => joinWith(token)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    const tookSec = (performance.now() - startedMs) / 1_000;
    expect(tookSec).toBeLessThan(10);
    expect(provider.keyRequests - readsBefore).toBeLessThanOrEqual(tookSec / 2 + 2);
  });

  it('stay in use while the provider is away; another gateway starts with them; with none a token is no lie', async () => {
    await provider.stop();
    let isAway = true;
    try {
      const { joined, failed } = await joinFor(cacheSec * 1_000 * 4);
      expect(failed).toEqual([]);
      expect(joined).toBeGreaterThan(20);

      const second = await fleet.addGateway();
      expect((await joinWith(await freshToken('ES256'), second.url)).status).toBe(202);

      const shared = await fleet.look.keys('tacos:jwks:*');
      expect(shared.length).toBe(1);
      await fleet.look.del(shared);
      const third = await fleet.addGateway();
      const answer = await joinWith(await freshToken(), third.url);
      expect([answer.status, (answer.body.error as { code: string }).code]).toEqual([503, 'UNAVAILABLE']);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      await provider.start();
      isAway = false;
      await expect
        .poll(async () => (await joinWith(await freshToken(), third.url)).status, { timeout: 15_000 })
        .toBe(202);
    } finally {
      if (isAway) await provider.start();
    }
  });
});
