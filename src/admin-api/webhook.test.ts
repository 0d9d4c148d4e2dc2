import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DeskNews } from './desk.ts';
import { auditOf } from './testing/views.ts';
import { messageOf, Webhook, type WebhookOptions } from './webhook.ts';

interface Received {
  readonly body: { readonly entry: { readonly auditId: string } } & Record<string, unknown>;
  readonly key: string | undefined;
}

let server: Server;
let url: string;
/** What was sent, taken or not. */
let received: Received[];
/** Status of each answer to come; then 204. */
let answers: number[];
let open: number;
let openMost: number;
let warnings: object[];
let delayMs: number;
const log = { warn: (detail: object) => void warnings.push(detail) };

beforeEach(async () => {
  [received, answers, warnings, open, openMost, delayMs] = [[], [], [], 0, 0, 0];
  server = createServer((request, response) => {
    open += 1;
    openMost = Math.max(openMost, open);
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const key = request.headers['idempotency-key'];
      received.push({ body: JSON.parse(text), key: typeof key === 'string' ? key : undefined });
      setTimeout(() => {
        open -= 1;
        response.writeHead(answers.shift() ?? 204).end();
      }, delayMs);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?secret=hunter2`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const webhookOf = (options: Partial<WebhookOptions> = {}) =>
  new Webhook({ url, environment: 'staging', log, pauseMs: { first: 10, longest: 40 }, ...options });
const news = (auditId: string): DeskNews => ({ kind: 'audit', entry: auditOf({ auditId }) });
const idsOf = (list: readonly Received[]) => list.map(({ body }) => body.entry.auditId);

describe('the webhook', () => {
  it('is tested with a message of its own, past those that wait', async () => {
    const webhook = webhookOf();
    expect(await webhook.test()).toBe(true);
    expect(received[0]?.body).toMatchObject({ kind: 'test', environment: 'staging' });
    answers = [500];
    expect(await webhook.test()).toBe(false);
    server.close();
    server.closeAllConnections();
    expect(await webhook.test()).toBe(false);
    await webhook.close();
  });

  it('posts in order, one at a time, and again what was not taken', async () => {
    delayMs = 5;
    answers = [500, 503, 204, 429];
    const webhook = webhookOf();
    for (const id of ['aud_1', 'aud_2', 'aud_3']) webhook.post(news(id));
    await vi.waitFor(() => expect(webhook.waiting).toBe(0));
    expect(idsOf(received)).toEqual(['aud_1', 'aud_1', 'aud_1', 'aud_2', 'aud_2', 'aud_3']);
    expect(openMost).toBe(1);
    // The same message has the same key each time, so that a receiver can tell it from the next.
    expect(new Set(received.slice(0, 3).map(({ key }) => key)).size).toBe(1);
    expect(new Set(received.map(({ key }) => key)).size).toBe(3);
    expect(webhook.failing).toBe(false);
    expect(webhook.dropped).toBe(0);
    webhook.post(news('aud_4'));
    await vi.waitFor(() => expect(idsOf(received).at(-1)).toBe('aud_4'));
  });

  it('says kind, environment and time of alarms too', async () => {
    const webhook = webhookOf();
    const alarm = {
      id: 'admissions-low',
      severity: 'crit',
      text: 'low',
      since: '2026-11-21T05:00:00Z',
    } as const;
    webhook.post({ kind: 'alarm', event: 'evt_x', on: true, alarm });
    await vi.waitFor(() => expect(received).toHaveLength(1));
    expect(received[0]?.body).toMatchObject({
      kind: 'alarm',
      environment: 'staging',
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      event: 'evt_x',
      on: true,
      alarm,
    });
  });

  it('reports that it fails, without the address, which is a secret', async () => {
    server.close();
    const webhook = webhookOf();
    webhook.post(news('aud_1'));
    await vi.waitFor(() => expect(webhook.failing).toBe(true));
    await vi.waitFor(() => expect(warnings).toEqual([{ cause: 'ECONNREFUSED' }]));
    expect(JSON.stringify(warnings)).not.toContain('hunter2');
    await webhook.close();
  });

  it('drops the oldest that waits when there are too many, and counts', async () => {
    delayMs = 30;
    const webhook = webhookOf({ queueMax: 3 });
    for (const id of ['aud_1', 'aud_2', 'aud_3', 'aud_4', 'aud_5']) webhook.post(news(id));
    await vi.waitFor(() => expect(webhook.waiting).toBe(0));
    expect(idsOf(received)).toEqual(['aud_1', 'aud_4', 'aud_5']);
    expect(webhook.dropped).toBe(2);
  });

  it('gives up what is too old or will never be taken, and goes on with the next', async () => {
    answers = [400];
    const webhook = webhookOf({ giveUpMs: 60 });
    webhook.post(news('aud_1'));
    webhook.post(news('aud_2'));
    await vi.waitFor(() => expect(webhook.waiting).toBe(0));
    expect(idsOf(received)).toEqual(['aud_1', 'aud_2']);
    answers = Array.from({ length: 100 }, () => 500);
    webhook.post(news('aud_3'));
    await vi.waitFor(() => expect(webhook.dropped).toBe(2));
    answers = [];
    webhook.post(news('aud_4'));
    await vi.waitFor(() => expect(idsOf(received).at(-1)).toBe('aud_4'));
  });

  it('does not wait for ever for an answer', async () => {
    delayMs = 10_000;
    const webhook = webhookOf({ timeoutMs: 40 });
    webhook.post(news('aud_1'));
    await vi.waitFor(() => expect(received.length).toBeGreaterThan(1));
    expect(webhook.failing).toBe(true);
    delayMs = 0;
    await webhook.close();
    expect(webhook.dropped).toBe(0);
  });

  it('sends what is left when it closes, even in the middle of a pause', async () => {
    answers = [500];
    const webhook = webhookOf({ pauseMs: { first: 60_000, longest: 60_000 } });
    webhook.post(news('aud_1'));
    await vi.waitFor(() => expect(webhook.failing).toBe(true));
    webhook.post(news('aud_2'));
    await webhook.close();
    expect(idsOf(received)).toEqual(['aud_1', 'aud_1', 'aud_2']);
    expect([webhook.waiting, webhook.dropped]).toEqual([0, 0]);
    webhook.post(news('aud_3'));
    expect(webhook.waiting).toBe(0);
  });

  it('closes within about 2 s when nobody answers', async () => {
    delayMs = 60_000;
    const webhook = webhookOf();
    webhook.post(news('aud_1'));
    await vi.waitFor(() => expect(received).toHaveLength(1));
    const startedAt = performance.now();
    await webhook.close();
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(webhook.dropped).toBe(1);
  });
});

it('escapes whatever could steer a terminal, and stays JSON', () => {
  const reason = 'a\u001b[31m\u009b\u202e\u2028\u{e0041}b\u7f8e';
  const text = messageOf({ kind: 'audit', entry: auditOf({ reason }) }, 'test');
  expect(text).not.toMatch(/[\p{Cc}\p{Cf}\u2028]/u);
  expect(JSON.parse(text).entry.reason).toBe(reason);
});
