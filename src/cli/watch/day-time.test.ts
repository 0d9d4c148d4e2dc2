import { expect, it } from 'vitest';
import { dateZoneTime, dayTime } from './zone-time.ts';

const nowMs = Date.parse('2026-11-21T05:03:21Z');

it('a time of another day in the zone has its date, one of today has not', () => {
  const seoul = (at: string) => dayTime(at, { nowMs, timeZone: 'Asia/Seoul' });
  expect(seoul('2026-11-21T04:53:40Z')).toBe('13:53:40');
  expect(seoul('2026-11-20T15:00:00Z')).toBe('00:00:00');
  expect(seoul('2026-11-20T14:59:59Z')).toBe('11-20 23:59:59');
  expect(seoul('2025-11-21T05:03:21Z')).toBe('11-21 14:03:21');
  expect(seoul('never')).toBe('--:--:--');
  expect(dayTime('2026-11-20T14:59:59Z', { nowMs, timeZone: 'Nowhere/Land' })).toMatch(/\d\d:\d\d:\d\d$/);
});

it('a whole time has its date and its zone', () => {
  expect(dateZoneTime('2026-11-20T14:59:59Z', 'Asia/Seoul')).toBe('2026-11-20 23:59:59 KST');
});
