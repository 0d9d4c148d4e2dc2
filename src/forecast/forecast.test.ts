import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { courseSamples, type ForecastInput, forecast } from './forecast.ts';
import { seededRandom } from './random.ts';

const line = (change: Partial<ForecastInput> = {}): ForecastInput => ({
  waiting: 1_000,
  tokens: 0,
  capacity: 100,
  refill: [{ atSec: 0, perSec: 10 }],
  use: 1,
  noShow: 0,
  arrivals: [],
  openAtSec: 0,
  horizonSec: 3_600,
  ...change,
});

describe('closed forms', () => {
  it('takes the people over the refill, less what the bucket holds', () => {
    expect(forecast(line()).emptyInSec).toBeCloseTo(100, 6);
    const full = forecast(line({ tokens: 100 }));
    expect(full).toMatchObject({
      admittedIn60Sec: 700,
      waitingIn60Sec: 300,
      peakWaiting: 1_000,
      admitted: 1_000,
    });
    expect(full.emptyInSec).toBeCloseTo(90, 6);
    expect(full.tailWaitSec).toBeCloseTo(90, 6);
    expect(full.waitP50Sec).toBeCloseTo(40, 6);
    expect(full.waitP95Sec).toBeCloseTo(85, 6);
  });

  it('takes measured use and no-shows into account', () => {
    expect(forecast(line({ use: 0.5 })).emptyInSec).toBeCloseTo(200, 6);
    expect(forecast(line({ noShow: 0.2 })).emptyInSec).toBeCloseTo(80, 6);
    expect(forecast(line({ noShow: 1 })).emptyInSec).toBe(0);
  });

  it('follows a ramp: 10 to 30 a second in 20 s bring 400, the other 600 take 20 s more', () => {
    const ramp = [
      { atSec: 0, perSec: 10 },
      { atSec: 20, perSec: 30 },
    ];
    expect(forecast(line({ refill: ramp })).emptyInSec).toBeCloseTo(40, 6);
  });

  it('stands still while the refill is nothing, and counts an opening from its time', () => {
    const pause = [
      { atSec: 0, perSec: 10 },
      { atSec: 50, perSec: 10 },
      { atSec: 50, perSec: 0 },
      { atSec: 110, perSec: 0 },
      { atSec: 110, perSec: 10 },
    ];
    expect(forecast(line({ refill: pause })).emptyInSec).toBeCloseTo(160, 6);
    const later = forecast(line({ openAtSec: 300, tokens: 40 }));
    // The bucket is full when it opens.
    expect(later.emptyInSec).toBeCloseTo(390, 6);
    expect(later.admittedIn60Sec).toBe(0);
  });

  it('grows by what comes in above the refill, and the last to come waits longest', () => {
    const rush = [
      { atSec: 0, perSec: 20 },
      { atSec: 100, perSec: 20 },
      { atSec: 100, perSec: 0 },
    ];
    const found = forecast(line({ waiting: 0, arrivals: rush }));
    expect(found.peakWaiting).toBeGreaterThan(995);
    expect(found.peakWaiting).toBeLessThan(1_005);
    expect(found.doneInSec).toBeCloseTo(200, 0);
    expect(found.longestWaitSec).toBeCloseTo(100, 0);
    expect(found.emptyInSec).toBe(0);
  });

  it('says when the line is empty though people go on coming', () => {
    const found = forecast(line({ arrivals: [{ atSec: 0, perSec: 5 }] }));
    expect(found.emptyInSec).toBeCloseTo(200, 0);
    expect(found.doneInSec).toBeCloseTo(3_600, 0);
  });

  it('says null for what does not happen within the horizon, and for a refill of nothing', () => {
    const never = forecast(line({ refill: [{ atSec: 0, perSec: 0 }] }));
    expect(never).toMatchObject({
      emptyInSec: null,
      tailWaitSec: null,
      longestWaitSec: null,
      waitP50Sec: null,
    });
    expect(never).toMatchObject({ waitingIn60Sec: 1_000, admittedIn60Sec: 0, doneInSec: null });
    expect(forecast(line({ horizonSec: 99 })).emptyInSec).toBeNull();
    expect(forecast(line({ arrivals: [{ atSec: 0, perSec: 50 }] })).longestWaitSec).toBeNull();
  });

  it('says nought for an empty line, and begins below nothing after an overdraft', () => {
    expect(forecast(line({ waiting: 0 }))).toMatchObject({ emptyInSec: 0, tailWaitSec: 0, peakWaiting: 0 });
    expect(forecast(line({ tokens: -10 })).emptyInSec).toBeCloseTo(101, 6);
  });

  it('keeps no more tokens than the bucket holds', () => {
    expect(forecast(line({ tokens: 500 })).emptyInSec).toBeCloseTo(90, 6);
  });
});

describe('people who notice at their next poll', () => {
  it('enter a poll later at most, and the rate is reached all the same', () => {
    const found = forecast(line({ pollSec: 2 }));
    expect(found.emptyInSec).toBeGreaterThan(100);
    expect(found.emptyInSec).toBeLessThan(102.4);
    expect(Math.abs(found.admittedIn60Sec - 590)).toBeLessThan(4);
  });

  it('wait a whole poll when their turn is there at once', () => {
    const found = forecast(line({ waiting: 50, tokens: 100, pollSec: 2 }));
    expect(found.tailWaitSec).toBeGreaterThan(1.6);
    expect(found.waitP50Sec).toBeCloseTo(2, 0);
  });

  it('are let through slower than the refill where bucket or window hold less than a poll of it', () => {
    const fast = { refill: [{ atSec: 0, perSec: 50 }], pollSec: 2 };
    expect(forecast(line({ ...fast, capacity: 10 })).emptyInSec).toBeGreaterThan(99);
    expect(forecast(line({ ...fast, window: 10 })).emptyInSec).toBeGreaterThan(99);
    expect(forecast(line({ ...fast, capacity: 200 })).emptyInSec).toBeLessThan(23);
  });
});

describe('tiers', () => {
  const tiers = [
    { first: 1, last: 10, waitSec: 0 },
    { first: 11, last: 0, waitSec: 5 },
  ];

  it('hold a fresh crowd back while the full bucket loses its refill, and nobody who has waited', () => {
    const given = { tokens: 100, tiers, pollSec: 2 };
    const waited = forecast(line(given)).emptyInSec ?? 0;
    const fresh = forecast(line({ ...given, isFresh: true })).emptyInSec ?? 0;
    expect(fresh - waited).toBeGreaterThan(2);
    expect(fresh - waited).toBeLessThan(6);
  });

  it('hold a newcomer back by the position that they come to', () => {
    const rush = [
      { atSec: 0, perSec: 100 },
      { atSec: 1, perSec: 100 },
      { atSec: 1, perSec: 0 },
    ];
    const found = forecast(line({ waiting: 0, tokens: 100, arrivals: rush, tiers, pollSec: 2 }));
    expect(found.longestWaitSec).toBeGreaterThanOrEqual(5);
    expect(found.longestWaitSec).toBeLessThan(7.5);
  });
});

/** Every token of it on its own, in steps of a millisecond: slow, and too simple to be wrong. */
function bruteForce(input: ForecastInput): { waiting: number[]; admitted: number[] } {
  const stepSec = 0.001;
  const waiting: number[] = [];
  const admitted: number[] = [];
  let tokens = input.tokens;
  let [joined, reached, entered, come] = [input.waiting, 0, 0, 0];
  for (let step = 0; step * stepSec <= input.horizonSec; step += 1) {
    const sec = step * stepSec;
    tokens = Math.min(tokens, input.capacity);
    // Served before the cap: else a token that comes within the step would be lost.
    if (step > 0) tokens += rateAt(input.refill, sec - stepSec / 2) * input.use * stepSec;
    if (step > 0) come += rateAt(input.arrivals, sec - stepSec / 2) * stepSec;
    while (joined - input.waiting + 1 <= come + 1e-9) joined += 1;
    for (; sec >= input.openAtSec && reached < joined; reached += 1) {
      if (isNoShow(input, reached)) continue;
      if (tokens < 1 - 1e-9) break;
      tokens -= 1;
      entered += 1;
    }
    waiting.push(joined - reached);
    admitted.push(entered);
  }
  return { waiting, admitted };
}
const isNoShow = ({ noShow }: ForecastInput, at: number): boolean =>
  Math.floor((at + 1) * noShow + 1e-9) > Math.floor(at * noShow + 1e-9);
function rateAt(pieces: ForecastInput['refill'], sec: number): number {
  const at = pieces.findIndex(({ atSec }) => atSec > sec);
  const to = at < 0 ? pieces.at(-1) : pieces[at];
  const from = at <= 0 ? to : pieces[at - 1];
  if (!to || !from || from === to) return to?.perSec ?? 0;
  return from.perSec + ((to.perSec - from.perSec) * (sec - from.atSec)) / (to.atSec - from.atSec);
}

const course = (most: number) =>
  fc
    .array(fc.record({ atSec: fc.integer({ min: 0, max: 60 }), perSec: fc.integer({ min: 0, max: most }) }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((list) => list.toSorted((a, b) => a.atSec - b.atSec))
    .filter((list) => list.every(({ atSec }, at) => at === 0 || atSec > (list[at - 1]?.atSec ?? 0)));

describe('against a simulation of every token', () => {
  it('agrees at every moment on who waits and who is in, for any bucket and crowd', () => {
    fc.assert(
      fc.property(
        fc.record({
          waiting: fc.integer({ min: 0, max: 400 }),
          tokens: fc.integer({ min: -10, max: 60 }),
          capacity: fc.integer({ min: 1, max: 60 }),
          refill: course(30),
          arrivals: course(8),
          use: fc.constantFrom(1, 0.9, 0.5),
          noShow: fc.constantFrom(0, 0.1, 0.25),
          openAtSec: fc.constantFrom(0, 0, 7.5),
        }),
        (given) => {
          const input = { ...given, horizonSec: 80 };
          const slow = bruteForce(input);
          const fast = forecast(input);
          // A token and a newcomer may each fall on the other side of a step, and a no-show goes with who is in front.
          const waitingMost = input.noShow > 0 ? 3 : 2;
          for (const { atSec, waiting, admitted } of fast.course) {
            const step = Math.round(atSec * 1000);
            expect(Math.abs(admitted - (slow.admitted[step] ?? 0))).toBeLessThanOrEqual(2);
            expect(Math.abs(waiting - (slow.waiting[step] ?? 0))).toBeLessThanOrEqual(waitingMost);
          }
          expect(Math.abs(fast.admittedIn60Sec - (slow.admitted[60_000] ?? 0))).toBeLessThanOrEqual(2);
          const peak = Math.max(input.waiting, ...slow.waiting);
          expect(Math.abs(fast.peakWaiting - peak)).toBeLessThanOrEqual(waitingMost);
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);
});

describe('chance', () => {
  it('is the same for the same seed, and another for another', () => {
    const run = (seed: number) =>
      forecast(line({ noShow: 0.3, pollSec: 2, random: seededRandom(seed) })).emptyInSec;
    expect(run(7)).toBe(run(7));
    expect(run(7)).not.toBe(run(8));
    expect(Math.abs((run(7) ?? 0) - 70)).toBeLessThan(10);
  });
});

describe('size', () => {
  it('forecasts 300,000 people in less than 50 ms, and a crowd of any size about as fast', () => {
    const many = line({
      waiting: 300_000,
      refill: [{ atSec: 0, perSec: 500 }],
      capacity: 2_000,
      noShow: 0.1,
      pollSec: 2,
    });
    // CPU time of the best run: what else the machine does is not the model's.
    const fastest = (input: ForecastInput): number =>
      Math.min(
        ...Array.from({ length: 10 }, () => {
          const from = process.cpuUsage();
          forecast(input);
          return process.cpuUsage(from).user / 1000;
        }),
      );
    expect(fastest(many)).toBeLessThan(50);
    expect(fastest({ ...many, waiting: 90_000_000, horizonSec: 86_400 })).toBeLessThan(150);
  });

  it('groups people in a crowd of millions, which changes the answer by less than a thousandth', () => {
    const found = forecast(
      line({ waiting: 3_000_000, refill: [{ atSec: 0, perSec: 1_000 }], capacity: 4_000 }),
    );
    expect(Math.abs((found.emptyInSec ?? 0) - 3_000)).toBeLessThan(3);
  });
});

describe('the course', () => {
  it('goes from now to the end of the line and never jumps', () => {
    const { course } = forecast(line());
    expect(course).toHaveLength(courseSamples);
    expect(course[0]).toEqual({ atSec: 0, waiting: 1_000, admitted: 0 });
    expect(course.at(-1)).toMatchObject({ waiting: 0, admitted: 1_000 });
    for (const [at, sample] of course.entries()) {
      expect(sample.waiting + sample.admitted).toBe(1_000);
      expect(Math.abs(sample.atSec - (100 * at) / (courseSamples - 1))).toBeLessThan(1e-6);
    }
  });
});
