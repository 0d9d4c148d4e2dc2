import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { QueueSnapshot } from '../../../contract/snapshot.ts';
import { FakeMachine } from '../../testing/fake-runtime.ts';
import { snapshotOf } from '../../testing/views.ts';
import { measuredNoShow, measuredUse } from './live.ts';
import type { Simulation } from './simulate.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

const simulate = (...argv: string[]) => machine.run('simulate', ...argv);
const outcome = async (...argv: string[]): Promise<Simulation> => {
  const { stdout, stderr, code } = await simulate(...argv, '-o', 'json');
  expect([code, stderr]).toEqual([0, '']);
  return (JSON.parse(stdout) as { item: Simulation }).item;
};
const file = (text: string): string => {
  const path = join(machine.home, 'arrivals.csv');
  writeFileSync(path, text);
  return path;
};

describe('from flags alone', () => {
  beforeEach(() => {
    machine.env = {};
  });

  it('needs no server, and says when the line is empty and who waits how long', async () => {
    const found = await outcome('--visitors', '2200', '--refill', '50');
    // 200 tokens are there at once, 2,000 people more at 50 a second; then a poll. Until the tiers have waited their 5 s,
    // the bucket is full and loses refill.
    expect(found.emptyInSec).toBeGreaterThan(40);
    expect(found.emptyInSec).toBeLessThan(47.5);
    expect(found).toMatchObject({ event: null, peakWaiting: 2_200, admitted: 2_200 });
    expect(found.given).toMatchObject({ capacity: 200, refillPerSec: 50, use: 1, noShow: 0 });
    expect(found.course).toHaveLength(121);
    expect(machine.targets).toEqual([]);
  });

  it('takes 2.2k people and a refill with its unit, and says the unit where it is another', async () => {
    const found = await outcome('--visitors', '2.2k', '--refill', '50/s');
    expect(found).toMatchObject({ peakWaiting: 2_200, given: { refillPerSec: 50 } });
    const { code, stderr } = await simulate('--visitors', '2.2k', '--refill', '50/min');
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('It is a rate per second, such as 50 or 50/s.'),
    ]);
  });

  it('prints a table, and with wide what it was given and the course', async () => {
    const { stdout } = await simulate('--visitors', '2200', '--refill', '50');
    expect(stdout).toMatch(/^EMPTY_IN +EMPTY_AT +TAIL_WAIT +LONGEST +P50 +P95 +PEAK +ADMITTED\n +4\ds /);
    const wide = (await simulate('--visitors', '2200', '--refill', '50', '-o', 'wide')).stdout;
    expect(wide).toContain('NO_SHOW');
    expect(wide).toMatch(/\n\nAFTER +WAITING +ADMITTED\n +0s +2,200 /);
    expect(wide.trimEnd().split('\n')).toHaveLength(2 + 1 + 1 + 21);
  });

  it('prints yaml and jsonl that say the same', async () => {
    const argv = ['--visitors', '100', '--refill', '10'];
    const { item } = parse((await simulate(...argv, '-o', 'yaml')).stdout) as { item: Simulation };
    expect(JSON.parse((await simulate(...argv, '-o', 'jsonl')).stdout)).toEqual(item);
  });

  it('spreads the visitors, ramps the refill, waits for the opening and leaves no-shows out', async () => {
    const spread = await outcome('--visitors', '600', '--over', '10m', '--refill', '10');
    expect(spread.emptyInSec).toBeGreaterThan(600);
    expect(spread.longestWaitSec).toBeLessThan(3);
    const ramped = await outcome(
      '--visitors',
      '1100',
      '--refill',
      '20',
      '--ramp',
      '100s',
      '--capacity',
      '100',
    );
    // From 10 a second, the default, to 20 in 100 s: 1,000 people in some 73 s, and what the tiers cost.
    expect(Math.abs((ramped.emptyInSec ?? 0) - 76)).toBeLessThan(4);
    const later = await outcome('--visitors', '100', '--opens-in', '5m');
    expect(later.emptyInSec).toBeGreaterThan(300);
    const absent = await outcome('--visitors', '2200', '--refill', '50', '--no-show', '0.5');
    expect(absent.admitted).toBe(1_100);
    expect(absent.emptyInSec).toBeLessThan(27.5);
  });

  it('draws the same lots for the same seed', async () => {
    const run = async (seed: string) =>
      (await outcome('--visitors', '2000', '--refill', '50', '--no-show', '0.3', '--seed', seed)).emptyInSec;
    expect(await run('7')).toBe(await run('7'));
    expect(await run('7')).not.toBe(await run('8'));
  });

  it('says what is not so within the horizon, and warns of a bucket that is too small', async () => {
    const { stdout, stderr } = await simulate('--visitors', '5000', '--capacity', '20', '--horizon', '1m');
    expect(stdout).toMatch(/\n +- +- +- +- /);
    expect(stderr).toContain('warning: capacity 20 holds less than 4 s of refill; 40 would reach the rate\n');
    expect(stderr).toContain('warning: the line is not empty within 1m00s\n');
  });
});

describe('--assert', () => {
  const argv = ['--visitors', '2200', '--refill', '50', '--assert'];

  it('ends with 0 when it holds and with 10 when not, naming what failed', async () => {
    expect((await simulate(...argv, 'tailWaitSec<60 && emptyInSec<60')).code).toBe(0);
    const { code, stdout, stderr } = await simulate(...argv, 'tailWaitSec<30 && emptyInSec<60');
    expect(code).toBe(10);
    expect(stdout).toContain('EMPTY_IN');
    expect(stderr).toMatch(/^assert: tailWaitSec<30 does not hold: tailWaitSec is 4\d(\.\d)?\n$/);
  });

  it('is refused before anything is run when it cannot be read', async () => {
    expect((await simulate(...argv, 'waiting<1')).code).toBe(2);
  });
});

describe('flags that cannot be meant', () => {
  it.each([
    [[]],
    [['--event', 'evt_x', '--from-live', 'evt_x', '--visitors', '1']],
    [['--visitors', '1', '--arrivals', 'x.csv']],
    [['--over', '1m', '--from-live', 'evt_x']],
    [['--visitors', '1', '--ramp', '1m']],
    [['--visitors', '-3']],
    [['--visitors', '1', '--no-show', '2']],
    [['--visitors', '1', '--refill', '0']],
    [['--visitors', '1', '--horizon', 'soon']],
    [['--arrivals', '/nowhere/arrivals.csv']],
  ])('%j', async (flags) => {
    expect((await simulate(...flags)).code).toBe(2);
  });
});

describe('--arrivals', () => {
  it('reads lines of text and of JSON, with heading and comments', async () => {
    const text = await outcome('--arrivals', file('atSec,perSec\n# the rush\n0,20\n100, 20\n100,0\n'));
    const json = await outcome(
      '--arrivals',
      file('{"atSec":0,"perSec":20}\n{"atSec":100,"perSec":20}\n{"atSec":100,"perSec":0}'),
    );
    expect(text.admitted).toBe(2_000);
    expect(json).toEqual(text);
    // 2,000 people, 100 tokens to begin with, 10 a second.
    expect(Math.abs((text.emptyInSec ?? 0) - 192)).toBeLessThan(4);
    expect(text.tailWaitSec).toBeGreaterThan(85);
  });

  it.each(['', '0,20\nten,20', '10,5\n5,5', '0,-1', '{"atSec":0}', '0,20,3', '[', '0,1e9'])(
    'refuses "%s", naming the file',
    async (text) => {
      const { code, stderr } = await simulate('--arrivals', file(text));
      expect(code).toBe(2);
      expect(stderr).toContain('arrivals.csv');
    },
  );
});

describe('from a live event', () => {
  const steady = (change: Partial<QueueSnapshot> = {}) => snapshotOf({ changes: [], ...change });

  it('begins with its line, its bucket and what its people do', async () => {
    machine.api.snapshotNow = steady({ joinPerSec: 0, away: 0, expiredTotal: 0, leftTotal: 0 });
    const found = await outcome('--from-live', 'evt_x');
    expect(found).toMatchObject({ event: 'evt_x', given: { waiting: 18_234, capacity: 500, use: 0.972 } });
    expect(Math.abs((found.emptyInSec ?? 0) - (18_234 - 212.9) / (50 * 0.972))).toBeLessThan(4);
    const atMs = Date.parse(found.emptyAt ?? '') - Date.parse('2026-11-21T05:03:21Z');
    expect(atMs / 1000).toBeCloseTo(found.emptyInSec ?? 0, 0);
  });

  it('looks an hour ahead unless it is told how far', async () => {
    machine.api.snapshotNow = steady({ joinPerSec: 70 });
    const { stdout, stderr } = await simulate('--from-live', 'evt_x');
    expect(stdout).toMatch(/\n +- +- /);
    expect(stderr).toContain('the line is not empty within 1h00m');
    const hour = await simulate('--from-live', 'evt_x', '-o', 'json');
    const { item } = JSON.parse(hour.stdout) as { item: Simulation };
    expect(item.given.horizonSec).toBe(3_600);
    // 50 a second for an hour and what the bucket holds, not what a whole day lets through.
    expect(item.admitted).toBeGreaterThan(150_000);
    expect(item.admitted).toBeLessThanOrEqual(3_600 * 50 + 500);
    const day = await simulate('--from-live', 'evt_x', '--horizon', '2h', '-o', 'json');
    expect((JSON.parse(day.stdout) as { item: Simulation }).item.given.horizonSec).toBe(7_200);
    expect((await outcome('--visitors', '10')).given.horizonSec).toBe(86_400);
  });

  it('tries another refill on it, ramp and all', async () => {
    machine.api.snapshotNow = steady();
    const before = await outcome('--from-live', 'evt_x');
    const after = await outcome('--from-live', 'evt_x', '--refill', '80', '--ramp', '1m');
    expect(after.emptyInSec).toBeLessThan((before.emptyInSec ?? 0) * 0.75);
    expect(after.given.refillPerSec).toBe(50);
  });

  it('says that it is paused, and counts as if it went on now', async () => {
    machine.api.snapshotNow = steady({ paused: true });
    const { code, stderr } = await simulate('--from-live', 'evt_x');
    expect([code, stderr]).toEqual([0, 'warning: evt_x is paused: the forecast is as if it went on now\n']);
  });

  it('takes capacity and refill alone with --event', async () => {
    const found = await outcome('--event', 'evt_x', '--visitors', '5500');
    expect(found.given).toMatchObject({ waiting: 5_500, tokens: 500, refillPerSec: 50, use: 1 });
  });

  it('ends with 3 where there is no such event', async () => {
    const { CliError } = await import('../../errors.ts');
    machine.api.failures.snapshot = new CliError('event not found', { code: 'EVENT_NOT_FOUND', exitCode: 3 });
    expect((await simulate('--from-live', 'evt_none')).code).toBe(3);
  });

  it('measures the use only where it was steady and enough people waited', () => {
    expect(measuredUse(steady())).toBeCloseTo(0.972, 3);
    expect(measuredUse(steady({ waiting: 300 }))).toBe(1);
    expect(measuredUse(steady({ paused: true }))).toBe(1);
    const bucket = { ...steady().bucket, refillPerSec: { now: 50, target: 80 } };
    expect(measuredUse(steady({ bucket }))).toBe(1);
    const changed = snapshotOf();
    const [change] = changed.changes;
    if (change) expect(measuredUse({ ...changed, changes: [{ ...change, at: changed.asOf }] })).toBe(1);
    expect(measuredUse(steady({ admitPerSec1m: 70 }))).toBe(1);
  });

  it('takes for no-shows who went without entering, and nobody before anything is known', () => {
    const nobody = { away: 0, expiredTotal: 0, leftTotal: 0, admittedTotal: 0 };
    expect(measuredNoShow(steady(nobody))).toBe(0);
    expect(measuredNoShow(steady({ ...nobody, expiredTotal: 200, admittedTotal: 780 }))).toBeCloseTo(0.2, 6);
  });
});
