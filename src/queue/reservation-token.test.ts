import { createLocalJWKSet, decodeProtectedHeader, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { ReservationKeys } from './reservation-token.ts';

const key = (kid: string, fill: number) => ({ kid, secret: Buffer.alloc(32, fill) });
const grantedMs = 1_800_000_000_500;
const grant = { event: 'evt_a', subject: 'ann', passId: 'pass-1', grantedMs };
const pass = { ok: true, event: 'evt_a', subject: 'ann', passId: 'pass-1', expiresMs: 1_800_000_031_000 };
const refused = { ok: false, code: 'PASS_REFUSED' };

describe('a reservation token', () => {
  const keys = new ReservationKeys([key('r1', 1), key('r2', 2)]);

  it('is verified by every ring that has its key, whichever signs there', async () => {
    const token = await keys.sign(grant);
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', typ: 'JWT', kid: 'r1' });
    expect(await keys.verify(token)).toEqual(pass);
    expect(await new ReservationKeys([key('r2', 2), key('r1', 1)]).verify(token)).toEqual(pass);
    expect(await new ReservationKeys([key('r2', 2)]).verify(token)).toEqual(refused);
  });

  it('lives for the 30 s that its visitor is told, and less than one more', async () => {
    for (const lateMs of [0, 1, 500, 999]) {
      const told = { ...grant, grantedMs: 1_800_000_000_000 + lateMs };
      const { expiresMs } = (await keys.verify(await keys.sign(told))) as typeof pass;
      expect(expiresMs - told.grantedMs).toBeGreaterThanOrEqual(30_000);
      expect(expiresMs - told.grantedMs).toBeLessThan(31_000);
    }
  });

  it('is verified by anybody with the published keys, which hold nothing private', async () => {
    const jwks = keys.jwks();
    expect(jwks.keys.map((each) => Object.keys(each).sort())).toEqual([
      ['alg', 'crv', 'kid', 'kty', 'use', 'x'],
      ['alg', 'crv', 'kid', 'kty', 'use', 'x'],
    ]);
    const options = { issuer: 'tacos', currentDate: new Date(grantedMs) };
    const { payload } = await jwtVerify(
      await keys.sign(grant),
      createLocalJWKSet({ keys: [...jwks.keys] }),
      options,
    );
    expect(payload).toMatchObject({ event_id: 'evt_a', sub: 'ann', jti: 'pass-1' });
  });

  it('is no pass when tampered with, foreign, or of another form', async () => {
    const token = await keys.sign(grant);
    const [head, payload, mac] = token.split('.');
    const other = Buffer.from(JSON.stringify({ ...grant, sub: 'eve' })).toString('base64url');
    const stranger = await generateKeyPair('EdDSA');
    const sign = (claims: object, header = {}) =>
      new SignJWT({ iss: 'tacos', event_id: 'evt_a', sub: 'ann', jti: 'p', exp: 1, ...claims })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT', kid: 'r1', ...header })
        .sign(stranger.privateKey);
    const secret = new TextEncoder().encode(keys.jwks().keys[0]?.x);
    const confused = await new SignJWT({ sub: 'ann' })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: 'r1' })
      .sign(secret);
    const none = Buffer.from('{"alg":"none","typ":"JWT","kid":"r1"}').toString('base64url');
    for (const bad of [
      `${head}.${other}.${mac}`,
      `${head}.${payload}.`,
      `${none}.${payload}.`,
      await sign({}),
      await sign({}, { kid: 'r9' }),
      confused,
      '',
      'a.b.c',
      '..',
    ]) {
      expect([bad, await keys.verify(bad)]).toEqual([bad, refused]);
    }
  });

  it('is no pass without each of its claims, even when signed by a key of the list', async () => {
    const { createPrivateKey } = await import('node:crypto');
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 1)]);
    const own = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    const whole = { iss: 'tacos', event_id: 'evt_a', sub: 'ann', jti: 'p', exp: 9 };
    const sign = (claims: object, typ = 'JWT') =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: 'EdDSA', typ, kid: 'r1' }).sign(own);
    expect(await keys.verify(await sign(whole))).toMatchObject({ ok: true, expiresMs: 9_000 });
    expect(await keys.verify(await sign(whole, 'at+jwt'))).toEqual(refused);
    const wrong = { iss: 'other', event_id: 'no event', sub: '', jti: 7, exp: 'soon' };
    for (const name of Object.keys(whole)) {
      const without = Object.fromEntries(Object.entries(whole).filter(([each]) => each !== name));
      expect(await keys.verify(await sign(without))).toEqual(refused);
      const spoilt = { ...whole, [name]: wrong[name as keyof typeof wrong] };
      // jose itself signs no such exp.
      if (name !== 'exp') expect(await keys.verify(await sign(spoilt))).toEqual(refused);
    }
  });
});

describe('rotation', () => {
  it('publishes and verifies a new key at once, and signs with it when every copy that is kept has it', async () => {
    let nowMs = 0;
    const keys = new ReservationKeys([key('r1', 1)], () => nowMs);
    keys.update([key('r2', 2), key('r1', 1)]);
    expect(keys.jwks().keys.map(({ kid }) => kid)).toEqual(['r2', 'r1']);
    expect(await keys.verify(await new ReservationKeys([key('r2', 2)]).sign(grant))).toEqual(pass);
    const signs = async () => decodeProtectedHeader(await keys.sign(grant)).kid;
    nowMs = 70_000;
    expect(await signs()).toBe('r1');
    nowMs = 75_001;
    expect(await signs()).toBe('r2');
    keys.update([key('r2', 2)]);
    expect(await signs()).toBe('r2');
    expect(keys.jwks().keys.length).toBe(1);
  });

  it('takes another key under a known kid for a new one, which does not sign at once', async () => {
    let nowMs = 0;
    const keys = new ReservationKeys([key('r1', 1), key('r2', 2)], () => nowMs);
    keys.update([key('r1', 3), key('r2', 2)]);
    const signs = async () => decodeProtectedHeader(await keys.sign(grant)).kid;
    nowMs = 70_000;
    keys.update([key('r1', 3), key('r2', 2)]);
    expect(await signs()).toBe('r2');
    nowMs = 75_001;
    expect(await signs()).toBe('r1');
    expect(await new ReservationKeys([key('r1', 3)]).verify(await keys.sign(grant))).toEqual(pass);
  });

  it.each([
    ['an empty list', []],
    ['a kid that stands twice', [key('r1', 1), key('r1', 2)]],
    ['a key of 33 bytes', [{ kid: 'r1', secret: Buffer.alloc(33) }]],
    ['a key of 31 bytes', [{ kid: 'r1', secret: Buffer.alloc(31) }]],
  ])('keeps the old keys when offered %s', async (_, list) => {
    const keys = new ReservationKeys([key('r1', 1)]);
    expect(() => keys.update(list)).toThrow();
    expect(await keys.verify(await keys.sign(grant))).toEqual(pass);
    expect(() => new ReservationKeys(list)).toThrow();
  });
});
