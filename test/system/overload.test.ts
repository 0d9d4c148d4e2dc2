import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { type Answer, type Fleet, joinAt, startFleet, statusAt } from '../helpers/fleet.ts';

/** A millisecond is too late for this gateway, so that any machine can give it too much to do. */
const env = { OVERLOAD_LAG_MS: '1', RATE_LIMIT_ENABLED: 'false' };

describe('a gateway with too much to do', () => {
  let fleet: Fleet;
  let url = '';
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 1, env });
    url = fleet.urls[0] ?? '';
  }, 60_000);
  afterAll(() => fleet.stop());

  /** Asks for the status of a place on 200 connections, each again and again, until the returned function is called. */
  function flood(token: string): () => void {
    const request = `GET /api/v1/queue/status?token=${token} HTTP/1.1\r\nHost: tacos\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n`;
    const sockets = Array.from({ length: 200 }, () => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(request));
      // One answer comes as one piece, as a rule; where it does not, this one asks a little more.
      socket.on('data', () => socket.write(request));
      socket.on('error', () => {});
      return socket;
    });
    return () => {
      for (const socket of sockets) socket.destroy();
    };
  }

  const isOverloaded = ({ status, body }: Answer): boolean =>
    status === 503 && (body.error as { code?: string }).code === 'OVERLOADED';

  it('refuses what is too much of one event with Retry-After, hears nobody away, and lets another event be', async () => {
    const hot = await fleet.event();
    const small = await fleet.event();
    const [first, other] = [await joinAt(url, hot.id), await joinAt(url, small.id)];
    const token = String(first.body.waiting_token);
    const stop = flood(token);
    try {
      const refusedJoin = await eventually(
        async () => {
          const answer = await joinAt(url, hot.id);
          return isOverloaded(answer) ? answer : false;
        },
        { withinMs: 20_000 },
      );
      expect(Number(refusedJoin.headers['retry-after'])).toBeGreaterThanOrEqual(1);
      await eventually(async () => isOverloaded(await statusAt(url, token)), { withinMs: 20_000 });
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toMatch(/^overload_refused_total\{operation="status"\} [1-9]/m);
      expect(metrics).toMatch(/^overload_refused_total\{operation="join"\} [1-9]/m);
      for (let at = 0; at < 10; at += 1) {
        expect((await joinAt(url, small.id)).status).toBe(202);
        expect((await statusAt(url, String(other.body.waiting_token))).status).toBe(200);
      }
      await eventually(async () => Number(await fleet.look.hget(hot.keys.meta, 'graceAt')) > 0);
      expect(await fleet.look.hget(small.keys.meta, 'graceAt')).toBe('0');
    } finally {
      stop();
    }
    await eventually(async () => (await statusAt(url, token)).status === 200, { withinMs: 20_000 });
    await eventually(async () => (await joinAt(url, hot.id)).status === 202, { withinMs: 20_000 });
  }, 90_000);
});
