import { randomBytes } from 'node:crypto';
import { METHODS } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { goodToken } from '../../../test/helpers/fake-line.ts';
import { parseScrape } from '../../../test/helpers/promql.ts';
import {
  requestText,
  sendRaw,
  startVisitorServer,
  type VisitorServer,
} from '../../../test/helpers/visitor-server.ts';

/** Series that one gateway may have: 14 metrics of 50 events, routes by method and bucket. */
const seriesMax = 2_500;

let server: VisitorServer;
beforeAll(async () => {
  server = await startVisitorServer();
});
afterAll(() => server.close());

/** Without what Node tells of its handles and collections, which comes and goes. */
const scrape = async () => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return parseScrape(text.replace(/^nodejs_.*\n/gm, ''));
};
const word = (): string => randomBytes(6).toString('hex');
const methods = METHODS.filter((method) => method !== 'CONNECT');

/** Everything of these that somebody out there can choose. */
async function sendNonsense(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const targets = [
      `/${word()}/${word()}`,
      `/api/v1/queue/status?token=${word()}`,
      `/api/v1/queue/status?token=${goodToken}&x=${word()}`,
      `/api/v1/queue/${word()}`,
      `/api/v1/reservations/${word()}`,
      `/swagger/static/${word()}.js`,
      word(),
    ];
    const method = methods[round % methods.length] ?? 'GET';
    const headers = { 'user-agent': word(), 'x-user-id': word(), 'idempotency-key': word() };
    const body = JSON.stringify({ event_id: `evt_${word()}`, user_id: word() });
    await Promise.all([
      ...targets.map((target) => sendRaw(server.port, requestText(method, target, { headers }), 2_000)),
      sendRaw(server.port, requestText('POST', '/api/v1/queue/join', { headers, body }), 2_000),
      sendRaw(server.port, requestText(word().toUpperCase(), '/'), 2_000),
    ]);
  }
}

it('10,000 events and whatever visitors send make a bounded number of series', async () => {
  server.line.events = Array.from({ length: 10_000 }, (_, index) => ({
    event: `evt_${index}`,
    waiting: index,
    away: 1,
    tokens: 1,
    revision: 1,
    lagMs: 1,
    admitted: 1,
    joined: 1,
    etaErrorRatio: 0,
    brakeWanted: 1,
    admits: true,
    refillPerSec: 1,
    brakeRatio: 1,
    capacity: 1,
    window: 1,
    changeEndsAtMs: 1,
  }));
  await scrape();
  await sendNonsense(2 * methods.length);
  const first = await scrape();
  await sendNonsense(2 * methods.length);
  const second = await scrape();
  process.stdout.write(`series of a gateway with 10,000 events: ${first.series}, later ${second.series}\n`);
  expect(second.series).toBe(first.series);
  expect(second.series).toBeLessThan(seriesMax);
  expect(second.samples.get('queue_waiting')).toEqual(new Set(['event']));
  expect(second.samples.get('http_server_requests_total')).toEqual(new Set(['method', 'route', 'status']));
}, 30_000);
