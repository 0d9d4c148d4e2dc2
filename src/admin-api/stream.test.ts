import { connect } from 'node:net';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AdminApp } from './app.ts';
import { clockSkewSec } from './sign-in/oidc-scheme.ts';
import type { SignInScheme } from './sign-in/sign-in.ts';
import { asRole, testApp } from './testing/app.ts';
import type { FakeDesk } from './testing/fake-desk.ts';
import { overviewOf, snapshotOf } from './testing/views.ts';

/** `until-MS` is the token of mina, an operator, and ends at that time. */
const scheme: SignInScheme = async (token) => {
  const expiresAtMs = Number(/^until-(\d+)$/.exec(token)?.[1]);
  if (Number.isNaN(expiresAtMs)) return undefined;
  return { ok: true, caller: { name: 'mina', role: 'operator', issuer: 'https://id.example', expiresAtMs } };
};
const stuckMs = 200;
const streamLimits = { heartbeatMs: 50, stuckMs, max: 3 };

let app: AdminApp;
let desk: FakeDesk;
let origin: string;
beforeEach(async () => {
  ({ app, desk } = await testApp({ scheme, streamLimits }));
  origin = await app.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(() => app.close());

const eventPath = '/admin/v1/events/evt_x/stream';

/** Reads the stream into a list until aborted or ended. */
async function open(headers: Record<string, string> = {}, path = eventPath) {
  const abort = new AbortController();
  const messages: EventSourceMessage[] = [];
  const reply = await fetch(origin + path, {
    headers: { ...asRole('viewer'), ...headers },
    signal: abort.signal,
  });
  const parser = createParser({ onEvent: (message) => messages.push(message) });
  const decoder = new TextDecoder();
  const ended = (async () => {
    for await (const chunk of reply.body ?? []) parser.feed(decoder.decode(chunk, { stream: true }));
  })().catch(() => {});
  const named = (name: string) => messages.filter(({ event }) => event === name);
  return { reply, messages, named, ended, abort };
}

describe('the stream', () => {
  it('starts with a full snapshot, then sends what differs with its number as id', async () => {
    const stream = await open();
    expect(stream.reply.headers.get('content-type')).toContain('text/event-stream');
    expect(stream.reply.headers.get('tacos-environment')).toBe('test');
    await vi.waitFor(() => expect(stream.named('snapshot')).toHaveLength(1));
    expect(JSON.parse(stream.named('snapshot')[0]?.data ?? '')).toEqual(snapshotOf());
    desk.publish(snapshotOf({ seq: 8, waiting: 5 }));
    await vi.waitFor(() => expect(stream.named('snapshot').map(({ id }) => id)).toEqual(['7', '8']));
    stream.abort.abort();
    await vi.waitFor(() => expect([desk.listenerCount, desk.watchers.size]).toEqual([0, 0]));
  });

  it('resumes after Last-Event-ID with a full snapshot first, whatever the id was', async () => {
    for (const id of ['7', '3', '999', 'x\u00ff']) {
      const stream = await open({ 'last-event-id': id });
      await vi.waitFor(() => expect(stream.messages[0]).toMatchObject({ event: 'snapshot', id: '7' }));
      stream.abort.abort();
      await vi.waitFor(() => expect(desk.listenerCount).toBe(0));
    }
  });

  it('beats in between with the age of the data', async () => {
    const stream = await open();
    await vi.waitFor(() => expect(stream.named('heartbeat').length).toBeGreaterThan(1));
    expect(JSON.parse(stream.named('heartbeat')[0]?.data ?? '')).toEqual({ ageSec: 0.04, seq: 7 });
    expect(stream.named('snapshot')).toHaveLength(1);
    stream.abort.abort();
  });

  it('ends when the event goes, and when the server stops', async () => {
    const gone = await open();
    desk.current = undefined;
    await gone.ended;
    desk.current = snapshotOf();
    const stopped = await open();
    await app.close();
    await stopped.ended;
    expect(desk.listenerCount).toBe(0);
  });

  it('refuses an unknown event in the common shape', async () => {
    const reply = await fetch(`${origin}/admin/v1/events/evt_none/stream`, { headers: asRole('viewer') });
    expect(reply.status).toBe(404);
    expect(await reply.json()).toMatchObject({ error: { code: 'EVENT_NOT_FOUND' } });
  });
});

describe('the stream of all queues', () => {
  it('starts with the overview, then sends what differs, and beats', async () => {
    const stream = await open({}, '/admin/v1/stream');
    await vi.waitFor(() => expect(stream.named('overview')).toHaveLength(1));
    desk.publishOverview(overviewOf({ seq: 4 }));
    await vi.waitFor(() => expect(stream.named('overview').map(({ id }) => id)).toEqual(['3', '4']));
    await vi.waitFor(() => expect(stream.named('heartbeat').length).toBeGreaterThan(0));
    stream.abort.abort();
    await vi.waitFor(() => expect(desk.listenerCount).toBe(0));
  });

  it('goes on beating with a rising age while the overview cannot be had', async () => {
    const stream = await open({}, '/admin/v1/stream');
    desk.overview = async () => {
      throw new Error('Redis is away');
    };
    const agesOf = () => stream.named('heartbeat').map(({ data }) => JSON.parse(data).ageSec as number);
    await vi.waitFor(() => expect(Math.max(0, ...agesOf())).toBeGreaterThan(0.2));
    expect(agesOf()).toEqual(agesOf().toSorted((a, b) => a - b));
    stream.abort.abort();
  });
});

describe('who watches', () => {
  it('is told to the desk, and for how long', async () => {
    const writer = await open(
      { authorization: `Bearer until-${Date.now() + 60_000}` },
      `${eventPath}?write=1`,
    );
    const reader = await open({}, `${eventPath}?write=1`);
    const all = await open(asRole('admin'), '/admin/v1/stream');
    await vi.waitFor(() => expect(desk.watchers.size).toBe(3));
    expect([...desk.watchers]).toEqual([
      { event: 'evt_x', name: 'mina', role: 'operator', write: true },
      // A viewer cannot change anything, whatever the screen asks for.
      { event: 'evt_x', name: 'viewer-1', role: 'viewer', write: false },
      { event: null, name: 'admin-1', role: 'admin', write: false },
    ]);
    for (const { abort } of [writer, reader, all]) abort.abort();
    await vi.waitFor(() => expect(desk.watchers.size).toBe(0));
    const odd = await fetch(`${origin}${eventPath}?write=maybe`, { headers: asRole('admin') });
    expect(odd.status).toBe(400);
  });
});

describe('bounds', () => {
  it('a stream ends with its token, and says so', async () => {
    const leftMs = 150;
    const until = Date.now() + leftMs - clockSkewSec * 1_000;
    const stream = await open({ authorization: `Bearer until-${until}` });
    await stream.ended;
    expect(stream.messages[0]?.event).toBe('snapshot');
    expect(stream.messages.at(-1)?.event).toBe('auth');
    expect(JSON.parse(stream.messages.at(-1)?.data ?? '')).toMatchObject({ code: 'UNAUTHENTICATED' });
    await vi.waitFor(() => expect(desk.watchers.size).toBe(0));
  });

  it('one stream more than there may be is refused, and taken once another has gone', async () => {
    const streams = [await open(), await open(), await open()];
    const refused = await fetch(origin + eventPath, { headers: asRole('viewer') });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('5');
    expect(await refused.json()).toMatchObject({ error: { code: 'STREAMS_FULL' } });
    expect(desk.watchers.size).toBe(3);
    streams[0]?.abort.abort();
    await vi.waitFor(() => expect(desk.watchers.size).toBe(2));
    const taken = await open();
    expect(taken.reply.status).toBe(200);
    for (const { abort } of [...streams, taken]) abort.abort();
  });

  it('a reader that takes nothing is cut, while the memory for it stays bounded', async () => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    socket.on('error', () => {});
    const request = [
      `GET ${eventPath} HTTP/1.1`,
      'host: x',
      `authorization: ${asRole('viewer').authorization}`,
    ];
    socket.write(`${request.join('\r\n')}\r\n\r\n`);
    await vi.waitFor(() => expect(desk.watchers.size).toBe(1));
    socket.pause();
    const name = 'x'.repeat(100_000);
    for (let seq = 8; seq < 300; seq += 1) {
      desk.publish(snapshotOf({ seq, name }));
      await new Promise(setImmediate);
    }
    await vi.waitFor(() => expect(desk.watchers.size).toBe(0), { timeout: 3_000 });
    socket.destroy();
  });
});
