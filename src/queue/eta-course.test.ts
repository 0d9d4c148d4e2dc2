import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Course, type CourseInputs } from './eta-course.ts';
import { constant, valueAt } from './timed-value.ts';

const nowMs = Date.UTC(2026, 0, 1);
const still: CourseInputs = {
  nowMs,
  openMs: nowMs,
  refill: constant(10e6),
  use: 1,
  hazard: 0,
  ready: 0,
  releasePerSec: 0,
  releaseFromSec: 0,
  releaseToSec: 60,
  releaseShare: 0,
};

function courseOf(inputs: Partial<CourseInputs>): Course {
  const course = new Course();
  course.prepare({ ...still, ...inputs });
  return course;
}

/** The same course in steps of 10 ms; the slowest of the property below, 3,000 places at 0.2 a second, takes 15,000 s. */
function stepped(inputs: CourseInputs, gap: number): number {
  let rest = gap;
  let sec = 0;
  for (const stepSec = 0.01; rest > 0 && sec < 20_000; sec += stepSec) {
    const ms = nowMs + (sec + stepSec / 2) * 1000;
    rest -= inputs.hazard * rest * stepSec;
    if (ms < inputs.openMs) continue;
    const admitted = (valueAt(inputs.refill, ms) / 1e6) * inputs.use;
    const sinceOpenSec = (ms - inputs.openMs) / 1000;
    let released = admitted / (1 - inputs.releaseShare) - admitted;
    if (sinceOpenSec < inputs.releaseToSec) {
      released = sinceOpenSec < inputs.releaseFromSec ? 0 : inputs.releasePerSec;
    }
    rest -= (admitted + released + inputs.hazard * inputs.ready) * stepSec;
  }
  return sec;
}

describe('Course', () => {
  it('divides by a constant rate', () => {
    expect(courseOf({}).secondsTo(250)).toBeCloseTo(25, 9);
    expect(courseOf({ use: 0.5 }).secondsTo(250)).toBeCloseTo(50, 9);
    expect(courseOf({}).secondsTo(-3)).toBe(0);
  });

  it('follows a ramp, and the end of a timed change', () => {
    const ramp = { from: 10e6, fromAtMs: nowMs, to: 30e6, toAtMs: nowMs + 10_000, untilMs: 0, after: 0 };
    expect(courseOf({ refill: ramp }).secondsTo(200)).toBeCloseTo(10, 6);
    expect(courseOf({ refill: ramp }).secondsTo(500)).toBeCloseTo(20, 6);
    const timed = { ...constant(50e6), untilMs: nowMs + 4_000, after: 5e6 };
    expect(courseOf({ refill: timed }).secondsTo(250)).toBeCloseTo(14, 9);
  });

  it('does not move before the opening, though people leave', () => {
    const openMs = nowMs + 30_000;
    expect(courseOf({ openMs }).secondsTo(100)).toBeCloseTo(40, 9);
    expect(courseOf({ openMs }).secondsTo(0)).toBe(30);
    expect(courseOf({ openMs, hazard: 0.01 }).secondsTo(100)).toBeLessThan(38);
  });

  it('is never done where nobody is admitted', () => {
    expect(courseOf({ refill: constant(0) }).secondsTo(1)).toBe(Number.POSITIVE_INFINITY);
    const stops = { ...constant(10e6), untilMs: nowMs + 5_000, after: 0 };
    expect(courseOf({ refill: stops }).secondsTo(50)).toBeCloseTo(5, 9);
    expect(courseOf({ refill: stops }).secondsTo(51)).toBe(Number.POSITIVE_INFINITY);
  });

  it('agrees with the same differential equation in small steps, and rises with the gap', () => {
    const anyCourse = fc.record({
      openInMs: fc.integer({ min: 0, max: 20_000 }),
      from: fc.integer({ min: 1, max: 60 }),
      to: fc.integer({ min: 1, max: 60 }),
      rampMs: fc.integer({ min: 0, max: 30_000 }),
      untilInMs: fc.integer({ min: 0, max: 60_000 }),
      use: fc.double({ min: 0.2, max: 1, noNaN: true }),
      hazard: fc.constantFrom(0, 1e-9, 0.0005, 0.005),
      releaseShare: fc.double({ min: 0, max: 0.4, noNaN: true }),
      releasePerSec: fc.integer({ min: 0, max: 5 }),
      gap: fc.integer({ min: 1, max: 3_000 }),
    });
    fc.assert(
      fc.property(anyCourse, (drawn) => {
        const inputs: CourseInputs = {
          ...still,
          ...drawn,
          ready: 20,
          releaseFromSec: 10,
          openMs: nowMs + drawn.openInMs,
          refill: {
            from: drawn.from * 1e6,
            fromAtMs: nowMs,
            to: drawn.to * 1e6,
            toAtMs: nowMs + drawn.rampMs,
            untilMs: drawn.untilInMs === 0 ? 0 : nowMs + drawn.untilInMs,
            after: 20e6,
          },
        };
        const course = courseOf(inputs);
        const sec = course.secondsTo(drawn.gap);
        const exact = stepped(inputs, drawn.gap);
        expect(Math.abs(sec - exact)).toBeLessThan(0.1 + exact / 100);
        expect(course.secondsTo(drawn.gap + 1)).toBeGreaterThanOrEqual(sec);
      }),
      { numRuns: 60 },
    );
  });
});
