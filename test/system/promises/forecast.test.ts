import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pollAfterSecMin, tierWaitsDefault } from '../../../src/contract/limits.ts';
import { forecast } from '../../../src/forecast/forecast.ts';
import { runCrowd } from '../../../src/simulator/crowd.ts';
import { type Fleet, startFleet } from '../../helpers/fleet.ts';
import { grantHistory } from '../../helpers/grants.ts';

const visitors = 3_000;

describe('a forecast, against 3,000 real visitors', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 2 });
  });
  afterAll(() => fleet.stop());

  it('says within 10 % when the line is empty and how long the last one waits', async () => {
    const refillPerSec = 60;
    const event = await fleet.event({ refillPerSec });
    const report = await runCrowd({
      gateway: fleet.urls,
      event: event.id,
      visitors,
      thinkMaxMs: 200,
      connections: 64,
      seed: 4,
      forMs: 100_000,
    });
    expect(report.outcomes.entered).toBe(visitors);
    const journal = await fleet.journal(event);
    const { grantsUs } = grantHistory(journal);
    const joinedMs = journal.filter((entry) => entry.kind === 'joined').map(({ nowMs }) => nowMs);
    const realSec = ((grantsUs.at(-1) ?? 0) / 1000 - Math.min(...joinedMs)) / 1000;
    const capacity = 4 * refillPerSec;
    const found = forecast({
      waiting: visitors,
      tokens: capacity,
      capacity,
      window: capacity,
      refill: [{ atSec: 0, perSec: refillPerSec }],
      use: 1,
      noShow: 0,
      arrivals: [],
      openAtSec: 0,
      pollSec: pollAfterSecMin,
      tiers: tierWaitsDefault,
      isFresh: true,
      horizonSec: 3_600,
    });
    expect(Math.abs((found.emptyInSec ?? 0) / realSec - 1)).toBeLessThan(0.1);
    expect(Math.abs((found.tailWaitSec ?? 0) / report.waitSec.max - 1)).toBeLessThan(0.1);
    expect(Math.abs((found.waitP50Sec ?? 0) / report.waitSec.p50 - 1)).toBeLessThan(0.1);
    expect(Math.abs((found.waitP95Sec ?? 0) / report.waitSec.p95 - 1)).toBeLessThan(0.1);
  });
});
