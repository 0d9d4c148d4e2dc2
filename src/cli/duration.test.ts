import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

describe('durations', () => {
  it.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['2h', 7_200_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['0.5s', 500],
  ])('read %s', (text, ms) => {
    expect(parseDuration('--for', text)).toBe(ms);
  });

  it.each(['', '90', 's', '-5s', '0s', '5 s', '5d', '5s!', '99999h', 'Infinitys'])(
    'refuse "%s", naming the flag',
    (text) => {
      expect(() => parseDuration('--for', text)).toThrow(/^--for ".*" is not a duration/);
    },
  );

  it.each([
    [0, '0s'],
    [59.4, '59s'],
    [374, '6m14s'],
    [3_599.6, '1h00m'],
    [7_500, '2h05m'],
    [-3, '0s'],
  ])('show %d s as %s', (sec, text) => {
    expect(formatDuration(sec)).toBe(text);
  });
});
