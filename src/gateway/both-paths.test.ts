import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { goodToken, waitingStatus } from '../../test/helpers/fake-line.ts';
import {
  requestText,
  sendRaw,
  startVisitorServer,
  type VisitorServer,
} from '../../test/helpers/visitor-server.ts';
import { refuse, TacosError } from '../contract/errors.ts';

let server: VisitorServer;

beforeAll(async () => {
  server = await startVisitorServer({ config: { corsAllowOrigins: ['https://shop.example'] } });
});
afterAll(() => server.close());
beforeEach(() => {
  server.line.statusReply = waitingStatus;
});

interface Case {
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'DELETE' | 'PUT' | 'OPTIONS' | 'HEAD';
  readonly target: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly status: number;
  readonly code?: string;
}

const devSignIn = {
  authorization: 'Bearer dev-super-key-local-testing',
  'x-dev-mode': 'true',
  'x-user-id': 'ann',
};
const join = '/api/v1/queue/join';
const enter = '/api/v1/queue/enter';
const status = '/api/v1/queue/status';
const leave = '/api/v1/queue/leave';
const joinBody = '{"event_id":"evt_demo"}';
const enterBody = `{"waiting_token":"${goodToken}"}`;

const post = (
  name: string,
  target: string,
  body: string,
  expected: [number, string?],
  headers = {},
): Case => ({
  name,
  method: 'POST',
  target,
  body,
  headers,
  status: expected[0],
  ...(expected[1] === undefined ? {} : { code: expected[1] }),
});
const get = (name: string, target: string, expected: [number, string?]): Case => ({
  ...post(name, target, '', expected),
  method: 'GET',
});

const cases: readonly Case[] = [
  get('a status', `${status}?token=${goodToken}`, [200]),
  get('a status with other parameters', `${status}?x=1&token=${goodToken}&y`, [200]),
  get('a percent-encoded token', `${status}?token=${goodToken.replace('t', '%74')}`, [200]),
  get('a foreign token', `${status}?token=t1.x.y.z`, [404, 'TOKEN_NOT_FOUND']),
  get('a token of 513 characters', `${status}?token=${'a'.repeat(513)}`, [404, 'TOKEN_NOT_FOUND']),
  get('a token of 10,000 characters', `${status}?token=${'a'.repeat(10_000)}`, [404, 'TOKEN_NOT_FOUND']),
  get('no token', status, [400, 'BAD_REQUEST']),
  get('an empty token', `${status}?token=`, [400, 'BAD_REQUEST']),
  get('two tokens', `${status}?token=a&token=b`, [400, 'BAD_REQUEST']),
  get('two tokens, one escaped', `${status}?token=a&%74oken=b`, [400, 'BAD_REQUEST']),
  get('a broken escape', `${status}?token=%zz`, [400, 'BAD_REQUEST']),
  get('a lone surrogate', `${status}?token=%ed%a0%80`, [400, 'BAD_REQUEST']),
  get('an escaped NUL', `${status}?token=%00`, [404, 'TOKEN_NOT_FOUND']),
  get('a prototype key in the query', `${status}?__proto__=1&constructor=2`, [400, 'BAD_REQUEST']),
  get('markup in the token', `${status}?token=%3Cscript%3E`, [404, 'TOKEN_NOT_FOUND']),
  post('a join', join, joinBody, [202]),
  post('a join signed in', join, joinBody, [202], devSignIn),
  post('a join with a key', join, joinBody, [202], { 'idempotency-key': 'order 1' }),
  post('JSON with a charset', join, joinBody, [202], { 'content-type': 'application/json; charset=utf-8' }),
  post('a join with a bad bearer', join, joinBody, [401, 'UNAUTHENTICATED'], { authorization: 'Bearer x' }),
  post('basic credentials', join, joinBody, [401, 'UNAUTHENTICATED'], { authorization: 'Basic eDp5' }),
  post('a dev token without its header', join, joinBody, [401, 'UNAUTHENTICATED'], {
    authorization: devSignIn.authorization,
  }),
  post('a bad user id header', join, joinBody, [400, 'BAD_REQUEST'], { ...devSignIn, 'x-user-id': 'é' }),
  post('a join with a proof', join, '{"event_id":"e","proof":{"seed":"1.8.a","nonce":"z9"}}', [202]),
  post('a proof without a nonce', join, '{"event_id":"e","proof":{"seed":"a"}}', [400, 'BAD_REQUEST']),
  post('a nonce of 65', join, `{"event_id":"e","proof":{"seed":"a","nonce":"${'n'.repeat(65)}"}}`, [
    400,
    'BAD_REQUEST',
  ]),
  get('a challenge', '/api/v1/queue/challenge?event_id=evt_demo', [200]),
  get('a challenge of no event', '/api/v1/queue/challenge?event_id=evt_none', [404, 'EVENT_NOT_FOUND']),
  get('a challenge of nothing', '/api/v1/queue/challenge', [400, 'BAD_REQUEST']),
  get('a challenge of a bad event id', '/api/v1/queue/challenge?event_id=%2e%2e', [400, 'BAD_REQUEST']),
  post('a bad event id', join, '{"event_id":"../etc"}', [400, 'BAD_REQUEST']),
  post('an event id of 65', join, `{"event_id":"${'a'.repeat(65)}"}`, [400, 'BAD_REQUEST']),
  post('an event id that is a number', join, '{"event_id":1}', [400, 'BAD_REQUEST']),
  post('an event id with NUL', join, '{"event_id":"a\\u0000"}', [400, 'BAD_REQUEST']),
  post('a user id of 129', join, `{"event_id":"e","user_id":"${'u'.repeat(129)}"}`, [400, 'BAD_REQUEST']),
  post('no object', join, '[]', [400, 'BAD_REQUEST']),
  post('null', join, 'null', [400, 'BAD_REQUEST']),
  post('deep nesting', join, '['.repeat(16_000), [400, 'BAD_REQUEST']),
  post('no JSON', join, '{event_id', [400, 'BAD_REQUEST']),
  post('an empty body', join, '', [400, 'BAD_REQUEST']),
  post('a prototype key', join, '{"event_id":"e","__proto__":{"x":1}}', [400, 'BAD_REQUEST']),
  post('an escaped prototype key', join, '{"event_id":"e","\\u005f_proto__":{}}', [400, 'BAD_REQUEST']),
  post('a constructor key', join, '{"event_id":"e","constructor":{}}', [400, 'BAD_REQUEST']),
  post('text', join, joinBody, [415, 'UNSUPPORTED_MEDIA_TYPE'], { 'content-type': 'text/plain' }),
  post('a form', join, 'event_id=e', [415, 'UNSUPPORTED_MEDIA_TYPE'], {
    'content-type': 'application/x-www-form-urlencoded',
  }),
  post('another charset', join, joinBody, [415, 'UNSUPPORTED_MEDIA_TYPE'], {
    'content-type': 'application/json; charset=utf-16',
  }),
  post('a compressed body', join, joinBody, [415, 'UNSUPPORTED_MEDIA_TYPE'], { 'content-encoding': 'gzip' }),
  post('a key of 129', join, joinBody, [400, 'BAD_REQUEST'], { 'idempotency-key': 'k'.repeat(129) }),
  post('an empty key', join, joinBody, [400, 'BAD_REQUEST'], { 'idempotency-key': '' }),
  post('a key that is not printable', join, joinBody, [400, 'BAD_REQUEST'], { 'idempotency-key': 'é' }),
  post('a body of 16 KiB and a byte', join, 'x'.repeat(16_385), [413, 'BODY_TOO_LARGE']),
  post('an enter signed in', enter, enterBody, [200], devSignIn),
  post('an enter by nobody', enter, enterBody, [401, 'UNAUTHENTICATED']),
  post('an enter without a token', enter, '{}', [400, 'BAD_REQUEST'], devSignIn),
  post(
    'an enter with a long token',
    enter,
    `{"waiting_token":"${'a'.repeat(513)}"}`,
    [404, 'TOKEN_NOT_FOUND'],
    devSignIn,
  ),
  { ...get('a leave', `${leave}?token=${goodToken}`, [200]), method: 'DELETE' },
  { ...get('a leave of nothing', leave, [400, 'BAD_REQUEST']), method: 'DELETE' },
];

/** What must be alike: all but the headers of the connection and the order. */
function comparable(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const connection = new Set(['date', 'connection', 'keep-alive', 'transfer-encoding']);
  const kept = Object.entries(headers).filter(([name]) => !connection.has(name));
  return Object.fromEntries(kept.map(([name, value]) => [name, String(value)]));
}

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the thin path and Fastify answer alike', () => {
  for (const each of cases) {
    it(`${each.name}: ${each.status}`, async () => {
      const headers = { traceparent, origin: 'https://shop.example', ...each.headers };
      const hasBody = each.method === 'POST';
      const body = each.body ?? '';
      const hot = await sendRaw(
        server.port,
        Buffer.from(
          requestText(each.method, each.target, { headers, ...(hasBody ? { body } : {}) }),
          'latin1',
        ),
      );
      const cold = await server.fastify.inject({
        method: each.method,
        url: each.target,
        headers: { 'content-type': 'application/json', ...headers, host: 'localhost' },
        ...(hasBody ? { payload: body } : {}),
      });
      expect(hot.status, hot.body).toBe(each.status);
      expect(cold.statusCode, cold.body).toBe(each.status);
      expect(JSON.parse(hot.body)).toEqual(JSON.parse(cold.body));
      expect(comparable(hot.headers)).toEqual(comparable(cold.headers));
      expect(hot.headers['x-request-id']).toBe('0af7651916cd43dd8448eb211c80319c');
      expect(hot.body).not.toContain('<script');
      if (each.code !== undefined) {
        expect(JSON.parse(hot.body)).toMatchObject({
          error: { code: each.code, trace_id: '0af7651916cd43dd8448eb211c80319c' },
        });
      }
    });
  }

  it('a refusal that must be waited for has Retry-After, whatever the line said', async () => {
    for (const [refusal, seconds] of [
      [refuse('UNAVAILABLE'), '2'],
      [refuse('QUEUE_FULL', { retryAfterSec: 7.2 }), '8'],
      [
        refuse('NOT_READY', {
          retryAfterSec: 3,
          body: { admission: 'denied', reason: 'window', retry_after_sec: 3 },
        }),
        '3',
      ],
    ] as const) {
      server.line.onStatus = () => refusal;
      const url = `${status}?token=${goodToken}`;
      const hot = await fetch(server.url + url);
      const cold = await server.fastify.inject({ url });
      expect(hot.headers.get('retry-after')).toBe(seconds);
      expect(cold.headers['retry-after']).toBe(seconds);
      expect(await hot.json()).toMatchObject({ ...refusal.body, error: { code: refusal.code } });
    }
    server.line.onStatus = () => ({ ok: true, reply: server.line.statusReply });
  });

  it('a bug is a plain 500 and a log line, an expected error is its refusal', async () => {
    server.logged.length = 0;
    server.line.onStatus = () => {
      throw new Error('secret detail');
    };
    const url = `${status}?token=${goodToken}`;
    const hot = await fetch(server.url + url);
    const cold = await server.fastify.inject({ url });
    expect([hot.status, cold.statusCode]).toEqual([500, 500]);
    expect(await hot.text()).not.toContain('secret detail');
    expect(cold.body).not.toContain('secret detail');
    expect(server.logged.length).toBe(2);
    expect(server.logged.join()).not.toContain(goodToken);
    server.line.onStatus = () => Promise.reject(new TacosError('OVERLOADED'));
    expect((await fetch(server.url + url)).status).toBe(503);
    expect((await server.fastify.inject({ url })).statusCode).toBe(503);
    server.line.onStatus = () => ({ ok: true, reply: server.line.statusReply });
  });

  it('the line hears the same of a join on both', async () => {
    server.line.joins.length = 0;
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'a b', ...devSignIn };
    const body = '{"event_id":"evt_demo","user_id":"claimed","more":1}';
    await fetch(server.url + join, { method: 'POST', headers, body });
    await server.fastify.inject({ method: 'POST', url: join, headers, payload: body });
    const [hot, cold] = server.line.joins;
    expect(hot).toEqual({
      eventId: 'evt_demo',
      userId: 'claimed',
      idempotencyKey: 'a b',
      caller: { subject: 'dev:ann', authenticated: true },
    });
    expect(cold).toEqual(hot);
  });

  it('an escaped path reaches the same answer', async () => {
    const reply = await fetch(`${server.url}/api/v1/queue/%73tatus?token=${goodToken}`);
    expect(await reply.json()).toEqual(waitingStatus);
  });

  it('HEAD has the headers of GET and no body', async () => {
    const reply = await fetch(`${server.url}${status}?token=${goodToken}`, { method: 'HEAD' });
    expect(reply.status).toBe(200);
    expect(Number(reply.headers.get('content-length'))).toBeGreaterThan(100);
    expect(await reply.text()).toBe('');
  });
});
