import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCrowd } from '../../../src/simulator/crowd.ts';
import { type Fleet, pause, startFleet } from '../../helpers/fleet.ts';
import { grantHistory, grantRate, overtakers, worstExcess } from '../../helpers/grants.ts';
import { expectBound, expectOrder } from '../../helpers/line-properties.ts';
import { grpcWire, httpWire, type VisitorWire } from '../../helpers/visitor-wires.ts';

const settleSec = 12;
const measureSec = 26;
/** rate.test.ts asks for 95 % over a longer time: within this one, how polls fall together may move as much again. */
const shareMin = 0.9;

describe('the promises of the line, over QueueService', () => {
  let fleet: Fleet;
  let grpc: VisitorWire;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 2, workers: 2 });
    grpc = grpcWire(fleet);
  });
  afterAll(async () => {
    grpc.close();
    await fleet.stop();
  });
  const gateways = (): string[] => fleet.grpcs.map((address) => `grpc://${address}`);

  it(
    '1: gives 10,000 joins over two gateways unique places without inversion, and positions that agree',
    () => expectOrder(fleet, grpc, 10_000),
    60_000,
  );

  it('1: counts joins of both wires as one line', async () => {
    const http = httpWire(fleet);
    const inTurn: VisitorWire = {
      ...grpc,
      join: (at, event) => (at % 2 === 0 ? grpc : http).join(at >> 1, event),
      status: (at, token) => (at % 2 === 0 ? http : grpc).status(at, token),
    };
    await expectOrder(fleet, inTurn, 4_000);
  }, 60_000);

  it(
    '3: stays within the bound while enters race, rate and capacity change and pauses come and go',
    () => expectBound(fleet, grpc, { seed: 4, forMs: 6_000, grantsMin: 50, changesMin: 5 }),
    60_000,
  );

  it('3, 5: admits at 20 a second with 600 people polling as told, and keeps its word to each', async () => {
    const event = await fleet.event({ refillPerSec: 20 });
    const leaving = new AbortController();
    const crowd = runCrowd(
      {
        gateway: gateways(),
        event: event.id,
        visitors: 600,
        keep: 600,
        doubleClick: 0.1,
        signedIn: 0.3,
        seed: 20,
      },
      { signal: leaving.signal },
    );
    await pause((settleSec + measureSec + 1) * 1000);
    leaving.abort();
    const report = await crowd;
    const journal = await fleet.journal(event);
    const history = grantHistory(journal);
    const fromUs = (history.grantsUs[0] ?? 0) + settleSec * 1e6;
    expect(grantRate(history, fromUs, fromUs + measureSec * 1e6)).toBeGreaterThanOrEqual(shareMin * 20);
    const { excess, slack } = worstExcess(history);
    expect(excess).toBeLessThanOrEqual(slack);
    expect(overtakers(journal)).toBe(0);
    expect(new Set(history.seqs).size).toBe(history.seqs.length);
    expect(report.duplicates).toEqual({ places: 0, grants: 0 });
    expect(report.refusalsAfterReady).toMatchObject({ unexplained: 0 });
    expect(report.outcomes).toMatchObject({ expired: 0, lost: 0, refused: 0 });
  }, 90_000);

  it('6: grants each of 300 places once though 10 copies of every enter race over both gateways', async () => {
    const event = await fleet.event({ refillPerSec: 100 });
    const report = await runCrowd({
      gateway: gateways(),
      event: event.id,
      visitors: 300,
      enterCopies: 10,
      doubleClick: 0.2,
      forMs: 30_000,
    });
    const { seqs } = grantHistory(await fleet.journal(event));
    expect(new Set(seqs).size).toBe(300);
    expect(seqs).toHaveLength(300);
    expect(report.outcomes.entered).toBe(300);
    expect(report.duplicates).toEqual({ places: 0, grants: 0 });
    expect(report.refusalsAfterReady.unexplained).toBe(0);
  }, 60_000);
});
