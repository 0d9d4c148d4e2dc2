import { describe, expect, it } from 'vitest';
import { Flow } from '../flow.ts';
import { ratePerSec } from './rates.ts';

const nowMs = 1_800_000_000_000;
const steady = (perSec: number, seconds: number): Flow => {
  const flow = new Flow();
  for (let sec = 1; sec <= seconds; sec += 1) flow.record('joined', nowMs - sec * 1000, perSec);
  return flow;
};

describe('a rate', () => {
  it('is that of the window', () => {
    const rate = (sec: number) => ratePerSec(steady(40, 600), 'joined', { nowMs, sinceMs: 0, sec });
    expect([rate(10), rate(60), rate(300)]).toEqual([40, 40, 40]);
    expect(rate(900)).toBeCloseTo((40 * 600) / 900, 1);
  });

  it('over more than was watched is that of the time watched', () => {
    const rate = (sec: number) =>
      ratePerSec(steady(40, 20), 'joined', { nowMs, sinceMs: nowMs - 20_000, sec });
    expect([rate(10), rate(60), rate(900)]).toEqual([40, 40, 40]);
  });

  it('is no spike within the first second, and leaves out what is older than the watching', () => {
    const flow = new Flow();
    flow.record('joined', nowMs - 30_000, 5_000);
    flow.record('joined', nowMs, 300);
    const span = { nowMs: nowMs + 300, sinceMs: nowMs, sec: 10 };
    expect(ratePerSec(flow, 'joined', span)).toBe(0);
    expect(ratePerSec(flow, 'joined', { ...span, nowMs: nowMs + 1_000 })).toBe(300);
  });
});
