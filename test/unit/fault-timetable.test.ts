import { describe, expect, it } from 'vitest';
import { readOptions } from '../faults/options.ts';
import { runSome } from '../faults/pool.ts';
import {
  changes,
  gatewayFaults,
  isLoss,
  losses,
  lossesMax,
  makeTimetable,
  redisFaults,
} from '../faults/timetable.ts';

const seeds = Array.from({ length: 50 }, (_, index) => index + 1);
const times = (seed: number) => makeTimetable(seed, 60);

describe('the timetable of random faults', () => {
  it('is the same for a seed, and another for another', () => {
    for (const seed of seeds) expect(times(seed)).toEqual(times(seed));
    expect(new Set(seeds.map((seed) => JSON.stringify(times(seed)))).size).toBe(seeds.length);
  });

  it('has every kind of fault somewhere', () => {
    const acts = seeds.flatMap(times);
    const kinds = new Set(acts.map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['gateways', ...redisFaults, ...losses, ...changes].sort());
    const ofGateways = acts.flatMap((act) =>
      act.kind === 'gateways' ? act.faults.map(({ kind }) => kind) : [],
    );
    expect(new Set(ofGateways)).toEqual(new Set(gatewayFaults));
  });

  it('loses no more often than is promised, and gives no gateway two faults at once', () => {
    for (const acts of seeds.map(times)) {
      const lost = acts.filter(isLoss).map(({ kind }) => (kind === 'aof-cut-twice' ? 2 : 1));
      expect(lost.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(lossesMax + 1);
      for (const act of acts) {
        if (act.kind !== 'gateways') continue;
        expect(new Set(act.faults.map(({ gateway }) => gateway)).size).toBe(act.faults.length);
      }
    }
  });
});

describe('the flags of the fault suite', () => {
  it('have defaults, and refuse what is no number', () => {
    expect(readOptions([])).toMatchObject({ seed: 1, runs: 1, seconds: 60, parallel: 1, only: [] });
    expect(readOptions(['--random', '--runs', '20', '--only', 'a', '--only', 'b'])).toMatchObject({
      isRandom: true,
      runs: 20,
      only: ['a', 'b'],
    });
    expect(() => readOptions(['--seed', 'x'])).toThrow('--seed takes a whole number');
    expect(() => readOptions(['--unknown'])).toThrow('--unknown');
  });
});

describe('the runs of the fault suite', () => {
  it.each([1, 2, 5])('go on %i at a time, and each that failed counts', async (parallel) => {
    let underWay = 0;
    let most = 0;
    const jobs = [1, 0, 1, 0, 0, 1].map((broken) => async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setTimeout(resolve, 10 + 20 * broken));
      underWay -= 1;
      return broken;
    });
    expect(await runSome(jobs, parallel)).toBe(3);
    expect(most).toBe(parallel);
  });
});
