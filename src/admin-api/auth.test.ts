import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { roles } from '../contract/admin-api.ts';
import type { AdminApp } from './app.ts';
import { findToken, parseTokens, roleIncludes } from './auth.ts';
import { asRole, testApp, tokenOf } from './testing/app.ts';

describe('the token list', () => {
  it('takes role:name:token, several by comma or line, and comments', () => {
    const { tokens, problems } = parseTokens(
      '# staff\nviewer:ann:0123456789abcdef\nadmin:bo:x:y:0123456789abcdef,',
    );
    expect(problems).toEqual([]);
    expect(tokens.map(({ role, name }) => `${role} ${name}`)).toEqual(['viewer ann', 'admin bo']);
    expect(findToken(tokens, 'x:y:0123456789abcdef')?.name).toBe('bo');
    expect(findToken(tokens, '0123456789abcde')).toBeUndefined();
    expect(findToken(tokens, '')).toBeUndefined();
  });

  it('says all that is wrong, without the token', () => {
    const { tokens, problems } = parseTokens(
      'boss:ann:0123456789abcdef,viewer:a b:0123456789abcdef,viewer:c:short',
    );
    expect(tokens).toEqual([]);
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('short');
  });
});

describe('roles', () => {
  let app: AdminApp;
  beforeEach(async () => {
    app = (await testApp()).app;
  });
  afterEach(() => app.close());

  const call = (method: string, url: string, headers: Record<string, string>) =>
    app.inject({ method: method as 'GET', url: url.replace(':id', 'evt_none'), headers });

  it('are enforced on every route of the table', async () => {
    const guarded = app.routeTable.filter(({ role }) => role !== 'public');
    expect(guarded.length).toBeGreaterThanOrEqual(7);
    for (const { method, url, role: needed } of guarded) {
      if (needed === 'public') continue;
      const anonymous = await call(method, url, {});
      expect([url, anonymous.statusCode, anonymous.json().error.code]).toEqual([url, 401, 'UNAUTHENTICATED']);
      expect(anonymous.headers['www-authenticate']).toContain('Bearer');
      const wrong = await call(method, url, { authorization: 'Bearer nobody-knows-this-token' });
      expect([url, wrong.statusCode]).toEqual([url, 401]);
      for (const role of roles) {
        const { statusCode } = await call(method, url, asRole(role));
        if (roleIncludes(role, needed))
          expect([url, role, [401, 403].includes(statusCode)]).toEqual([url, role, false]);
        else expect([url, role, statusCode]).toEqual([url, role, 403]);
      }
    }
  });

  it('leave only health, version and the description open', () => {
    const open = app.routeTable.filter(({ role }) => role === 'public').map(({ url }) => url);
    expect(open.sort()).toEqual(['/healthz', '/openapi.json', '/readyz', '/version']);
  });

  it('keep writing from viewers', () => {
    const writing = app.routeTable.filter(({ method }) => method !== 'GET');
    expect(writing.map(({ role }) => role)).toEqual(writing.map(() => 'operator'));
  });

  it('say which role is missing', async () => {
    const reply = await call('PATCH', '/admin/v1/events/:id/bucket', {
      authorization: `bearer ${tokenOf('viewer')}`,
    });
    expect(reply.json().error.message).toBe('This needs the role operator; viewer-1 has the role viewer.');
  });
});
