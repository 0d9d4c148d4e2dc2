/**
 * `tacos capacity` against the truth: costs measured at 20,000 visitors, by which 100,000 and 300,000 are foretold and
 * then measured.
 */
import { writeFileSync } from 'node:fs';
import type { CapacityCosts } from '../../../src/contract/capacity.ts';
import { journalLenMax } from '../../../src/contract/limits.ts';
import { type CrowdFigures, crowdFigures } from '../../../src/forecast/capacity.ts';
import { measuredCosts } from '../../../src/forecast/capacity-costs.ts';
import { startBackends } from '../../helpers/backends.ts';
import {
  type Beside,
  type CrowdCost,
  costsOf,
  crowdCost,
  enterShare,
  pollsEach,
  reservationCost,
  tailCost,
} from '../lib/calibrate.ts';
import type { Case } from '../lib/case.ts';
import { usedMemory } from '../lib/redis-info.ts';
import { Rig } from '../lib/rig.ts';
import { atMost, machine, type Row, reported, show } from '../lib/rows.ts';

const calibrated = 20_000;
/** Joins and polls before anything is measured. */
const warmUpVisitors = 30_000;
/** What the prediction may be off by, %. */
const offPercentMax = 25;

export const capacity: Case = {
  name: 'capacity',
  async run({ short, say, file }) {
    const rounds = short ? 1 : 3;
    const crowds: CrowdCost[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      say(`${show(calibrated)} visitors, round ${round} of ${rounds}`);
      crowds.push(await alone((rig) => crowdCost(rig, calibrated)));
    }
    say('reservations, and reads of the journal');
    const costs = costsOf(crowds, await besideCrowds(short ? 500 : 1_500));
    if (file !== undefined) writeFileSync(file, `${JSON.stringify(costs, undefined, 2)}\n`);
    const rows = [...costRows(costs)];
    for (const visitors of short ? [60_000] : [100_000, 300_000]) {
      say(`${show(visitors)} visitors, foretold and measured`);
      rows.push(...compare(costs, await alone((rig) => crowdCost(rig, visitors))));
    }
    return rows;
  },
};

/** On a Redis and a gateway of its own, warm, so that no earlier line is counted. */
async function alone<T>(
  act: (rig: Rig) => Promise<T>,
  more: Readonly<Record<string, string>> = {},
): Promise<T> {
  const rig = await Rig.start(more);
  try {
    await rig.warmUp(warmUpVisitors);
    return await act(rig);
  } finally {
    await rig.stop();
  }
}

/** The rest of the costs: an empty Redis, reads of the journal, reservations. */
async function besideCrowds(seats: number): Promise<Beside> {
  const backends = await startBackends({ seats });
  try {
    return await alone(async (rig) => {
      const redisBase = await usedMemory(rig.redis.client);
      // The first seats only warm up.
      await reservationCost(rig, seats);
      return {
        source: `${show(calibrated)} visitors on ${machine('of the path')}`,
        redisBase,
        journalLenMax,
        // A line of 20,000 says too little of what one place more takes: these are not measured anew.
        workerPlace: measuredCosts.bytes.workerPlace,
        workerClient: measuredCosts.bytes.workerClient,
        reservation: await reservationCost(rig, seats),
        tail: await tailCost(rig),
      };
    }, backends.env);
  } finally {
    await backends.stop();
  }
}

/** The costs, each as it stands in the calibration file. */
function costRows({ gatewayUs, redisUs, bytes, perSec }: CapacityCosts): Row[] {
  const of = (group: Readonly<Record<string, number>>, words: string, unit: string): Row[] =>
    Object.entries(group).map(([name, figure]) => reported(`${words}: ${name}`, { figure, unit }));
  return [
    ...of(gatewayUs, 'gateway CPU', 'µs'),
    ...of(redisUs, 'Redis CPU', 'µs'),
    ...of(bytes, 'bytes', 'B'),
    ...of(perSec, 'one process by the clock', '/s'),
  ];
}

/** A rate is what a process does on a core of its own, by its CPU: the clock also shows what else the machine does. */
const figures: readonly [keyof CrowdFigures, string, string][] = [
  ['gatewayCpuSec', 'gateway CPU', 's'],
  ['redisCpuSec', 'Redis CPU', 's'],
  ['redisBytes', 'Redis memory', 'B'],
  ['workerBytes', 'gateway memory', 'B'],
  ['joinsPerSec', 'joins on one core', '/s'],
  ['pollsPerSec', 'polls on one core', '/s'],
];

/** How far each figure was off. */
function compare(costs: CapacityCosts, crowd: CrowdCost): Row[] {
  const foretold = crowdFigures(costs, {
    visitors: crowd.visitors,
    polls: crowd.visitors * pollsEach,
    enters: crowd.visitors * enterShare,
  });
  const measured = measuredFigures(crowd);
  const clock = clockRows(costs, crowd);
  const compared = figures.map(([name, words, unit]) => {
    const off = 100 * Math.abs(foretold[name] / measured[name] - 1);
    const detail = `foretold ${show(foretold[name])} ${unit}, measured ${show(measured[name])}`;
    return atMost(`${words} of ${show(crowd.visitors)} visitors: off by`, offPercentMax, {
      figure: off,
      unit: '%',
      detail,
    });
  });
  return [...compared, ...clock];
}

/** The rates by the clock, which are foretold well only where nothing else runs on the machine. */
const clockRows = ({ perSec }: CapacityCosts, { visitors, join, poll }: CrowdCost): Row[] =>
  [
    { what: 'joins', foretold: perSec.joins, measured: join.perSec },
    { what: 'polls', foretold: perSec.polls, measured: poll.perSec },
  ].map(({ what, foretold, measured }) =>
    reported(`${what} by the clock, ${show(visitors)} visitors: off by`, {
      figure: 100 * Math.abs(foretold / measured - 1),
      unit: '%',
      detail: `foretold ${show(foretold)} /s, measured ${show(measured)}`,
    }),
  );

function measuredFigures({ join, poll, enter, redisBytes, workerBytes }: CrowdCost): CrowdFigures {
  const sec = (us: 'gatewayUs' | 'redisUs'): number =>
    [join, poll, enter].reduce((sum, cost) => sum + (cost[us] * cost.result.count) / 1e6, 0);
  return {
    gatewayCpuSec: sec('gatewayUs'),
    redisCpuSec: sec('redisUs'),
    redisBytes,
    workerBytes,
    joinsPerSec: 1e6 / join.gatewayUs,
    pollsPerSec: 1e6 / poll.gatewayUs,
  };
}
