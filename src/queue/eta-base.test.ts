import { describe, expect, it } from 'vitest';
import { baseEtaSec, baseRate, confidenceOf, LocalHour } from './eta-base.ts';
import { Flow } from './flow.ts';

const nowMs = Date.UTC(2026, 0, 1, 3);

describe('the base formula', () => {
  it('weights the last 1, 5 and 15 minutes 50, 30 and 20 %, and the hour of the day', () => {
    const flow = new Flow();
    flow.record('entered', nowMs, 60);
    flow.record('entered', nowMs - 200_000, 240);
    flow.record('entered', nowMs - 800_000, 600);
    const perSec = 0.5 * 1 + 0.3 * 1 + 0.2 * 1;
    expect(baseRate(flow, nowMs, 14)).toBeCloseTo(perSec, 10);
    expect(baseRate(flow, nowMs, 19)).toBeCloseTo(2 * perSec, 10);
    expect(baseRate(flow, nowMs, 2)).toBeCloseTo(0.2 * perSec, 10);
  });

  it('adds a tenth, says 2 s a place without admissions, and never more than 600 s', () => {
    expect(baseEtaSec(100, 2)).toBeCloseTo(55, 10);
    expect(baseEtaSec(7, 0)).toBe(14);
    expect(baseEtaSec(10_000, 2)).toBe(600);
  });

  it('takes the hour where the event is', () => {
    expect(new LocalHour('UTC').at(nowMs)).toBe(3);
    expect(new LocalHour('Asia/Seoul').at(nowMs)).toBe(12);
    expect(new LocalHour('Asia/Seoul').at(Date.UTC(2026, 0, 1, 15))).toBe(0);
    expect(() => new LocalHour('Mars/Base')).toThrow(RangeError);
  });

  it.each([
    [30, 800, 1],
    [29, 800, 0.2],
    [10, 250, 0.8],
    [9, 250, 0.2],
    [3, 50, 0.6],
    [2, 50, 0.2],
    [0, 0, 0.2],
  ])('%i admissions %i s ago give the confidence %d', (count, agoSec, confidence) => {
    const flow = new Flow();
    flow.record('entered', nowMs - agoSec * 1000, count);
    expect(confidenceOf(flow, nowMs)).toBe(confidence);
  });
});
