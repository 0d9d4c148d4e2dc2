import { describe, expect, it } from 'vitest';
import { idleFigures } from '../../../test/helpers/idle-figures.ts';
import { formatFigures, type ReportFigures } from '../report-figures.ts';
import { fleetOf, GatewayMemory, streamingOf } from './fleet.ts';
import { parseReports } from './receipt.ts';

const nowMs = 1_800_000_000_000;
const text = (gateway: string, figures?: Partial<ReportFigures>, agoMs = 100, revision = 7): string =>
  `${nowMs - agoMs} ${revision} ${gateway}${figures ? ` ${formatFigures({ ...idleFigures, ...figures })}` : ''}`;

describe('the places that stream', () => {
  it('are those that any worker names, of workers heard lately', () => {
    const reports = parseReports({
      'a/w1': text('a', { sq: '3,17' }),
      'a/w2': text('a', { sq: '5' }),
      'b/w1': text('b', { sq: '9' }, 60_000),
    });
    expect(streamingOf(reports, nowMs)).toEqual(new Set([3, 17, 5]));
  });

  it('are not known where no gateway says anything of itself', () => {
    expect(streamingOf(parseReports({ 'a/w1': text('a') }), nowMs)).toBeUndefined();
  });
});

describe('the fleet', () => {
  it('adds up what its workers say, and takes the worst of p99 and lag', () => {
    const reports = parseReports({
      'a/w1': text('a', { st: 3, rq: 900, e5: 9, c4: 90, jp: 20, cpu: 30, lag: 40, eta: 0.1 }),
      'a/w2': text('a', { st: 4, rq: 100, e5: 1, c4: 0, jp: 250, cpu: 50, lag: 10, eta: 0.3 }),
      'b/w1': text('b', { v: '1.0.1' }),
    });
    expect(fleetOf(reports, 7, nowMs)).toEqual({
      seen: 2,
      inForce: 2,
      missing: [],
      streams: 7,
      errors5xxPercent: 1,
      conflictsPercent: 9,
      joinP99Ms: 250,
      cpuPercent: 26.7,
      lagMs: 40,
      etaErrorRatio: 0.2,
      versions: ['1.0.0', '1.0.1'],
    });
  });

  it('knows no figures of gateways that say none, nor of the silent', () => {
    const reports = parseReports({ 'a/w1': text('a'), 'b/w1': text('b', { st: 9 }, 3_500) });
    const unknown = { streams: null, errors5xxPercent: null, joinP99Ms: null, lagMs: null, versions: [] };
    expect(fleetOf(reports, 7, nowMs)).toMatchObject({ seen: 1, ...unknown });
    expect(fleetOf([], 7, nowMs)).toMatchObject({ seen: 0, inForce: 0, ...unknown });
  });

  it('takes text that is no figures as none', () => {
    const [report] = parseReports({ 'a/w1': `${nowMs} 7 a {"v":` });
    expect([report?.gateway, report?.figures]).toEqual(['a', undefined]);
  });
});

describe('the memory of gateways', () => {
  const memory = (...steps: (readonly [atMs: number, hash: Record<string, string>])[]) => {
    const made = new GatewayMemory();
    for (const [atMs, hash] of steps) made.take(parseReports(hash), atMs);
    return made;
  };

  it('keeps one that fell silent and was dropped by the sweep, for 300 s', () => {
    const made = memory([nowMs, { 'a/w1': text('a', { lag: 5 }) }], [nowMs + 5_200, {}]);
    const gateway = {
      gateway: 'a',
      lastMs: nowMs - 100,
      revision: 7,
      version: '1.0.0',
      lagMs: 5,
      workers: 1,
    };
    expect(made.gateways(nowMs + 299_000)).toEqual([gateway]);
    expect(made.gateways(nowMs + 300_000)).toEqual([]);
  });

  it('forgets one that said goodbye', () => {
    expect(memory([nowMs, { 'a/w1': text('a') }], [nowMs + 1_000, {}]).gateways(nowMs + 1_000)).toEqual([]);
  });

  it('counts the workers of each', () => {
    const made = memory([nowMs, { 'a/w1': text('a'), 'a/w2': text('a'), 'b/w1': text('b') }]);
    const counts = made.gateways(nowMs).map(({ gateway, workers }) => `${gateway} ${workers}`);
    expect(counts.toSorted()).toEqual(['a 2', 'b 1']);
  });

  it('does not hold a dead worker against the one that took its place', () => {
    const made = memory(
      [nowMs, { 'a/w1': text('a', {}, 0, 6) }],
      [nowMs + 6_000, { 'a/w2': text('a', {}, -6_000, 7) }],
    );
    expect(made.gateways(nowMs + 6_000)).toMatchObject([{ revision: 7, lastMs: nowMs + 6_000 }]);
  });
});
