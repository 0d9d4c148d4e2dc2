import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goodToken } from '../../test/helpers/fake-line.ts';
import {
  codeOf,
  parseReply,
  requestText,
  sendRaw,
  startVisitorServer,
  type VisitorServer,
} from '../../test/helpers/visitor-server.ts';

let server: VisitorServer;

beforeAll(async () => {
  server = await startVisitorServer({ requestMs: 500 });
});
afterAll(() => server.close());

const join = '/api/v1/queue/join';
const status = `/api/v1/queue/status?token=${goodToken}`;
const chunked = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

async function expectError(text: string | Buffer, expected: number, code: string, quietMs?: number) {
  const reply = await sendRaw(server.port, text, quietMs);
  expect(reply.status, reply.body).toBe(expected);
  expect(codeOf(reply.body)).toBe(code);
  expect(reply.headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
  expect((JSON.parse(reply.body) as { error: { trace_id: string } }).error.trace_id).toBe(
    reply.headers['x-request-id'],
  );
  return reply;
}

describe('requests that are not HTTP as it should be', () => {
  it('refuses garbage', () => expectError('hello\r\n\r\n', 400, 'BAD_REQUEST'));
  it('refuses a NUL in the target', () =>
    expectError('GET /\0 HTTP/1.1\r\nhost: a\r\n\r\n', 400, 'BAD_REQUEST'));
  it('refuses a NUL in a header', () =>
    expectError(`GET ${status} HTTP/1.1\r\nhost: a\r\nx: a\0b\r\n\r\n`, 400, 'BAD_REQUEST'));
  it('refuses a missing Host', () => expectError(`GET ${status} HTTP/1.1\r\n\r\n`, 400, 'BAD_REQUEST'));
  it('refuses an absolute target', () =>
    expectError(requestText('GET', `http://evil.example${status}`), 400, 'BAD_REQUEST'));
  it('refuses two lengths', () =>
    expectError(
      requestText('POST', join, { headers: { ...chunked, 'content-length': '5' } }),
      400,
      'BAD_REQUEST',
    ));
  it('refuses a negative length', () =>
    expectError(requestText('POST', join, { headers: { 'content-length': '-1' } }), 400, 'BAD_REQUEST'));
  it('refuses headers over 16 KiB with 431', () =>
    expectError(
      requestText('GET', status, { headers: { x: 'y'.repeat(20_000) } }),
      431,
      'HEADERS_TOO_LARGE',
    ));
  it('refuses a bad escape in the path', () => expectError(requestText('GET', '/%zz'), 400, 'BAD_REQUEST'));
  it('refuses a NUL in an escaped path', () => expectError(requestText('GET', '/a%00b'), 404, 'NOT_FOUND'));
  it('does not echo an unknown address', async () => {
    const reply = await expectError(requestText('GET', '/api/v1/<script>?a=<b>'), 404, 'NOT_FOUND');
    expect(reply.body).not.toMatch(/[<>]/);
  });
  it('answers 404 for an unknown address before it looks at the body', () =>
    expectError(
      requestText('POST', '/api/v1/nothing', { headers: { 'content-type': 'text/plain' }, body: 'x' }),
      404,
      'NOT_FOUND',
    ));
  it('answers an unknown method of a known address with 405 and Allow', async () => {
    const reply = await expectError(requestText('PUT', join, { body: '{}' }), 405, 'METHOD_NOT_ALLOWED');
    expect(reply.headers.allow).toBe('OPTIONS, POST');
    await expectError(requestText('PROPFIND', join), 405, 'METHOD_NOT_ALLOWED');
    await expectError(requestText('HEAD', join).replace('HEAD', 'TRACE'), 405, 'METHOD_NOT_ALLOWED');
  });
  it('answers OPTIONS of an address and of the server', async () => {
    const one = await sendRaw(server.port, requestText('OPTIONS', status));
    expect([one.status, one.headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS']);
    const all = await sendRaw(server.port, requestText('OPTIONS', '*'));
    expect(all.status).toBe(204);
  });
  it('ignores an expectation that it does not know', async () => {
    expect(
      (await sendRaw(server.port, requestText('GET', status, { headers: { expect: 'more' } }))).status,
    ).toBe(200);
  });
  it('ignores an upgrade that it does not know', async () => {
    const headers = { connection: 'upgrade', upgrade: 'websocket' };
    expect((await sendRaw(server.port, requestText('GET', status, { headers }))).status).toBe(200);
  });
  it('takes only a valid traceparent', async () => {
    const id = '0af7651916cd43dd8448eb211c80319c';
    const idFor = async (traceparent: string) =>
      (await fetch(server.url + status, { headers: { traceparent } })).headers.get('x-request-id');
    expect(await idFor(`00-${id}-b7ad6b7169203331-00`)).toBe(id);
    for (const bad of [
      id,
      `ff-${id}-b7ad6b7169203331-00`,
      `00-${'0'.repeat(32)}-b7ad6b7169203331-00`,
      `00-${id}-${'0'.repeat(16)}-00`,
      `00-${id.toUpperCase()}-b7ad6b7169203331-00`,
      `00-${id}-b7ad6b7169203331-00-more`,
    ]) {
      expect(await idFor(bad)).not.toBe(id);
    }
  });
});

describe('bodies', () => {
  const tooLarge = 'x'.repeat(20_000);

  it('refuses by the length alone, without waiting for the body', () =>
    expectError(
      requestText('POST', join, {
        headers: { 'content-type': 'application/json', 'content-length': '99999' },
      }),
      413,
      'BODY_TOO_LARGE',
    ));

  it('refuses a chunked body once it is too large, and closes', async () => {
    const text = requestText('POST', join, { headers: chunked }) + chunk(tooLarge);
    const reply = await expectError(`${text}0\r\n\r\n`, 413, 'BODY_TOO_LARGE', 3_000);
    expect(reply.headers.connection).toBe('close');
  });

  it('gives the answer to a client that goes on sending a megabyte', async () => {
    const text = requestText('POST', join, { body: 'x'.repeat(1_000_000) });
    const reply = await expectError(text, 413, 'BODY_TOO_LARGE', 3_000);
    expect(reply.headers.connection).toBe('close');
  });

  it('cuts a client that never stops sending', async () => {
    const socket = connect(server.port, '127.0.0.1');
    let received = '';
    socket.on('data', (data) => {
      received += data.toString();
    });
    socket.on('error', () => {});
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.write(requestText('POST', join, { headers: chunked }));
    const timer = setInterval(() => socket.write(chunk('x'.repeat(10_000))), 5);
    await closed;
    clearInterval(timer);
    expect(parseReply(received).status).toBe(413);
  });

  it('takes a body in many small chunks', async () => {
    const text = requestText('POST', join, { headers: chunked });
    const body = [...'{"event_id":"evt_demo"}'].map(chunk).join('');
    expect((await sendRaw(server.port, `${text}${body}0\r\n\r\n`)).status).toBe(202);
  });

  it('takes exactly 16 KiB', async () => {
    const body = `{"event_id":"evt_demo"${' '.repeat(16_384 - 23)}}`;
    expect(body.length).toBe(16_384);
    expect((await sendRaw(server.port, requestText('POST', join, { body }))).status).toBe(202);
  });

  it('refuses bytes that are not UTF-8', () => {
    const head = requestText('POST', join, {
      headers: { 'content-type': 'application/json', 'content-length': '24' },
    });
    const body = Buffer.concat([Buffer.from('{"event_id":"e","user_'), Buffer.from([0xff, 0xfe])]);
    return expectError(Buffer.concat([Buffer.from(head), body]), 400, 'BAD_REQUEST');
  });

  it('asks an expectant client to go on, then answers', async () => {
    const headers = { expect: '100-continue' };
    const reply = await sendRaw(
      server.port,
      requestText('POST', join, { headers, body: '{"event_id":"e"}' }),
    );
    expect(reply.status).toBe(100);
    expect(reply.body).toContain('HTTP/1.1 202');
  });
});

describe('slow clients', () => {
  it('are answered 408 and cut while they send the head', async () => {
    const reply = await sendRaw(server.port, 'GET / HTTP/1.1\r\nhost: a\r\n', 3_000);
    expect(reply.status).toBe(408);
  });

  it('are answered 408 and cut while they send the body', async () => {
    const text = requestText('POST', join, { headers: chunked }) + chunk('{');
    const reply = await sendRaw(server.port, text, 3_000);
    expect(reply.status).toBe(408);
    expect(reply.headers.connection).toBe('close');
  });
});

it('still serves after all that, and never logged a token', async () => {
  expect((await fetch(server.url + status)).status).toBe(200);
  expect(server.logged.join()).not.toContain(goodToken);
});
