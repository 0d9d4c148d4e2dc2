import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AdminApp } from './app.ts';
import { asRole, testApp } from './testing/app.ts';
import { type FakeDesk, snapshotOf } from './testing/fake-desk.ts';

let app: AdminApp;
let desk: FakeDesk;
beforeEach(async () => {
  ({ app, desk } = await testApp());
});
afterEach(() => app.close());

const operator = asRole('operator');
const bucketUrl = '/admin/v1/events/evt_x/bucket';
const change = (payload: object, headers: Record<string, string> = {}) =>
  app.inject({ method: 'PATCH', url: bucketUrl, headers: { ...operator, ...headers }, payload });

describe('health', () => {
  it('is ready while the desk is, and says so as a status', async () => {
    expect((await app.inject('/healthz')).json()).toEqual({ status: 'ok' });
    expect((await app.inject('/readyz')).statusCode).toBe(200);
    desk.ready = false;
    const reply = await app.inject('/readyz');
    expect(reply.statusCode).toBe(503);
    expect(reply.json()).toEqual({ ready: false, dependencies: { redis: { ok: false } } });
  });

  it('names version and environment', async () => {
    const reply = await app.inject('/version');
    expect(reply.json()).toEqual({ version: '1.2.3', environment: 'test' });
    expect(reply.headers['tacos-environment']).toBe('test');
  });

  it('describes every route in OpenAPI 3.1', async () => {
    const { openapi, paths } = (await app.inject('/openapi.json')).json();
    expect(openapi).toBe('3.1.0');
    const described = app.routeTable.filter(({ url }) => url !== '/openapi.json');
    for (const { method, url } of described) {
      expect(paths[url.replace(':id', '{id}')]?.[method.toLowerCase()], `${method} ${url}`).toBeDefined();
    }
  });
});

describe('events', () => {
  it('are listed and read', async () => {
    const list = await app.inject({ url: '/admin/v1/events', headers: operator });
    expect(list.json()).toMatchObject({
      apiVersion: 'tacos/v1',
      kind: 'EventList',
      items: [{ event: 'evt_x' }],
    });
    const one = await app.inject({ url: '/admin/v1/events/evt_x', headers: operator });
    expect(one.json()).toMatchObject({ kind: 'Event', item: { event: 'evt_x' } });
    const none = await app.inject({ url: '/admin/v1/events/evt_none', headers: operator });
    expect([none.statusCode, none.json().error.code]).toEqual([404, 'EVENT_NOT_FOUND']);
  });

  it('are created in the name of the caller', async () => {
    const headers = { ...operator, 'user-agent': 'tacos/1.0 host\u001b[31m' };
    const create = (payload: object) =>
      app.inject({ method: 'POST', url: '/admin/v1/events', headers, payload });
    const reply = await create({ event: 'evt_new', name: 'New', refillPerSec: 20 });
    expect(reply.statusCode).toBe(201);
    expect(desk.created[0]?.input).toMatchObject({ event: 'evt_new', refillPerSec: 20, test: false });
    expect(desk.created[0]?.author).toMatchObject({ name: 'operator-1', role: 'operator' });
    expect((await create({ event: 'evt_x' })).json().error.code).toBe('EVENT_EXISTS');
    expect((await create({ event: '../etc' })).statusCode).toBe(400);
    const order = await create({
      event: 'evt_b',
      opensAt: '2030-01-01T00:00:00Z',
      prequeueFrom: '2030-01-01T01:00:00+01:00',
    });
    expect(order.json().error.message).toBe('prequeueFrom must be before opensAt.');
  });
});

describe('a snapshot', () => {
  it('is loaded where it is not in memory yet', async () => {
    desk.current = undefined;
    const reply = await app.inject({ url: '/admin/v1/events/evt_x/snapshot', headers: asRole('viewer') });
    expect(reply.json()).toEqual(snapshotOf());
  });
});

describe('the bucket', () => {
  it('is read with its revision as ETag and with warnings', async () => {
    desk.current = snapshotOf({ bucket: { ...snapshotOf().bucket, capacity: { now: 100, target: 100 } } });
    const reply = await app.inject({ url: bucketUrl, headers: asRole('viewer') });
    expect(reply.headers.etag).toBe('"18"');
    expect(reply.json()).toMatchObject({ kind: 'Bucket', item: { event: 'evt_x', tokens: 212 } });
    expect(reply.json().warnings).toEqual([
      'capacity 100 holds 2.0 s of refill, less than 4 s: the refill may not be reached; set capacity to 200 or more',
    ]);
  });

  it('is changed with revision, key and author', async () => {
    const reply = await change(
      { refillPerSec: 80, reason: 'D1 faster' },
      { 'if-match': '"18"', 'idempotency-key': 'key-1' },
    );
    expect(reply.statusCode).toBe(200);
    expect(reply.headers.etag).toBe('"19"');
    expect(reply.json()).toMatchObject({ kind: 'Change', applied: true, revision: 19, auditId: 'aud_7R0D' });
    expect(desk.changes[0]).toMatchObject({
      change: { refillPerSec: 80, dryRun: false },
      options: { ifRevision: 18, changeId: 'key-1', author: { name: 'operator-1' } },
    });
  });

  it('makes up a change id where none is given, and refuses an odd one', async () => {
    await change({ refillPerSec: 80 });
    expect(desk.changes[0]?.options.changeId).toMatch(/^[\da-f-]{36}$/);
    expect((await change({ refillPerSec: 80 }, { 'idempotency-key': 'a b' })).statusCode).toBe(400);
    expect((await change({ refillPerSec: 80 }, { 'if-match': '*' })).statusCode).toBe(400);
  });

  it('only plans in a dry run, and warns with the value to set', async () => {
    const reply = await change({ refillPerSec: 200, dryRun: true });
    expect(reply.json()).toMatchObject({ applied: false, revision: 18 });
    expect(reply.json().warnings).toEqual([
      'capacity 500 holds 2.5 s of refill, less than 4 s: the refill may not be reached; set capacity to 800 or more',
      'window 500 holds 2.5 s of refill, less than 4 s: the refill may not be reached; set window to 800 or more',
    ]);
  });

  it('answers a conflict in the common error shape', async () => {
    const reply = await change({ refillPerSec: 80 }, { 'if-match': '17' });
    expect(reply.statusCode).toBe(412);
    expect(reply.json()).toEqual({
      error: {
        code: 'VERSION_CONFLICT',
        message: 'The settings are at revision 18 now.',
        trace_id: reply.headers['x-request-id'],
      },
    });
  });
});

describe('bad input', () => {
  const raw = (payload: string, type = 'application/json') =>
    app.inject({ method: 'PATCH', url: bucketUrl, headers: { ...operator, 'content-type': type }, payload });
  const codeOf = async (reply: ReturnType<typeof raw>) => {
    const { statusCode, json } = await reply;
    return [statusCode, json().error.code];
  };

  it('has one shape for every way to be wrong', async () => {
    expect(await codeOf(raw('{'))).toEqual([400, 'BAD_REQUEST']);
    expect(await codeOf(raw('{}'))).toEqual([400, 'BAD_REQUEST']);
    expect(await codeOf(raw('refill=1', 'text/csv'))).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    expect(await codeOf(raw(JSON.stringify({ reason: 'x'.repeat(20_000) })))).toEqual([
      413,
      'BODY_TOO_LARGE',
    ]);
    const nowhere = await app.inject('/nowhere');
    expect([nowhere.statusCode, nowhere.json().error.code]).toEqual([404, 'NOT_FOUND']);
  });

  it('is named, without being echoed', async () => {
    const reply = await raw(JSON.stringify({ refillPerSec: '<script>', reason: 'short' }));
    expect(reply.json().error.message).toMatch(/refillPerSec: .*reason: /);
    expect(reply.body).not.toContain('script');
  });

  it('keeps a bug to itself', async () => {
    desk.listEvents = async () => {
      throw new Error('secret detail');
    };
    const reply = await app.inject({ url: '/admin/v1/events', headers: operator });
    expect([reply.statusCode, reply.json().error.code]).toEqual([500, 'INTERNAL']);
    expect(reply.body).not.toContain('secret');
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
