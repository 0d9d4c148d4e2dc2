import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TacosError } from '../contract/errors.ts';
import type { AdminApp } from './app.ts';
import { asRole, testApp } from './testing/app.ts';
import type { FakeDesk } from './testing/fake-desk.ts';

let app: AdminApp;
let desk: FakeDesk;
beforeEach(async () => {
  ({ app, desk } = await testApp({
    logins: [{ issuer: 'https://id.example', clientId: 'tacos-cli', scope: 'openid' }],
  }));
});
afterEach(() => app.close());

const operator = asRole('operator');
const post = (url: string, payload: object, headers: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url, headers: { ...operator, ...headers }, payload });
const refill = { events: ['evt_x'], action: { type: 'bucket.set', refillPerSec: 80 } };

describe('health', () => {
  it('is ready while the desk is, and says so in the words of the gateway', async () => {
    expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' });
    const ready = await app.inject('/readyz');
    expect(ready.json()).toEqual({ status: 'ready', dependencies: { redis: { ok: true, detail: 'ready' } } });
    desk.ready = false;
    const reply = await app.inject('/readyz');
    expect(reply.statusCode).toBe(503);
    expect(reply.json()).toMatchObject({ status: 'not_ready', dependencies: { redis: { ok: false } } });
  });

  it('/readyz names the user whom Redis refuses', async () => {
    const detail = 'Redis refuses the user tacos-admin (WRONGPASS)';
    desk.connections = { refusal: detail };
    for (const ready of [true, false]) {
      desk.ready = ready;
      const reply = await app.inject('/readyz');
      expect(reply.statusCode).toBe(ready ? 200 : 503);
      expect(reply.json()).toMatchObject({ dependencies: { redis: { ok: false, detail } } });
    }
  });

  it('names version, environment, the oldest CLI and where to log in', async () => {
    const reply = await app.inject('/version');
    expect(reply.json()).toEqual({
      version: '1.2.3',
      environment: 'test',
      minCliVersion: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      logins: [{ issuer: 'https://id.example', clientId: 'tacos-cli', scope: 'openid' }],
    });
    expect(reply.headers['tacos-environment']).toBe('test');
  });
});

describe('the description', () => {
  it('has every route, with a summary, in OpenAPI 3.1', async () => {
    const { openapi, paths } = (await app.inject('/openapi.json')).json();
    expect(openapi).toBe('3.1.0');
    const described = app.routeTable.filter(({ url }) => !/^\/(openapi|swagger)/.test(url));
    for (const { method, url } of described) {
      const path = url.replace(':id', '{id}').replace(':ref', '{ref}').replace(':name', '{name}');
      expect(paths[path]?.[String(method).toLowerCase()]?.summary, `${method} ${url}`).toBeDefined();
    }
  });

  it('can be read at /swagger without a token and without any other host', async () => {
    const page = await app.inject('/swagger/');
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('swagger-ui');
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toMatch(/https:|upgrade-insecure-requests|swagger\.io/);
    const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '');
    expect(sources.length).toBeGreaterThan(3);
    for (const source of sources) {
      expect(source).not.toMatch(/^(https?:)?\/\//);
      expect((await app.inject(new URL(source, 'http://x/swagger/').pathname)).statusCode, source).toBe(200);
    }
    const json = await app.inject('/swagger/json');
    expect(json.json().openapi).toBe('3.1.0');
  });
});

describe('a plan', () => {
  it('is made for viewers too, with the defaults filled in', async () => {
    const reply = await post('/admin/v1/plans', refill, asRole('viewer'));
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).toMatchObject({ kind: 'Plan', hash: '5c1e', action: 'bucket.set' });
    expect(desk.planned[0]).toMatchObject({
      request: { events: ['evt_x'], override: false },
      author: { name: 'viewer-1', role: 'viewer' },
    });
  });

  it('carries what the desk refuses through, with its fields', async () => {
    desk.refusal = new TacosError('GUARD_RAIL', {
      message: 'Refill 800/s is over the budget.',
      hint: 'tacos bucket set evt_x --refill 70',
      body: { canOverride: true },
    });
    const reply = await post('/admin/v1/plans', refill);
    expect([reply.statusCode, reply.json()]).toEqual([
      422,
      {
        canOverride: true,
        error: {
          code: 'GUARD_RAIL',
          message: 'Refill 800/s is over the budget.',
          hint: 'tacos bucket set evt_x --refill 70',
          trace_id: reply.headers['x-request-id'],
        },
      },
    ]);
  });
});

describe('an action', () => {
  it('is done with version, key, consent and author', async () => {
    const body = { ...refill, planHash: '5c1e', reason: 'D1 faster', ticket: 'INC-4471', confirm: 'evt_x' };
    const headers = {
      'if-match': '"18"',
      'idempotency-key': 'key-1',
      'user-agent': 'tacos/1.0 host\u001b[31m',
    };
    const reply = await post('/admin/v1/actions', body, headers);
    expect(reply.statusCode).toBe(200);
    expect(reply.headers.etag).toBe('"19"');
    expect(reply.json()).toMatchObject({ kind: 'Change', results: [{ applied: true, auditId: 'aud_7R0D' }] });
    expect(desk.acted[0]).toMatchObject({
      request: body,
      options: { ifRevision: 18, changeId: 'key-1', author: { name: 'operator-1', role: 'operator' } },
    });
    expect(desk.acted[0]?.options.author.client).toBe('tacos/1.0 host[31m');
  });

  it('gets a change id where none is given, and odd headers are refused', async () => {
    await post('/admin/v1/actions', refill);
    expect(desk.acted[0]?.options.changeId).toMatch(/^[\da-f-]{36}$/);
    expect(desk.acted[0]?.options).not.toHaveProperty('ifRevision');
    expect((await post('/admin/v1/actions', refill, { 'idempotency-key': 'a b' })).statusCode).toBe(400);
    expect((await post('/admin/v1/actions', refill, { 'if-match': '*' })).statusCode).toBe(400);
    expect(desk.acted).toHaveLength(1);
  });

  it('takes a version for one event only', async () => {
    const pause = (events: string[] | 'all') =>
      post('/admin/v1/actions', { events, action: { type: 'queue.pause' } }, { 'if-match': '3' });
    expect((await pause('all')).json().error.message).toContain('If-Match goes with one event');
    expect((await pause(['evt_x', 'evt_y'])).statusCode).toBe(400);
    expect((await pause(['evt_x'])).statusCode).toBe(200);
    const both = await post('/admin/v1/actions', { events: 'all', action: { type: 'queue.pause' } });
    expect(both.json().results).toHaveLength(2);
    expect(both.headers.etag).toBeUndefined();
  });

  it('answers a conflict in the common error shape', async () => {
    desk.refusal = new TacosError('VERSION_CONFLICT', { body: { revision: 21 } });
    const reply = await post('/admin/v1/actions', refill, { 'if-match': '17' });
    expect(reply.statusCode).toBe(412);
    expect(reply.json()).toMatchObject({ revision: 21, error: { code: 'VERSION_CONFLICT' } });
  });
});

describe('bad input', () => {
  const raw = (payload: string, type = 'application/json') =>
    app.inject({
      method: 'POST',
      url: '/admin/v1/actions',
      headers: { ...operator, 'content-type': type },
      payload,
    });
  const codeOf = async (reply: ReturnType<typeof raw>) => {
    const { statusCode, json } = await reply;
    return [statusCode, json().error.code];
  };

  it('has one shape for every way to be wrong', async () => {
    expect(await codeOf(raw('{'))).toEqual([400, 'BAD_REQUEST']);
    expect(await codeOf(raw('{}'))).toEqual([400, 'BAD_REQUEST']);
    expect(await codeOf(raw('null'))).toEqual([400, 'BAD_REQUEST']);
    expect(await codeOf(raw('refill=1', 'text/csv'))).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(await codeOf(raw(JSON.stringify({ reason: 'x'.repeat(20_000) })))).toEqual([
      413,
      'BODY_TOO_LARGE',
    ]);
    const nowhere = await app.inject('/nowhere');
    expect([nowhere.statusCode, nowhere.json().error.code]).toEqual([404, 'NOT_FOUND']);
    expect(desk.acted).toEqual([]);
  });

  it('has that shape also where the address or the request cannot be read', async () => {
    for (const url of ['/admin/v1/events/%zz', `/admin/v1/events/${'x'.repeat(3_000)}`]) {
      const reply = await app.inject({ url, headers: operator });
      expect([reply.statusCode, reply.json().error.code]).toEqual([400, 'BAD_REQUEST']);
      expect(reply.headers['x-request-id']).toBe(reply.json().error.trace_id);
    }
    const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
    const ask = async (text: string): Promise<string> => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.end(text);
      let answered = '';
      for await (const chunk of socket) answered += String(chunk);
      return answered;
    };
    expect(await ask('hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 .*"code":"BAD_REQUEST"/s);
    const long = `GET / HTTP/1.1\r\nhost: x\r\ncookie: ${'x'.repeat(20_000)}\r\n\r\n`;
    expect(await ask(long)).toMatch(/^HTTP\/1.1 431 .*tacos-environment: test.*"code":"HEADERS_TOO_LARGE"/s);
  });

  it('is named, without being echoed', async () => {
    const action = { type: 'bucket.set', refillPerSec: '<script>' };
    const reply = await raw(JSON.stringify({ events: ['evt_x'], action, reason: 'short' }));
    expect(reply.json().error.message).toMatch(/action\.refillPerSec: .*reason: /);
    expect(reply.body).not.toContain('script');
    expect((await raw(JSON.stringify({ action: { type: 'queue.burn' } }))).statusCode).toBe(400);
  });

  it('keeps a bug to itself', async () => {
    desk.listEvents = async () => {
      throw new Error('secret detail');
    };
    const reply = await app.inject({ url: '/admin/v1/events', headers: operator });
    expect([reply.statusCode, reply.json().error.code]).toEqual([500, 'INTERNAL']);
    expect(reply.body).not.toContain('secret');
  });

  it('the ways of before are gone', async () => {
    const patch = { method: 'PATCH' as const, url: '/admin/v1/events/evt_x/bucket' };
    expect((await app.inject({ ...patch, headers: operator, payload: {} })).statusCode).toBe(404);
    expect((await post('/admin/v1/events', { event: 'evt_new' })).statusCode).toBe(404);
  });
});

it('takes the trace id of a traceparent as the request id', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const reply = await app.inject({
    url: '/nowhere',
    headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` },
  });
  expect(reply.json().error.trace_id).toBe(traceId);
});
