import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCrowd } from '../../../src/simulator/crowd.ts';
import { type Fleet, joinAt, pause, startFleet } from '../../helpers/fleet.ts';
import { grantHistory, grantRate } from '../../helpers/grants.ts';

describe('promise 7: nobody absent blocks the line', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 2 });
  });
  afterAll(() => fleet.stop());

  /** A crowd behind whoever stands in front already, until `sec` have passed. */
  const crowdBehind = async (
    event: string,
    sec: number,
    options: { neverEnter?: number; visitors: number },
  ) => {
    const leaving = new AbortController();
    const crowd = runCrowd(
      { gateway: fleet.urls, event, connections: 64, ...options },
      { signal: leaving.signal },
    );
    await pause(sec * 1000);
    leaving.abort();
    return crowd;
  };

  it('admits at the full rate 25 s after the last request of 1,000 dead heads in front', async () => {
    const event = await fleet.event({ refillPerSec: 50 });
    await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => joinAt(fleet.urls[index % 2] ?? '', event.id)),
    );
    const deadSinceUs = Date.now() * 1000;
    await crowdBehind(event.id, 46, { visitors: 3_000 });
    const history = grantHistory(await fleet.journal(event));
    expect(history.seqs.filter((seq) => seq <= 1_000)).toEqual([]);
    const rate = grantRate(history, deadSinceUs + 25e6, deadSinceUs + 45e6);
    expect(rate).toBeGreaterThanOrEqual(0.95 * 50);
  }, 120_000);

  it('admits at the full rate claim_sec + 5 s after 1,000 people came who poll and never enter', async () => {
    const claimSec = 10;
    const event = await fleet.event({ refillPerSec: 250, claimSec, capacity: 1_000 });
    const pollers = crowdBehind(event.id, 36, { visitors: 1_000, neverEnter: 1 });
    await pause(2_000);
    const fromUs = Date.now() * 1000;
    const entering = crowdBehind(event.id, 33, { visitors: 9_000 });
    await Promise.all([pollers, entering]);
    const history = grantHistory(await fleet.journal(event));
    const rate = grantRate(history, fromUs + (claimSec + 5) * 1e6, fromUs + (claimSec + 20) * 1e6);
    expect(rate).toBeGreaterThanOrEqual(0.95 * 250);
  }, 120_000);

  it('loses no place while Redis is away for longer than every timeout', async () => {
    const plan = { refillPerSec: 1, presenceSec: 2, expireNearSec: 3, expireFarSec: 3, claimSec: 3 };
    const event = await fleet.event(plan);
    const leaving = new AbortController();
    const crowd = runCrowd(
      { gateway: fleet.urls, event: event.id, visitors: 500, neverEnter: 1, connections: 32 },
      { signal: leaving.signal },
    );
    await pause(3_000);
    process.kill(fleet.redis.pid, 'SIGSTOP');
    await pause(12_000);
    process.kill(fleet.redis.pid, 'SIGCONT');
    await pause(15_000);
    leaving.abort();
    const report = await crowd;
    expect(report.outcomes.expired).toBe(0);
    const journal = await fleet.journal(event);
    expect(journal.filter((entry) => entry.kind === 'expired')).toEqual([]);
    const [waiting, away] = await Promise.all([
      fleet.look.bitcount(event.keys.waiting),
      fleet.look.zcard(event.keys.away),
    ]);
    expect(waiting + away).toBe(500);
  }, 90_000);
});
