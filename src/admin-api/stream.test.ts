import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AdminApp } from './app.ts';
import { asRole, testApp } from './testing/app.ts';
import { type FakeDesk, snapshotOf } from './testing/fake-desk.ts';

let app: AdminApp;
let desk: FakeDesk;
let origin: string;
beforeEach(async () => {
  ({ app, desk } = await testApp(50));
  origin = await app.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(() => app.close());

/** Reads the stream into a list until aborted or ended. */
async function open(headers: Record<string, string> = {}) {
  const abort = new AbortController();
  const messages: EventSourceMessage[] = [];
  const url = `${origin}/admin/v1/events/evt_x/stream`;
  const reply = await fetch(url, { headers: { ...asRole('viewer'), ...headers }, signal: abort.signal });
  const parser = createParser({ onEvent: (message) => messages.push(message) });
  const decoder = new TextDecoder();
  const ended = (async () => {
    for await (const chunk of reply.body ?? []) parser.feed(decoder.decode(chunk, { stream: true }));
  })().catch(() => {});
  const snapshots = () => messages.filter(({ event }) => event === 'snapshot');
  return { reply, messages, snapshots, ended, abort };
}

describe('the stream', () => {
  it('starts with a full snapshot, then sends what differs with its number as id', async () => {
    const stream = await open();
    expect(stream.reply.headers.get('content-type')).toContain('text/event-stream');
    expect(stream.reply.headers.get('tacos-environment')).toBe('test');
    await vi.waitFor(() => expect(stream.snapshots()).toHaveLength(1));
    expect(JSON.parse(stream.snapshots()[0]?.data ?? '')).toEqual(snapshotOf());
    desk.publish(snapshotOf({ seq: 8, waiting: 5 }));
    await vi.waitFor(() => expect(stream.snapshots().map(({ id }) => id)).toEqual(['7', '8']));
    stream.abort.abort();
    await vi.waitFor(() => expect(desk.listenerCount).toBe(0));
  });

  it('resumes after Last-Event-ID with a full snapshot first, whatever the id was', async () => {
    for (const id of ['7', '3', '999']) {
      const stream = await open({ 'last-event-id': id });
      await vi.waitFor(() => expect(stream.messages[0]).toMatchObject({ event: 'snapshot', id: '7' }));
      stream.abort.abort();
    }
  });

  it('beats in between with the age of the data', async () => {
    const stream = await open();
    await vi.waitFor(() =>
      expect(stream.messages.filter(({ event }) => event === 'heartbeat').length).toBeGreaterThan(1),
    );
    const beat = stream.messages.find(({ event }) => event === 'heartbeat');
    expect(JSON.parse(beat?.data ?? '')).toEqual({ ageSec: 0.04, seq: 7 });
    expect(stream.snapshots()).toHaveLength(1);
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
