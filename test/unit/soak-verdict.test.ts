/** The soak's verdict finds what grows, and lets pass what does not. */
import { describe, expect, it } from 'vitest';
import { type Course, judge, middle } from '../bench/soak/verdict.ts';

const hours = 24;
const course = (level: (hour: number) => number, more: Partial<Course> = {}): Course => ({
  what: 'gateway 1, held',
  unit: 'MB',
  levels: Array.from({ length: hours }, (_, hour) => level(hour)),
  share: 0.05,
  slack: 0,
  ...more,
});
/** -1 to 1, the same in every run, without a trend. */
const noise = (hour: number): number => Math.sin(hour * 12.9898) * (hour % 3 === 0 ? 1 : 0.5);

describe('the verdict of the soak', () => {
  it('is flat for what stays, with noise in it', () => {
    expect(judge(course((hour) => 100 + 2 * noise(hour)))).toMatchObject({ isFlat: true });
  });

  it('finds a leak of half a megabyte an hour in a hundred', () => {
    const found = judge(course((hour) => 100 + 0.5 * hour + noise(hour)));
    expect(found.isFlat).toBe(false);
    expect(found.perHour).toBeGreaterThan(0.4);
    expect(found.perHour).toBeLessThan(0.6);
  });

  it('finds one that only the line through all hours shows', () => {
    // Something let go late: the middle of the last quarter is that of the second one.
    const found = judge(course((hour) => (hour < 20 ? 100 + hour : 109)));
    expect(found.late - found.early).toBeLessThan(1);
    expect(found.isFlat).toBe(false);
  });

  it('finds one that grows in steps, and one that began late', () => {
    expect(judge(course((hour) => 100 + 4 * Math.floor(hour / 5))).isFlat).toBe(false);
    expect(judge(course((hour) => 100 + Math.max(0, hour - 14))).isFlat).toBe(false);
  });

  it('lets what is kept for a while fill up, and what is given back go', () => {
    expect(judge(course((hour) => Math.min(60 + 10 * hour, 110))).isFlat).toBe(true);
    expect(judge(course((hour) => 200 - hour)).isFlat).toBe(true);
  });

  it('allows the larger of share and slack', () => {
    const few = (slack: number): Course => course((hour) => (hour < 15 ? 3 : 6), { slack });
    expect(judge(few(2)).isFlat).toBe(false);
    expect(judge(few(3)).isFlat).toBe(true);
  });

  it('says nothing of less than four hours, nor without a level', () => {
    expect(() => judge(course(() => 1, { levels: [1, 2, 3] }))).toThrow('4 hours');
    expect(() => judge(course(() => 1, { levels: [1, 2, 3, Number.NaN] }))).toThrow('4 hours');
    expect(judge(course(() => 1, { levels: [9, 1, 1, 1] })).isFlat).toBe(true);
  });

  it('takes the mean of the two in the middle', () => {
    expect([middle([3, 1, 2]), middle([4, 1, 2, 3])]).toEqual([2, 2.5]);
  });
});
