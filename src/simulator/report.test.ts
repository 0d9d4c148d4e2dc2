import { describe, expect, it } from 'vitest';
import { EtaLog } from './eta-log.ts';
import { crowdSettings } from './options.ts';
import { countOvertaken, orderOf } from './order.ts';
import { judgeRefusal } from './refusal.ts';
import { makeReport } from './report.ts';
import { renderReport } from './report-text.ts';
import { admissionRate, busiest, fullSeconds } from './series.ts';
import { Tally } from './tally.ts';
import type { Answer } from './wire.ts';

const settings = crowdSettings({ gateway: 'http://127.0.0.1:1', event: 'evt_x', runId: 'r' });
const answer = (status: number, answeredAtMs: number): Answer => ({
  status,
  body: '',
  retryAfterMs: undefined,
  failure: undefined,
  askedAtMs: 100,
  sentAtMs: 200,
  answeredAtMs,
});

describe('the series of admissions', () => {
  const perSec = [0, 4, 10, 10, 13, 0, 10, 2];

  it('has a rate over any interval, by default between its partial ends', () => {
    expect(fullSeconds(perSec)).toEqual({ fromSec: 2, toSec: 7 });
    expect(admissionRate(perSec, { fromSec: 2, toSec: 7 })).toBe(43 / 5);
    expect(admissionRate([], fullSeconds([]))).toBe(0);
    expect(fullSeconds([0, 5])).toEqual({ fromSec: 2, toSec: 2 });
  });

  it('tells the most in any window', () => {
    expect(busiest(perSec, 1)).toBe(13);
    expect(busiest(perSec, 3)).toBe(33);
    expect(busiest(perSec, 100)).toBe(49);
  });
});

describe('the order', () => {
  it('ranks joins of one moment by their hints and others by time', () => {
    const seen = (joinedAtMs: number, positionHint: number, admittedAtMs: number) => ({
      joinedAtMs,
      positionHint,
      admittedAtMs,
    });
    const order = orderOf([seen(900, 1, 4), seen(20, 2, 2), seen(10, 3, 3), seen(30, 1, 1)]);
    expect(order.map(({ admittedAtMs }) => admittedAtMs)).toEqual([1, 2, 3, 4]);
    expect(order.map(({ joinIndex }) => joinIndex)).toEqual([0, 1, 2, 3]);
  });

  it('counts who was overtaken from farther behind than the window reaches', () => {
    const order = [5, 1, 2, 3, 9, 4].map((admittedAtMs, joinIndex) => ({ joinIndex, admittedAtMs }));
    expect(countOvertaken(order, 0)).toBe(2);
    expect(countOvertaken(order, 3)).toBe(1);
    expect(countOvertaken(order, 5)).toBe(0);
    expect(countOvertaken([], 100)).toBe(0);
  });
});

describe('ETAs', () => {
  it('are judged with 30 s or more left and confidence 0.6 or more, by the larger of 10 % and 5 s', () => {
    const log = new EtaLog();
    log.note(0, 109, 0.8); // 100 s left, 9 off: within
    log.note(0, 111, 0.8); // 11 off
    log.note(60_000, 44, 0.6); // 40 s left, 4 off: within
    log.note(60_000, 46, 0.6); // 6 off
    log.note(0, 300, 0.2); // not confident
    log.note(80_000, 300, 1); // 20 s left
    expect(log.judge(100_000)).toEqual({ polls: 4, within: 2 });
    expect(log.judge(100_000)).toEqual({ polls: 0, within: 0 });
  });
});

describe('a refusal after ready', () => {
  const error = { code: 'NOT_READY', reason: 'tokens', retryAfterMs: undefined, waitingToken: undefined };

  it('is unexplained within a second, late after it, explained by what changed', () => {
    expect(judgeRefusal(answer(403, 1_900), error, 1_000)).toEqual({ reason: 'tokens', kind: 'unexplained' });
    expect(judgeRefusal(answer(403, 2_100), error, 1_000).kind).toBe('late');
    for (const reason of ['settings_changed', 'returned_in_front', 'restoring', 'paused']) {
      expect(judgeRefusal(answer(403, 1_900), { ...error, reason }, 1_000).kind).toBe('explained');
    }
  });

  it('is explained by a 503, and named by its code without a reason', () => {
    const bare = { ...error, reason: undefined };
    expect(judgeRefusal(answer(503, 1_900), { ...bare, code: 'UNAVAILABLE' }, 1_000)).toEqual({
      reason: 'unavailable',
      kind: 'explained',
    });
    expect(judgeRefusal(answer(429, 1_900), { ...bare, code: undefined }, 1_000)).toEqual({
      reason: 'http_429',
      kind: 'unexplained',
    });
  });
});

describe('the report', () => {
  const cpu = { user: 3_000, system: 1_000 };

  it('adds up what the tally counted', () => {
    const tally = new Tally();
    tally.answered('join', answer(202, 210));
    tally.answered('status', { ...answer(0, 0), failure: 'ECONNREFUSED' });
    tally.error('RATE_LIMITED');
    tally.refused('tokens', 'unexplained');
    tally.refused('tokens', 'late');
    tally.refused('paused', 'explained');
    const t0 = tally.startedAtMs;
    for (const second of [0, 1, 1, 2]) tally.admission(t0, 1, t0 + second * 1000 + 500);
    tally.outcomes.entered = 4;
    tally.etaPolls = 4;
    tally.etaPollsWithin = 3;
    const report = makeReport(tally, settings, cpu);
    expect(report.requests).toMatchObject({ join: 1, status: 1, enter: 0, leave: 0 });
    expect(report.latencyMs.join).toMatchObject({ count: 1, max: expect.closeTo(10, 1) });
    expect(report.connectionWaitMs.p50).toBeCloseTo(100, 0);
    expect(report.errors).toEqual({ RATE_LIMITED: 1 });
    expect(report.connectionErrors).toEqual({ ECONNREFUSED: 1 });
    expect(report.refusalsAfterReady).toMatchObject({ total: 3, explained: 1, late: 1, unexplained: 1 });
    expect(report.admissions).toEqual({ total: 4, perSec: [1, 2, 1], ratePerSec: 2, fromSec: 1, toSec: 2 });
    expect(report.waitSec.max).toBeCloseTo(2.5, 2);
    expect(report.eta).toEqual({ polls: 4, within: 3, share: 0.75 });
    expect(report.cpu.perRequestUs).toBe(2_000);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('renders in 80 columns, without control characters of the gateway', () => {
    const tally = new Tally();
    tally.error('\u001b[2JEVIL');
    const text = renderReport(makeReport(tally, settings, cpu));
    expect(text).toContain('1 ?[2JEVIL');
    expect(text).not.toContain('\u001b');
    expect(text).toContain('no poll to judge');
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});
