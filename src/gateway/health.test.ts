import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { goodToken } from '../../test/helpers/fake-line.ts';
import { startVisitorServer, type VisitorServer } from '../../test/helpers/visitor-server.ts';

let server: VisitorServer;

beforeAll(async () => {
  server = await startVisitorServer();
});
afterAll(() => server.close());
beforeEach(() => {
  server.line.ready = true;
});

const get = async (path: string) => {
  const reply = await fetch(server.url + path);
  const text = await reply.text();
  return { status: reply.status, headers: reply.headers, text };
};
const json = async (path: string) => JSON.parse((await get(path)).text) as Record<string, never>;

describe('what machines ask', () => {
  it('/healthz is alive whatever the line is', async () => {
    server.line.ready = false;
    expect(await json('/healthz')).toEqual({ status: 'ok' });
  });

  it('/readyz says ready, or 503 with what is missing', async () => {
    expect(await json('/readyz')).toEqual({
      status: 'ready',
      dependencies: { redis: { ok: true, detail: 'connected' }, workers: { ok: true, detail: '1 of 1' } },
    });
    server.line.ready = false;
    const reply = await get('/readyz');
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '1']);
    expect(reply.text).toContain('"redis":{"ok":false,"detail":"loading"}');
  });

  it('/version names the version', async () => {
    expect(await json('/version')).toMatchObject({
      name: 'tacos',
      environment: 'test',
      node: process.version,
    });
  });

  it('/metrics counts the thin path and Fastify in one', async () => {
    await get(`/api/v1/queue/status?token=${goodToken}`);
    await get(`/api/v1/queue/%73tatus?token=${goodToken}`);
    await get('/nothing/here');
    const { text, headers } = await get('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toContain(
      'http_server_requests_total{method="GET",route="/api/v1/queue/status",status="200"} 2',
    );
    expect(text).toContain('http_server_requests_total{method="GET",route="unknown",status="404"} 1');
    expect(text).not.toContain('nothing');
    expect(text).not.toContain(goodToken);
  });
});

describe('the OpenAPI page', () => {
  it('describes every route of the queue, answers included', async () => {
    const { paths, openapi } = (await json('/swagger/json')) as unknown as {
      openapi: string;
      paths: Record<string, Record<string, { responses: Record<string, unknown>; summary: string }>>;
    };
    expect(openapi).toBe('3.1.0');
    expect(Object.keys(paths).sort()).toEqual([
      '/.well-known/jwks.json',
      '/api/v1/queue/challenge',
      '/api/v1/queue/enter',
      '/api/v1/queue/join',
      '/api/v1/queue/leave',
      '/api/v1/queue/status',
      '/api/v1/queue/stream',
      '/healthz',
      '/metrics',
      '/readyz',
      '/version',
    ]);
    const { post } = paths['/api/v1/queue/join'] ?? {};
    expect(Object.keys(post?.responses ?? {})).toEqual([
      '202',
      '400',
      '401',
      '403',
      '404',
      '409',
      '413',
      '415',
      '429',
      '503',
    ]);
    for (const methods of Object.values(paths)) {
      for (const { summary } of Object.values(methods)) expect(summary).not.toBe('');
    }
  });

  it('is shown as a page', async () => {
    const { status, headers } = await get('/swagger');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect((await get('/swagger/static/swagger-ui.css')).status).toBe(200);
    expect((await get('/swagger/static/../../package.json')).status).toBe(404);
  });
});

it('while it stops, every answer asks the client to connect elsewhere', async () => {
  server.lifecycle.isDraining = true;
  for (const path of ['/healthz', `/api/v1/queue/status?token=${goodToken}`]) {
    const { status, headers } = await get(path);
    expect([status, headers.get('connection')]).toEqual([200, 'close']);
  }
  expect((await get('/readyz')).status).toBe(503);
  server.lifecycle.isDraining = false;
});
