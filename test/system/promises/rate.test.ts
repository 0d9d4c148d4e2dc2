import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCrowd } from '../../../src/simulator/crowd.ts';
import { type Fleet, startFleet } from '../../helpers/fleet.ts';
import { grantHistory, grantRate, worstExcess } from '../../helpers/grants.ts';

const settleSec = 30;
const measureSec = 40;

describe('promises 3, 5 and 6: the rate is held and reached, ready means ready, one grant a place', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 2 });
  });
  afterAll(() => fleet.stop());

  it.concurrent.each([10, 50, 200])(
    'admits at %i a second with 5,000 people polling as told, and keeps its word to each',
    async (refillPerSec) => {
      const event = await fleet.event({ refillPerSec });
      const leaving = new AbortController();
      const crowd = runCrowd(
        {
          gateway: fleet.urls,
          event: event.id,
          visitors: 5_000,
          keep: 5_000,
          enterCopies: 10,
          doubleClick: 0.1,
          seed: refillPerSec,
          connections: 64,
        },
        { signal: leaving.signal },
      );
      await new Promise((resolve) => setTimeout(resolve, (settleSec + measureSec) * 1000));
      leaving.abort();
      const report = await crowd;
      const history = grantHistory(await fleet.journal(event));
      const fromUs = (history.grantsUs[0] ?? 0) + settleSec * 1e6;
      const rate = grantRate(history, fromUs, fromUs + (measureSec - 5) * 1e6);
      expect(rate).toBeGreaterThanOrEqual(0.95 * refillPerSec);
      const { excess, slack } = worstExcess(history);
      expect(excess).toBeLessThanOrEqual(slack);
      expect(new Set(history.seqs).size).toBe(history.seqs.length);
      expect(report.duplicates).toEqual({ places: 0, grants: 0 });
      expect(report.refusalsAfterReady).toMatchObject({ unexplained: 0 });
    },
    150_000,
  );
});
