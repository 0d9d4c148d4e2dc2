import { afterEach, expect, it } from 'vitest';
import { startVisitorServer, type VisitorServer } from '../../../test/helpers/visitor-server.ts';
import { Meters } from '../metrics/meters.ts';
import { createRateGate } from './rate-gate.ts';

let server: VisitorServer | undefined;
afterEach(() => server?.close());

/** A gateway that lets an address ask twice at once, without Redis behind its limits. */
async function start() {
  const meters = new Meters();
  const rateLimit = {
    enabled: true,
    perSec: 50,
    burst: 100,
    ipPerSec: 1,
    exempt: [],
    joinsPerMin: { ip: 0, subject: 0 },
  };
  const config = { rateLimit, trustedProxies: ['127.0.0.1'] };
  const gate = createRateGate({ config, meters, charge: () => new Promise(() => {}) });
  server = await startVisitorServer({ meters, gate });
  return { url: `${server.url}/api/v1`, meters };
}

const enter = (url: string) =>
  fetch(`${url}/queue/enter`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer dev-super-key-local-testing',
      'x-dev-mode': 'true',
      'x-user-id': 'eve',
      'content-type': 'application/json',
    },
    body: '{"waiting_token":"t1.k1.Zm9yZ2Vk.bWFj"}',
  });
const guesses: Readonly<Record<string, (url: string) => Promise<Response>>> = {
  status: (url) => fetch(`${url}/queue/status?token=t1.k1.Zm9yZ2Vk.bWFj`),
  stream: (url) => fetch(`${url}/queue/stream?token=t1.k1.Zm9yZ2Vk.bWFj`),
  leave: (url) => fetch(`${url}/queue/leave?token=t1.k1.Zm9yZ2Vk.bWFj`, { method: 'DELETE' }),
  enter,
};

it.each(Object.keys(guesses))('counts forged waiting tokens for their address: %s', async (name) => {
  const { url, meters } = await start();
  const statuses: number[] = [];
  for (let count = 0; count < 4; count += 1) {
    const answer = await guesses[name]?.(url);
    await answer?.text();
    statuses.push(answer?.status ?? 0);
  }
  expect(statuses.slice(0, 2)).toEqual([404, 404]);
  expect(statuses).toContain(429);
  expect(meters.limited).toMatchObject({ place: 0, subject: 0 });
  expect(meters.limited.ip).toBeGreaterThan(0);
});
