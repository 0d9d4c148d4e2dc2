import { describe, expect, it } from 'vitest';
import { nowMs, seenWith } from '../../../test/helpers/seen.ts';
import { forecast } from '../../forecast/forecast.ts';
import { Flow } from '../flow.ts';
import { constant } from '../timed-value.ts';
import { behaviourOf, courseOf, forecastInput } from './forecast-input.ts';

const everybody = { use: 1, noShow: 0, joinPerSec: 2, isSteady: false };
const inputOf = (options: Parameters<typeof seenWith>[0], behaviour = everybody) => {
  const { settings, waiting, tokensMicro } = seenWith(options);
  return forecastInput({ settings, waiting, tokensMicro, behaviour, nowMs });
};

describe('the input of a forecast', () => {
  it('is the line as it stands', () => {
    expect(inputOf({ waiting: 500, tokens: 20 })).toMatchObject({
      waiting: 500,
      tokens: 20,
      capacity: 100,
      refill: [{ atSec: 0, perSec: 10 }],
      arrivals: [{ atSec: 0, perSec: 2 }],
      openAtSec: 0,
    });
  });

  it('lets nobody through while paused or closed, and nobody in while closed or draining', () => {
    expect(inputOf({ meta: { paused: '1' } })).toMatchObject({
      tokens: 0,
      refill: [{ atSec: 0, perSec: 0 }],
    });
    expect(inputOf({ meta: { paused: '1' } }).arrivals).toHaveLength(1);
    expect(inputOf({ meta: { phase: 'closed' } })).toMatchObject({
      refill: [{ atSec: 0, perSec: 0 }],
      arrivals: [],
    });
    expect(inputOf({ meta: { phase: 'draining' } })).toMatchObject({
      refill: [{ atSec: 0, perSec: 10 }],
      arrivals: [],
    });
  });

  it('waits for the opening', () => {
    expect(inputOf({ opensAtMs: nowMs + 90_000 }).openAtSec).toBe(90);
  });

  it('counts an overdraft as an empty bucket', () => {
    expect(inputOf({ tokens: -5 }).tokens).toBe(0);
  });

  it('looks less far ahead where very many come', () => {
    expect(inputOf({}).horizonSec).toBe(14_400);
    expect(inputOf({}, { ...everybody, joinPerSec: 1_000 }).horizonSec).toBe(500);
    expect(inputOf({}, { ...everybody, joinPerSec: 1e6 }).horizonSec).toBe(60);
  });

  it('follows ramps and jumps', () => {
    const ramp = { from: 10e6, fromAtMs: nowMs, to: 40e6, toAtMs: nowMs + 30_000, untilMs: 0, after: 40e6 };
    expect(courseOf(ramp, nowMs + 10_000)).toEqual([
      { atSec: 0, perSec: 20 },
      { atSec: 20, perSec: 40 },
    ]);
    const limited = { ...constant(50e6), untilMs: nowMs + 60_000, after: 10e6 };
    expect(courseOf(limited, nowMs)).toEqual([
      { atSec: 0, perSec: 50 },
      { atSec: 60, perSec: 50 },
      { atSec: 60, perSec: 10 },
    ]);
    expect(courseOf(limited, nowMs + 60_000)).toEqual([{ atSec: 0, perSec: 10 }]);
  });
});

describe('behaviour', () => {
  const flowOf = (counts: { entered: number; left: number }): Flow => {
    const flow = new Flow();
    flow.record('entered', nowMs - 5_000, counts.entered);
    flow.record('left', nowMs - 5_000, counts.left);
    return flow;
  };
  const measure = (
    flow: Flow,
    admitPerSec1m: number,
    options: Parameters<typeof seenWith>[0] = { waiting: 500 },
    watchedSec = 900,
  ) => {
    const seen = seenWith(options);
    return behaviourOf(flow, { ...seen, measured: { admitPerSec1m, joinPerSec: 3, watchedSec } });
  };

  it('is measured once enough people have moved', () => {
    expect(measure(flowOf({ entered: 80, left: 20 }), 9)).toEqual({
      use: 0.9,
      noShow: 0.2,
      joinPerSec: 3,
      isSteady: true,
    });
    expect(measure(flowOf({ entered: 20, left: 5 }), 9)).toEqual({
      use: 1,
      noShow: 0,
      joinPerSec: 3,
      isSteady: false,
    });
  });

  it('takes the rate for use only where the settings are a minute old and people were there', () => {
    const flow = flowOf({ entered: 80, left: 20 });
    const changed = { waiting: 500, meta: { changedAt: String(nowMs - 30_000) } };
    expect(measure(flow, 2, changed).use).toBe(1);
    expect(measure(flow, 2, { waiting: 50 }).use).toBe(1);
    expect(measure(flow, 2, { waiting: 500, meta: { paused: '1' } }).use).toBe(1);
    expect(measure(flow, 0).use).toBe(0.05);
  });

  it('takes no-shows of the time that was watched only, as admissions alone are known from before', () => {
    const flow = flowOf({ entered: 80, left: 20 });
    flow.record('entered', nowMs - 600_000, 900);
    expect(measure(flow, 9, { waiting: 500 }, 300).noShow).toBe(0.2);
    expect(measure(flow, 9, { waiting: 500 }, 900).noShow).toBe(0.02);
  });
});

describe('a minute ahead, reckoned by hand', () => {
  const minute = (behaviour: typeof everybody) =>
    forecast(inputOf({ waiting: 1_000, tokens: 80 }, behaviour));

  it('is the refill that is used, the no-shows that vanish beside it, and those who come', () => {
    // 10/s, of which 0.9 is used: 540 enter. One of ten never does: 600 are reached. 3/s come: 1,000 + 180 - 600.
    const { waitingIn60Sec, admittedIn60Sec } = minute({
      use: 0.9,
      noShow: 0.1,
      joinPerSec: 3,
      isSteady: true,
    });
    expect(Math.abs(admittedIn60Sec - 540)).toBeLessThanOrEqual(1);
    expect(Math.abs(waitingIn60Sec - 580)).toBeLessThanOrEqual(2);
  });

  it('counts what stands in the bucket only where the use was not measured with it standing there', () => {
    // 80 at once and 10/s: 680 enter.
    const { waitingIn60Sec, admittedIn60Sec } = minute({ ...everybody, joinPerSec: 3 });
    expect(Math.abs(admittedIn60Sec - 680)).toBeLessThanOrEqual(1);
    expect(Math.abs(waitingIn60Sec - 500)).toBeLessThanOrEqual(2);
  });
});
