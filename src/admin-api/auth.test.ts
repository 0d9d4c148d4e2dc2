import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { roles } from '../contract/admin-api.ts';
import type { AdminApp } from './app.ts';
import { roleIncludes } from './auth.ts';
import { notSignedIn, type SignInScheme } from './sign-in/sign-in.ts';
import { asRole, testApp, tokenOf } from './testing/app.ts';
import type { FakeDesk } from './testing/fake-desk.ts';

/** Knows two tokens of an issuer: one that has expired, one of another server. */
const scheme: SignInScheme = async (token) => {
  if (token === 'expired-token') return notSignedIn('expired', 'The token has expired: sign in again.');
  if (token === 'foreign-token') return notSignedIn('claim aud');
  return undefined;
};

let app: AdminApp;
let desk: FakeDesk;
beforeEach(async () => {
  ({ app, desk } = await testApp({ scheme }));
});
afterEach(() => app.close());

const call = (method: string, url: string, headers: Record<string, string>, payload?: object) =>
  app.inject({
    method: method as 'GET',
    url: url.replace('/audit/:id', '/audit/aud_none').replace(':id', 'evt_none').replace(':ref', '%2312'),
    headers,
    ...(payload === undefined ? {} : { payload }),
  });
const act = (role: (typeof roles)[number], payload: object) =>
  call('POST', '/admin/v1/actions', asRole(role), payload);

describe('roles', () => {
  it('are enforced on every route of the table', async () => {
    const guarded = app.routeTable.filter(({ role }) => role !== 'public');
    expect(guarded.length).toBeGreaterThanOrEqual(18);
    for (const { method, url, role: needed } of guarded) {
      if (needed === 'public') continue;
      const anonymous = await call(method, url, {});
      expect([url, anonymous.statusCode, anonymous.json().error.code]).toEqual([url, 401, 'UNAUTHENTICATED']);
      expect(anonymous.headers['www-authenticate']).toBe('Bearer realm="tacos admin"');
      for (const token of ['nobody-knows-this-token', 'expired-token', 'foreign-token']) {
        const refused = await call(method, url, { authorization: `Bearer ${token}` });
        expect([url, token, refused.statusCode]).toEqual([url, token, 401]);
      }
      for (const role of roles) {
        // A stream that is let in would not end: an event that is not there is enough to see that it was let in.
        if (url === '/admin/v1/stream' && roleIncludes(role, needed)) continue;
        const { statusCode } = await call(method, url, asRole(role));
        if (roleIncludes(role, needed))
          expect([url, role, [401, 403].includes(statusCode)]).toEqual([url, role, false]);
        else expect([url, role, statusCode]).toEqual([url, role, 403]);
      }
    }
  });

  it('leave only health, version and the description open', () => {
    const open = app.routeTable.filter(({ role }) => role === 'public').map(({ url }) => url);
    const isPage = (url: string) => url.startsWith('/swagger');
    expect(open.filter((url) => !isPage(url)).sort()).toEqual([
      '/healthz',
      '/openapi.json',
      '/readyz',
      '/version',
    ]);
    expect(open.some(isPage)).toBe(true);
  });

  it('keep every changing route from viewers; planning changes nothing', () => {
    const changing = app.routeTable.filter(({ method }) => !['GET', 'HEAD'].includes(String(method)));
    expect(changing.map(({ method, url, role }) => `${method} ${url} ${role}`)).toEqual([
      'POST /admin/v1/events/:id/sale/check operator',
      'POST /admin/v1/loadtests/manifests viewer',
      'POST /admin/v1/plans viewer',
      'POST /admin/v1/actions operator',
    ]);
  });

  it('keep the override and the budget for admins', async () => {
    const override = { events: ['evt_x'], action: { type: 'bucket.set', refillPerSec: 900 }, override: true };
    const budget = { action: { type: 'budget.set', perSec: 200 } };
    for (const payload of [override, budget]) {
      const refused = await act('operator', payload);
      expect([refused.statusCode, refused.json().error.code]).toEqual([403, 'FORBIDDEN']);
      expect(refused.json().error.message).toContain(
        'needs the role admin; operator-1 has the role operator.',
      );
      expect((await act('viewer', payload)).statusCode).toBe(403);
      expect((await act('admin', payload)).statusCode).toBe(200);
    }
    expect(desk.acted.map(({ options }) => options.author.role)).toEqual(['admin', 'admin']);
    const flush = { events: ['evt_x'], action: { type: 'queue.flush' } };
    expect((await act('operator', flush)).statusCode).toBe(200);
  });

  it('say which role is missing', async () => {
    const reply = await call('POST', '/admin/v1/actions', { authorization: `bearer ${tokenOf('viewer')}` });
    expect(reply.json().error.message).toBe('This needs the role operator; viewer-1 has the role viewer.');
  });
});

it('an expired token is told apart from a wrong one', async () => {
  const expired = await call('GET', '/admin/v1/whoami', { authorization: 'Bearer expired-token' });
  expect(expired.json().error.message).toMatch(/expired/);
  expect(expired.headers['www-authenticate']).toBe(
    'Bearer realm="tacos admin", error="invalid_token", error_description="expired"',
  );
  const wrong = await call('GET', '/admin/v1/whoami', { authorization: 'Bearer nobody-knows-this' });
  expect(wrong.headers['www-authenticate']).toContain('error_description="unknown token"');
});

it('whoami answers name, role and issuer', async () => {
  const reply = await call('GET', '/admin/v1/whoami', asRole('operator'));
  expect(reply.json()).toMatchObject({
    kind: 'Whoami',
    item: { name: 'operator-1', role: 'operator', issuer: 'local' },
  });
});
