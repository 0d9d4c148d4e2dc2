import { describe, expect, it } from 'vitest';
import { dateTime, momentOf, needsZone } from './times.ts';

const nowMs = Date.parse('2026-11-21T05:03:21Z');
const at = (text: string, timeZone?: string) =>
  momentOf({ flag: '--at', text }, { nowMs, ...(timeZone === undefined ? {} : { timeZone }) });

describe('a time', () => {
  it.each([
    ['2027-05-01T11:00:00+09:00', undefined, '2027-05-01T02:00:00.000Z'],
    ['2027-05-01T11:00Z', undefined, '2027-05-01T11:00:00.000Z'],
    ['2027-05-01T11:00[Asia/Seoul]', undefined, '2027-05-01T02:00:00.000Z'],
    ['2027-05-01T11:00', 'Asia/Seoul', '2027-05-01T02:00:00.000Z'],
    ['2027-07-01T11:00', 'Europe/Berlin', '2027-07-01T09:00:00.000Z'],
    ['2027-01-01T11:00', 'Europe/Berlin', '2027-01-01T10:00:00.000Z'],
    ['2027-05-01T11:00[America/New_York]', 'Asia/Seoul', '2027-05-01T15:00:00.000Z'],
  ])('%s in %s is %s', (text, zone, moment) => {
    expect(at(text, zone)).toBe(moment);
  });

  it.each([
    ['2027-05-01T11:00', undefined, 'is not a time with its offset'],
    ['tomorrow', 'Asia/Seoul', 'is not a time'],
    ['2027-13-01T11:00Z', undefined, 'is not a time'],
    ['2027-05-01T11:00', 'Mars/Olympus', 'there is no time zone "Mars/Olympus"'],
    ['2026-11-21T05:03:21Z', undefined, 'is in the past'],
    ['2026-11-21T14:03', 'Asia/Seoul', 'is in the past'],
    ['2027-03-28T02:30', 'Europe/Berlin', 'does not exist in Europe/Berlin'],
    ['2027-10-31T02:30', 'Europe/Berlin', 'is twice in Europe/Berlin'],
  ])('%s in %s is refused: %s', (text, zone, message) => {
    expect(() => at(text, zone)).toThrow(message);
  });

  it('without offset or zone needs the one of the event', () => {
    const bare = (text: string) => needsZone({ flag: '--at', text });
    expect([bare('2027-05-01T11:00'), bare('2027-05-01T11:00Z'), bare('soon')]).toEqual([true, false, false]);
  });
});

it('a moment is shown in its zone, with the name of the zone', () => {
  expect(dateTime('2026-11-21T05:03:21.000Z', 'Asia/Seoul')).toBe('2026-11-21 14:03:21 KST');
  expect(dateTime('2026-11-21T05:03:21.000Z')).toBe('2026-11-21 05:03:21 UTC');
  expect(dateTime('2026-11-21T05:03:21.000Z', 'Mars/Olympus')).toBe('2026-11-21 05:03:21 UTC');
  expect(dateTime('never')).toBe('-');
});
