import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/admin-api/config.ts';
import { type AdminServer, startServer } from '../../src/admin-api/server.ts';
import { FakeDesk } from '../../src/admin-api/testing/fake-desk.ts';
import { eventually } from '../helpers/eventually.ts';
import { type ServiceAccount, startProvider, type TestProvider } from '../helpers/oidc.ts';

const audience = 'https://admin.example/tacos';
const listed = 'list-token-0123456789';
const issuerTimes = { cooldownMs: 300, afterFailureMs: 200, refreshMs: 600, timeoutMs: 2_000 };

const account = (id: string, claims: object, alg?: ServiceAccount['alg']): ServiceAccount => ({
  id,
  claims: { ...claims },
  ...(alg === undefined ? {} : { alg }),
});
const viewer = account('dashboards', { groups: ['everyone', 'tacos-readers'] });
const operator = account('deploy-job', { groups: ['tacos-operators', 'tacos-readers'] }, 'ES256');
const admin = account('break-glass', { groups: ['tacos-admins'], email: 'glass@example.com' }, 'PS256');
const edwards = account('edwards', { groups: ['tacos-readers'] }, 'EdDSA');
const nobody = account('nobody', { groups: ['cooks'] });
const partner = account('partner', { realm_access: { roles: ['watcher'] } });

let provider: TestProvider;
let other: TestProvider;
let servers: AdminServer[] = [];
beforeAll(async () => {
  provider = await startProvider([viewer, operator, admin, edwards, nobody]);
  other = await startProvider([partner]);
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});
afterAll(() => Promise.all([provider.stop(), other.stop()]));

/** An admin API that takes tokens of both providers, the other's by another claim. */
async function startAdmin(issuers?: readonly object[]): Promise<AdminServer> {
  const both = [
    {
      issuer: provider.issuer,
      audience,
      claim: 'groups',
      roles: { viewer: ['tacos-readers'], operator: ['tacos-operators'], admin: ['tacos-admins'] },
    },
    { issuer: other.issuer, audience, claim: 'realm_access.roles', roles: { viewer: ['watcher'] } },
  ];
  const loaded = loadConfig({
    ADMIN_ADDRESS: '127.0.0.1:0',
    ADMIN_TOKENS: `viewer:ann:${listed}`,
    ADMIN_OIDC_ISSUERS: JSON.stringify(issuers ?? both),
  });
  if ('problems' in loaded) throw new Error(loaded.problems.join('; '));
  const log = pino({ level: 'silent' });
  const server = await startServer({
    config: loaded.config,
    desk: new FakeDesk(),
    version: '1.2.3',
    log,
    issuerTimes,
  });
  servers.push(server);
  return server;
}

async function whoami(server: AdminServer, token: string) {
  const reply = await fetch(`${server.address}/admin/v1/whoami`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const body = (await reply.json()) as {
    item?: { name: string; role: string; issuer: string; expiresAt: string };
    error?: { code: string; message: string };
  };
  return { status: reply.status, challenge: reply.headers.get('www-authenticate'), ...body };
}
const statusOf = async (server: AdminServer, token: string) => (await whoami(server, token)).status;
const inSec = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;
const claims = (more: object = {}) => ({
  sub: 'ann',
  aud: audience,
  exp: inSec(60),
  groups: ['tacos-readers'],
  ...more,
});

describe('a token of an issuer', () => {
  it('gives service accounts the role that their claim maps to, in every signature that is taken', async () => {
    const server = await startAdmin();
    for (const [who, role] of [
      [viewer, 'viewer'],
      [operator, 'operator'],
      [admin, 'admin'],
      [edwards, 'viewer'],
    ] as const) {
      const { item } = await whoami(server, await provider.tokenFor(who, audience));
      expect([who.id, item?.role, item?.issuer]).toEqual([who.id, role, provider.issuer]);
      expect(item?.name).toBe(who === admin ? 'glass@example.com' : who.id);
      const leftSec = (Date.parse(item?.expiresAt ?? '') - Date.now()) / 1_000;
      expect(leftSec).toBeGreaterThan(500);
      expect(leftSec).toBeLessThanOrEqual(600);
    }
    const { item } = await whoami(server, await other.tokenFor(partner, audience));
    expect(item).toMatchObject({ name: 'partner', role: 'viewer', issuer: other.issuer });
  });

  it('lets nobody do more than the role', async () => {
    const server = await startAdmin();
    const act = async (who: ServiceAccount) => {
      const reply = await fetch(`${server.address}/admin/v1/actions`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await provider.tokenFor(who, audience)}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ events: ['evt_x'], action: { type: 'queue.pause' } }),
      });
      return reply.status;
    };
    expect(await act(viewer)).toBe(403);
    expect(await act(operator)).toBe(200);
  });

  it('without a role is refused, and the claim that was looked at is named', async () => {
    const reply = await whoami(await startAdmin(), await provider.tokenFor(nobody, audience));
    expect([reply.status, reply.error?.code]).toEqual([403, 'FORBIDDEN']);
    expect(reply.error?.message).toContain('The claim groups of this token gives no role here');
  });
});

describe('refused is', () => {
  it('a real token for another audience', async () => {
    const server = await startAdmin();
    const reply = await whoami(server, await provider.tokenFor(admin, 'https://shop.example'));
    expect(reply.status).toBe(401);
    expect(reply.error?.message).toContain('another audience');
    expect(reply.challenge).toContain('error="invalid_token", error_description="claim aud"');
  });

  it('a real token of an issuer that is not configured', async () => {
    const server = await startAdmin([
      { issuer: provider.issuer, audience, claim: 'groups', roles: { viewer: ['tacos-readers'] } },
    ]);
    const token = await other.tokenFor(partner, audience);
    expect(await statusOf(server, token)).toBe(401);
    expect(await statusOf(server, await provider.tokenFor(viewer, audience))).toBe(200);
  });

  it('an expired one, told apart, after five seconds for clocks that differ', async () => {
    const server = await startAdmin();
    const expired = await whoami(server, await provider.sign(claims({ exp: inSec(-8) })));
    expect(expired.status).toBe(401);
    expect(expired.error?.message).toMatch(/expired/);
    expect(expired.challenge).toContain('error="invalid_token", error_description="expired"');
    expect(await statusOf(server, await provider.sign(claims({ exp: inSec(-2) })))).toBe(200);
  });

  it('one that is not valid yet, never ends or is nobody’s', async () => {
    const server = await startAdmin();
    const { exp: _, ...endless } = claims();
    const { sub: __, ...ownerless } = claims();
    for (const odd of [claims({ nbf: inSec(60) }), endless, ownerless]) {
      expect(await statusOf(server, await provider.sign(odd))).toBe(401);
    }
    expect(await statusOf(server, await provider.sign(claims({ nbf: inSec(3) })))).toBe(200);
  });

  it('one signed by a foreign key, by no key, or with the public key as a secret', async () => {
    const server = await startAdmin();
    const { kid = '' } = provider.publicKey();
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const body = { iss: provider.issuer, ...claims({ groups: ['tacos-admins'] }) };
    const foreign = await new SignJWT(body).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey);
    const unsigned = new UnsecuredJWT(body).encode();
    const secret = new TextEncoder().encode(JSON.stringify(provider.publicKey()));
    const confused = await new SignJWT(body).setProtectedHeader({ alg: 'HS256', kid }).sign(secret);
    const named = await new SignJWT(body)
      .setProtectedHeader({ alg: 'RS256', kid: 'mine', jwk: await exportJWK(privateKey) })
      .sign(privateKey);
    const real = await provider.tokenFor(viewer, audience);
    const [head, payload, signature = ''] = real.split('.');
    const flipped = `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
    const grown = Buffer.from(JSON.stringify(body)).toString('base64url');
    const changed = [`${head}.${grown}.${signature}`, `${head}.${payload}.${flipped}`, `${head}.${payload}.`];
    for (const token of [
      foreign,
      unsigned,
      confused,
      named,
      ...changed,
      'a.b.c',
      'eyJhbGciOiJub25lIn0.e30.',
    ]) {
      expect([token.slice(0, 20), await statusOf(server, token)]).toEqual([token.slice(0, 20), 401]);
    }
  });

  it('every token of an issuer that calls itself by another name', async () => {
    const liar = createServer(async (_, response) => {
      const from = await fetch(`${provider.issuer}/.well-known/openid-configuration`);
      response.end(await from.text());
    }).listen(0, '127.0.0.1');
    await once(liar, 'listening');
    const issuer = `http://127.0.0.1:${(liar.address() as AddressInfo).port}`;
    const roles = { admin: ['tacos-admins', 'tacos-readers'] };
    const server = await startAdmin([{ issuer, audience, claim: 'groups', roles }]);
    const token = await provider.sign({ ...claims(), iss: issuer });
    expect(await statusOf(server, token)).toBe(503);
    liar.closeAllConnections();
    liar.close();
  });
});

describe('when keys change', () => {
  it('a token of the new key is taken, and those of the old one end', async () => {
    const server = await startAdmin();
    const before = await provider.tokenFor(viewer, audience);
    expect(await statusOf(server, before)).toBe(200);
    await provider.rotate();
    const after = await provider.tokenFor(viewer, audience);
    await eventually(async () => (await statusOf(server, after)) === 200);
    expect(await statusOf(server, before)).toBe(401);
  });

  it('keys taken back are forgotten although nobody comes with a new one', async () => {
    const server = await startAdmin();
    const token = await provider.tokenFor(viewer, audience);
    expect(await statusOf(server, token)).toBe(200);
    await provider.rotate();
    await eventually(async () => (await statusOf(server, token)) === 401, { everyMs: 50 });
  });

  it('forged key ids do not hammer the issuer', async () => {
    const server = await startAdmin();
    expect(await statusOf(server, await provider.tokenFor(viewer, audience))).toBe(200);
    const { privateKey } = await generateKeyPair('ES256');
    const asked = provider.keyRequests;
    const startedAt = performance.now();
    const forged = Array.from({ length: 100 }, async (_, index) => {
      const header = { alg: 'ES256', kid: `forged-${index}` };
      const token = await new SignJWT({ iss: provider.issuer, ...claims() })
        .setProtectedHeader(header)
        .sign(privateKey);
      return statusOf(server, token);
    });
    expect(new Set(await Promise.all(forged))).toEqual(new Set([401]));
    const tookMs = performance.now() - startedAt;
    expect(provider.keyRequests - asked).toBeLessThanOrEqual(2 + Math.ceil(tookMs / issuerTimes.cooldownMs));
  });
});

describe('while an issuer is away', () => {
  it('tokens of known keys go on being taken, also past the time when keys are read again', async () => {
    const server = await startAdmin();
    const token = await provider.tokenFor(operator, audience);
    expect(await statusOf(server, token)).toBe(200);
    await provider.stop();
    try {
      const untilMs = performance.now() + issuerTimes.refreshMs + 300;
      while (performance.now() < untilMs) expect(await statusOf(server, token)).toBe(200);
    } finally {
      await provider.start();
    }
    expect(await statusOf(server, token)).toBe(200);
  });

  it('a server that starts then takes its list, and the issuer as soon as it is back', async () => {
    const token = await provider.tokenFor(viewer, audience);
    await provider.stop();
    let server: AdminServer;
    try {
      server = await startAdmin();
      expect(await statusOf(server, listed)).toBe(200);
      const away = await whoami(server, token);
      expect([away.status, away.error?.code]).toEqual([503, 'UNAVAILABLE']);
      expect(away.error?.message).toContain('issuer');
      expect(await statusOf(server, await other.tokenFor(partner, audience))).toBe(200);
    } finally {
      await provider.start();
    }
    await eventually(async () => (await statusOf(server, token)) === 200, { everyMs: 50 });
  });
});
