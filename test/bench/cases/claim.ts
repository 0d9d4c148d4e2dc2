/** In real time and with the default claim_sec: 1,000 people in front who poll faithfully and never enter. */
import { claimSecDefault } from '../../../src/contract/limits.ts';
import { runCrowd } from '../../../src/simulator/crowd.ts';
import { pause, startFleet } from '../../helpers/fleet.ts';
import { grantHistory, grantRate } from '../../helpers/grants.ts';
import type { Case } from '../lib/case.ts';
import { atLeast } from '../lib/rows.ts';

const refillPerSec = 50;
const inFront = 1_000;
const behind = 2_500;
/** The promise: full rate again so long after claim_sec, s. */
const slackSec = 5;
const measureSec = 20;

export const claim: Case = {
  name: 'claim',
  async run({ short, say }) {
    if (short) return [];
    say(
      `${inFront} who never enter, ${behind} behind them, ${claimSecDefault + slackSec + measureSec} s in real time`,
    );
    const fleet = await startFleet({ gateways: 2 });
    const leaving = new AbortController();
    try {
      const event = await fleet.event({ refillPerSec, capacity: inFront, window: inFront });
      const crowd = { gateway: fleet.urls, event: event.id, connections: 64 };
      const pollers = runCrowd({ ...crowd, visitors: inFront, neverEnter: 1 }, { signal: leaving.signal });
      while (Number(await fleet.look.hget(event.keys.meta, 'seq')) < inFront) await pause(100);
      const fromUs = Date.now() * 1000;
      const entering = runCrowd({ ...crowd, visitors: behind }, { signal: leaving.signal });
      await pause((claimSecDefault + slackSec + measureSec + 1) * 1000);
      leaving.abort();
      await Promise.all([pollers, entering]);
      const history = grantHistory(await fleet.journal(event));
      const measuredFromUs = fromUs + (claimSecDefault + slackSec) * 1e6;
      const rate = grantRate(history, measuredFromUs, measuredFromUs + measureSec * 1e6);
      const first = history.grantsUs[0] ?? Number.NaN;
      return [
        atLeast(
          `admissions from claim_sec + ${slackSec} s on, ${inFront} in front never enter`,
          0.95 * refillPerSec,
          {
            figure: rate,
            unit: '/s',
            detail: `refill ${refillPerSec}/s; first admission after ${((first - fromUs) / 1e6).toFixed(1)} s`,
          },
        ),
      ];
    } finally {
      leaving.abort();
      await fleet.stop();
    }
  },
};
