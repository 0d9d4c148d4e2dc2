import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { goodToken, waitingStatus } from '../../test/helpers/fake-line.ts';
import {
  codeOf,
  requestText,
  startVisitorServer,
  type VisitorServer,
} from '../../test/helpers/visitor-server.ts';

let server: VisitorServer;
const path = `/api/v1/queue/stream?token=${goodToken}`;

beforeEach(async () => {
  server = await startVisitorServer({ streamsMax: 2, commentMs: 200 });
});
afterEach(() => server.close());

/** Opens a stream; `text` grows as it comes. */
async function open(target = server.url + path) {
  const abort = new AbortController();
  const reply = await fetch(target, { signal: abort.signal });
  const got = { reply, text: '', isOver: false, abort: () => abort.abort() };
  void (async () => {
    try {
      for await (const part of reply.body ?? []) got.text += Buffer.from(part).toString();
    } catch {
      // Aborted by the test.
    }
    got.isOver = true;
  })();
  return got;
}

it('sends the status at once, then every push, with ids', async () => {
  const stream = await open();
  expect(stream.reply.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(stream.reply.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
  server.line.push({ ...waitingStatus, position: 5, message: 'line 1\nline 2' });
  await vi.waitFor(() => expect(stream.text).toContain('id: 2'));
  expect(stream.text).toMatch(/^retry: \d{4}\n\nevent: status\nid: 1\ndata: \{/);
  const data = stream.text.split('\n').filter((line) => line.startsWith('data: '));
  expect(data.map((line) => JSON.parse(line.slice(6)) as unknown)).toEqual([
    waitingStatus,
    { ...waitingStatus, position: 5, message: 'line 1\nline 2' },
  ]);
});

it('sends comments while nothing happens', async () => {
  const stream = await open();
  await vi.waitFor(() => expect(stream.text).toContain('\n:\n\n'));
});

for (const status of ['entered', 'left', 'expired'] as const) {
  it(`ends when the place has ${status}`, async () => {
    const stream = await open();
    server.line.push({ ...waitingStatus, status });
    await vi.waitFor(() => expect(stream.isOver).toBe(true));
    expect(stream.text).toContain(`"status":"${status}"`);
    await vi.waitFor(() => expect(server.line.subscribers.size).toBe(0));
  });
}

it('ends at once for a place that has ended before, on both ways in', async () => {
  server.line.statusReply = { ...waitingStatus, status: 'expired' };
  const stream = await open();
  await vi.waitFor(() => expect(stream.isOver).toBe(true));
  const cold = await server.fastify.inject({ url: path });
  expect(cold.statusCode).toBe(200);
  expect(cold.headers['content-type']).toBe('text/event-stream; charset=utf-8');
  expect(cold.body).toContain('"status":"expired"');
  expect(server.streams.count).toBe(0);
});

it('lets go of the place when the visitor goes away', async () => {
  const stream = await open();
  expect(server.line.subscribers.size).toBe(1);
  stream.abort();
  await vi.waitFor(() => expect(server.line.subscribers.size).toBe(0));
  expect(server.streams.count).toBe(0);
});

it('hands over at once what is opened after all were handed over', async () => {
  server.streams.endAll();
  const late = await open();
  await vi.waitFor(() => expect(late.isOver).toBe(true));
  expect(late.text).toContain('"status":"waiting"');
  expect(server.line.handedOver).toBe(1);
  expect(server.streams.count).toBe(0);
});

it('refuses bad tokens like the status does', async () => {
  const unknown = await fetch(`${server.url}/api/v1/queue/stream?token=x`);
  expect([unknown.status, codeOf(await unknown.text())]).toEqual([404, 'TOKEN_NOT_FOUND']);
  expect((await fetch(`${server.url}/api/v1/queue/stream`)).status).toBe(400);
  expect(server.streams.count).toBe(0);
});

it('refuses more streams than the process may have, and takes new ones when some have gone', async () => {
  const streams = [await open(), await open()];
  const full = await fetch(server.url + path);
  expect([full.status, codeOf(await full.text())]).toEqual([503, 'STREAMS_FULL']);
  expect(Number(full.headers.get('retry-after'))).toBeGreaterThan(0);
  streams[0]?.abort();
  await vi.waitFor(() => expect(server.streams.count).toBe(1));
  expect((await open()).reply.status).toBe(200);
});

it('cuts a reader that leaves more than 64 KiB unread', async () => {
  const socket = connect(server.port, '127.0.0.1', () => socket.write(requestText('GET', path)));
  await vi.waitFor(() => expect(server.line.subscribers.size).toBe(1));
  socket.pause();
  const message = 'x'.repeat(60_000);
  for (let sent = 0; sent < 400 && server.streams.count > 0; sent += 1) {
    server.line.push({ ...waitingStatus, message });
    await sleep(1);
  }
  await vi.waitFor(() => expect(server.streams.count).toBe(0));
  expect(server.line.subscribers.size).toBe(0);
  socket.destroy();
});

it('counts streams by the status of their beginning', async () => {
  await open();
  const text = await (await fetch(`${server.url}/metrics`)).text();
  expect(text).toContain(
    'http_server_requests_total{method="GET",route="/api/v1/queue/stream",status="200"} 1',
  );
  expect(text).toContain('queue_operations_total{operation="stream",outcome="ok"} 1');
  expect(text).toContain('queue_streams 1');
});
