import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCrowd } from '../../../src/simulator/crowd.ts';
import { call, type Fleet, joinAt, pause, startFleet, statusAt } from '../../helpers/fleet.ts';
import { grantHistory, grantRate, overtakers, worstExcess } from '../../helpers/grants.ts';

describe('kill -9 of a gateway and of Redis, and Redis gone for 20 s', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 2, redis: { aof: true } });
  });
  afterAll(() => fleet.stop());

  it('keeps order, single grants and the rate for visitors who go on with their tokens', async () => {
    const event = await fleet.event({ refillPerSec: 20 });
    const leaving = new AbortController();
    const crowd = runCrowd(
      { gateway: fleet.urls, event: event.id, visitors: 3_000, enterCopies: 3, connections: 64 },
      { signal: leaving.signal },
    );
    await pause(12_000);
    const killed = fleet.gateways[0];
    killed?.child.kill('SIGKILL');
    await pause(3_000);
    await fleet.addGateway(Number(new URL(killed?.url ?? '').port));
    await pause(6_000);
    await fleet.redis.kill();
    await fleet.redis.restart();
    const backUs = Date.now() * 1000;
    await pause(30_000);
    leaving.abort();
    const report = await crowd;
    const history = grantHistory(await fleet.journal(event));
    expect(new Set(history.seqs).size).toBe(history.seqs.length);
    expect(report.duplicates).toEqual({ places: 0, grants: 0 });
    expect(overtakers(await fleet.journal(event))).toBe(0);
    expect(report.positionRises).toBe(0);
    expect(report.outcomes.expired).toBe(0);
    expect(report.refusalsAfterReady.unexplained).toBe(0);
    const { excess, slack } = worstExcess(history);
    expect(excess).toBeLessThanOrEqual(slack);
    expect(grantRate(history, backUs + 10e6, backUs + 28e6)).toBeGreaterThanOrEqual(0.95 * 20);
    const [waiting, away] = await Promise.all([
      fleet.look.bitcount(event.keys.waiting),
      fleet.look.zcard(event.keys.away),
    ]);
    expect(waiting + away + history.seqs.length).toBe(report.joined);
  }, 120_000);

  it('answers polls throughout 20 s without Redis, refuses joins in under 2 s, and recovers by itself', async () => {
    const event = await fleet.event({ refillPerSec: 1, capacity: 1 });
    const url = fleet.urls.at(-1) ?? '';
    const tokens: string[] = [];
    for (let count = 0; count < 20; count += 1)
      tokens.push(String((await joinAt(url, event.id)).body.waiting_token));
    await pause(300);
    await fleet.redis.kill();
    const untilMs = Date.now() + 20_000;
    while (Date.now() < untilMs) {
      const polled = await statusAt(url, tokens[7] ?? '');
      expect(polled.status).toBe(200);
      const sentMs = performance.now();
      const join = await joinAt(url, event.id);
      expect(performance.now() - sentMs).toBeLessThan(2_000);
      expect(join).toMatchObject({ status: 503, body: { error: { code: 'UNAVAILABLE' } } });
      expect(Number(join.headers['retry-after'])).toBeGreaterThan(0);
      await pause(500);
    }
    const late = await statusAt(url, tokens[7] ?? '');
    expect(late.body).toMatchObject({ position: 8, stale: true, ready_for_entry: false });
    expect((await call('GET', `${url}/readyz`)).status).toBe(200);
    await fleet.redis.restart();
    await expect.poll(async () => (await joinAt(url, event.id)).status, { timeout: 5_000 }).toBe(202);
    await expect
      .poll(async () => (await statusAt(url, tokens[7] ?? '')).body.stale, { timeout: 5_000 })
      .toBeUndefined();
    expect((await statusAt(url, tokens[7] ?? '')).body).toMatchObject({ position: 8, phase: 'open' });
  }, 60_000);
});
