import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { loadConfig } from './config.ts';
import { type AdminServer, startServer } from './server.ts';
import { FakeDesk } from './testing/fake-desk.ts';
import { auditOf } from './testing/views.ts';

let receiver: Server;
let received: string[];
let status: number;
let desk: FakeDesk;
let server: AdminServer;

beforeEach(async () => {
  [received, status, desk] = [[], 204, new FakeDesk()];
  receiver = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => received.push(text));
    request.on('end', () => response.writeHead(status).end());
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const loaded = loadConfig({
    ADMIN_ADDRESS: '127.0.0.1:0',
    ADMIN_TOKENS: 'viewer:ann:list-token-0123456789',
    ALERT_WEBHOOK_URL: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`,
    ENVIRONMENT_NAME: 'staging',
  });
  if ('problems' in loaded) throw new Error(loaded.problems.join('; '));
  server = await startServer({
    config: loaded.config,
    desk,
    version: '1.2.3',
    log: pino({ level: 'silent' }),
  });
});
afterEach(async () => {
  await server.stop();
  receiver.closeAllConnections();
  receiver.close();
});

const doctor = async () => {
  const headers = { authorization: 'Bearer list-token-0123456789' };
  await fetch(`${server.address}/admin/v1/doctor`, { headers });
  return desk.asked.at(-1);
};

it('posts what the desk tells to the webhook, and tells the doctor when that fails', async () => {
  desk.tell({ kind: 'audit', entry: auditOf() });
  await vi.waitFor(() => expect(received).toHaveLength(1));
  expect(JSON.parse(received[0] ?? '')).toMatchObject({ kind: 'audit', environment: 'staging' });
  const facts = (failing: boolean) => ({
    event: undefined,
    server: { certificateEndsAt: null, webhook: { configured: true, failing } },
  });
  await vi.waitFor(async () => expect(await doctor()).toEqual(facts(false)));
  status = 500;
  desk.tell({ kind: 'audit', entry: auditOf() });
  await vi.waitFor(async () => expect(await doctor()).toEqual(facts(true)));
  status = 204;
});

it('sends the last news when it stops, and takes none afterwards', async () => {
  status = 500;
  desk.tell({ kind: 'audit', entry: auditOf({ auditId: 'aud_last' }) });
  await vi.waitFor(() => expect(received).toHaveLength(1));
  status = 204;
  await server.stop();
  expect(received.at(-1)).toContain('aud_last');
  expect(received).toHaveLength(2);
  desk.tell({ kind: 'audit', entry: auditOf() });
  expect(received).toHaveLength(2);
});
