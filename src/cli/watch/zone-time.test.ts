import { expect, it } from 'vitest';
import { clockTime, zoneName, zoneTime } from './zone-time.ts';

const at = '2026-11-21T05:03:21.000Z';

it('a time carries the short name of its zone', () => {
  expect(zoneTime(at, 'Asia/Seoul')).toBe('14:03:21 KST');
  expect(zoneTime(at, 'UTC')).toBe('05:03:21 UTC');
  expect(zoneName(at, 'Europe/Berlin')).toBe('CET');
  expect(zoneName('2026-07-01T00:00:00Z', 'Europe/London')).toBe('BST');
  expect(zoneName(at, 'America/New_York')).toBe('EST');
  expect(zoneName(at, 'Asia/Kathmandu')).toBe('GMT+5:45');
});

it('what is no time or no zone breaks nothing', () => {
  expect(clockTime('never', 'Asia/Seoul')).toBe('--:--:--');
  expect(zoneName(at, 'Mars/Base')).toBe('');
  expect(zoneTime(at, 'Mars/Base')).toMatch(/^\d\d:\d\d:\d\d$/);
});
