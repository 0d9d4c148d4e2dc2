import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCrowd } from '../../../src/simulator/crowd.ts';
import { type Fleet, pause, startFleet } from '../../helpers/fleet.ts';
import { grantHistory, grantRate, worstExcess } from '../../helpers/grants.ts';

const settleSec = 30;
const measureSec = 35;

describe('promises 3, 5 and 6: the rate is held and reached, ready means ready, one grant a place', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 2 });
  });
  afterAll(() => fleet.stop());

  const reachesRate = async (refillPerSec: number): Promise<void> => {
    const event = await fleet.event({ refillPerSec });
    const leaving = new AbortController();
    const crowd = runCrowd(
      {
        gateway: fleet.urls,
        event: event.id,
        visitors: 5_000,
        keep: 5_000,
        doubleClick: 0.1,
        seed: refillPerSec,
        connections: 64,
      },
      { signal: leaving.signal },
    );
    await pause((settleSec + measureSec + 2) * 1000);
    leaving.abort();
    const report = await crowd;
    const history = grantHistory(await fleet.journal(event));
    const fromUs = (history.grantsUs[0] ?? 0) + settleSec * 1e6;
    const rate = grantRate(history, fromUs, fromUs + measureSec * 1e6);
    expect(rate).toBeGreaterThanOrEqual(0.95 * refillPerSec);
    const { excess, slack } = worstExcess(history);
    expect(excess).toBeLessThanOrEqual(slack);
    expect(new Set(history.seqs).size).toBe(history.seqs.length);
    expect(report.duplicates).toEqual({ places: 0, grants: 0 });
    expect(report.refusalsAfterReady).toMatchObject({ unexplained: 0 });
  };

  it.concurrent.each([10, 50])(
    'admits at %i a second with 5,000 people polling as told, and keeps its word to each',
    reachesRate,
    150_000,
  );

  it(
    'admits at 200 a second with 5,000 people polling as told, and keeps its word to each',
    () => reachesRate(200),
    150_000,
  );

  it('grants each of 1,000 places once though 10 copies of every enter race over both gateways', async () => {
    const event = await fleet.event({ refillPerSec: 100 });
    const report = await runCrowd({
      gateway: fleet.urls,
      event: event.id,
      visitors: 1_000,
      enterCopies: 10,
      doubleClick: 0.2,
      connections: 64,
      forMs: 60_000,
    });
    const { seqs } = grantHistory(await fleet.journal(event));
    expect(new Set(seqs).size).toBe(1_000);
    expect(seqs).toHaveLength(1_000);
    expect(report.outcomes.entered).toBe(1_000);
    expect(report.duplicates).toEqual({ places: 0, grants: 0 });
    expect(report.refusalsAfterReady.unexplained).toBe(0);
  }, 90_000);
});
