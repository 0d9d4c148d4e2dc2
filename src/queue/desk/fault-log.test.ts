import { describe, expect, it } from 'vitest';
import type { Alarm } from '../../contract/alarms.ts';
import { type FaultEntry, faultReport } from './fault-log.ts';
import { FaultWatch } from './fault-watch.ts';

const at = (sec: number): string => new Date(sec * 1000).toISOString();
const alarm = (id: string, sec: number, change: Partial<Alarm> = {}): Alarm => ({
  ...{ id, severity: 'warn', text: `${id} warns`, since: at(sec) },
  ...change,
});
const told = (sec: number, on: boolean, which: Alarm, event = 'evt_x'): FaultEntry => ({
  ...{ kind: 'alarm', event, atMs: sec * 1000, on, alarm: which },
});
const reportOf = (entries: readonly FaultEntry[], sinceSec = 0) =>
  faultReport(entries, { event: 'evt_x', sinceMs: sinceSec * 1000 });

describe('the report of faults', () => {
  it('makes one span of an alarm that went on, rose and went off, with its worst severity', () => {
    const crit = alarm('redis-cpu', 10, { severity: 'crit', text: 'worse' });
    const entries = [
      told(10, true, alarm('redis-cpu', 10)),
      told(20, true, crit),
      told(30, true, alarm('redis-cpu', 10)),
      told(40, false, alarm('redis-cpu', 10)),
      told(50, true, alarm('redis-cpu', 50)),
      told(55, true, alarm('join-slow', 55), 'evt_other'),
    ];
    expect(reportOf(entries).alarms).toEqual([
      { id: 'redis-cpu', severity: 'crit', text: 'worse', since: at(10), until: at(40) },
      { id: 'redis-cpu', severity: 'warn', text: 'redis-cpu warns', since: at(50), until: null },
    ]);
    // What was over before the sale is not of it; what was on when it began is.
    expect(reportOf(entries, 41).alarms).toHaveLength(1);
    expect(reportOf(entries, 35).alarms).toHaveLength(2);
  });

  it('tells of failovers, outages of Redis, gateways lost and gateways behind, in their order', () => {
    const lost = { kind: 'gateway-lost', event: 'evt_x', atMs: 30_000, gateway: 'gw-1' } as const;
    const entries: FaultEntry[] = [
      { kind: 'failover', atMs: 5_000 },
      { kind: 'redis-away', fromMs: 20_000, atMs: 26_500 },
      lost,
      lost,
      { ...lost, event: 'evt_other' },
      told(12, true, alarm('replica-lag', 11)),
      told(15, false, alarm('replica-lag', 11)),
    ];
    expect(reportOf(entries).faults.map((one) => [one.kind, one.at, one.until])).toEqual([
      ['failover', at(5), at(5)],
      ['gateways-behind', at(11), at(15)],
      ['redis-away', at(20), at(26.5)],
      ['gateway-lost', at(30), at(30)],
    ]);
    expect(reportOf(entries, 10).faults.map(({ kind }) => kind)).not.toContain('failover');
  });
});

describe('faults are seen', () => {
  const report = (gateway: string, lastSec: number) => ({ gateway, lastMs: lastSec * 1000, revision: 1 });
  const sight = (sec: number, reports: readonly ReturnType<typeof report>[] = [], failovers = 0) => ({
    nowMs: sec * 1000,
    failovers,
    failoverAtMs: failovers === 0 ? null : sec * 1000 - 300,
    facts: new Map([['evt_x', { nowMs: sec * 1000, reports, stale: false }]]),
  });

  it('when a master changed: each once', () => {
    const watch = new FaultWatch();
    expect(watch.look(sight(1))).toEqual([]);
    expect(watch.look(sight(2, [], 2))).toEqual([
      { kind: 'failover', atMs: 1_700 },
      { kind: 'failover', atMs: 1_700 },
    ]);
    expect(watch.look(sight(3, [], 2))).toEqual([]);
  });

  it('when Redis did not answer, from the last look that worked to the next; not when one look took long', () => {
    const watch = new FaultWatch();
    watch.look(sight(1));
    expect(watch.look(sight(9))).toEqual([]);
    watch.missed();
    expect(watch.look(sight(10))).toEqual([]);
    watch.missed();
    watch.missed();
    expect(watch.look(sight(14))).toEqual([{ kind: 'redis-away', fromMs: 10_000, atMs: 14_000 }]);
    expect(watch.look(sight(15))).toEqual([]);
  });

  it('when a gateway is silent: once, and again when it had come back; not for its silence while Redis was away', () => {
    const watch = new FaultWatch();
    expect(watch.look(sight(10, [report('a', 10), report('b', 4)]))).toEqual([
      { kind: 'gateway-lost', event: 'evt_x', atMs: 4_000, gateway: 'b' },
    ]);
    expect(watch.look(sight(11, [report('a', 11), report('b', 4)]))).toEqual([]);
    expect(watch.look(sight(12, [report('a', 12), report('b', 12)]))).toEqual([]);
    expect(watch.look(sight(20, [report('a', 20), report('b', 12)]))).toHaveLength(1);
    watch.missed();
    const after = watch.look(sight(40, [report('a', 20), report('b', 12)]));
    expect(after.map(({ kind }) => kind)).toEqual(['redis-away']);
    expect(watch.look(sight(46, [report('a', 45)]))).toEqual([]);
  });
});
