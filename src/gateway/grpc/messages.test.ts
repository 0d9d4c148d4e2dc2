import { describe, expect, it } from 'vitest';
import { waitingStatus } from '../../../test/helpers/fake-line.ts';
import { refuse } from '../../contract/errors.ts';
import { admitted, int32, notAdmitted, notJoined, standing, timestamp } from './messages.ts';

const telling = { traceId: 'abc', nowMs: 1_800_000_000_250 };

describe('figures', () => {
  it.each([
    [3.6, 4],
    [-1, 0],
    [2 ** 31, 2_147_483_647],
    [Number.POSITIVE_INFINITY, 2_147_483_647],
    [Number.NaN, 0],
  ])('%d is %i as an int32', (figure, expected) => {
    expect(int32(figure)).toBe(expected);
  });

  it('times are seconds and nanoseconds, before 1970 too', () => {
    expect(timestamp(1_800_000_000_250)).toEqual({ seconds: 1_800_000_000, nanos: 250_000_000 });
    expect(timestamp(-250)).toEqual({ seconds: -1, nanos: 750_000_000 });
  });
});

describe('a place', () => {
  it.each([
    ['waiting', 'QUEUE_STATUS_WAITING', true],
    ['ready', 'QUEUE_STATUS_READY', true],
    ['left', 'QUEUE_STATUS_LEFT', false],
    ['expired', 'QUEUE_STATUS_EXPIRED', false],
    ['entered', 'QUEUE_STATUS_EXPIRED', false],
  ] as const)('that is %s is told as %s', (status, expected, hasEnd) => {
    const told = standing({ ...waitingStatus, status }, 300, telling);
    expect(told.status).toBe(expected);
    expect(told.expiresAt).toEqual(hasEnd ? { seconds: 1_800_000_300, nanos: 250_000_000 } : undefined);
    expect(told.error?.code).toBe(status === 'entered' ? 'ERROR_CODE_ALREADY_EXISTS' : undefined);
  });

  it('of an event that is not served here has no known end', () => {
    expect(standing(waitingStatus, undefined, telling)).not.toHaveProperty('expiresAt');
  });

  it('that somebody proves to hold already comes with its token', () => {
    const refusal = refuse('DUPLICATE_REQUEST', { body: { waiting_token: 't1.x' } });
    expect(notJoined(refusal, telling)).toMatchObject({ status: 'QUEUE_STATUS_ERROR', waitingToken: 't1.x' });
    expect(notJoined(refuse('DUPLICATE_REQUEST'), telling)).not.toHaveProperty('waitingToken');
  });
});

describe('an admission', () => {
  it('is valid for its ttl', () => {
    expect(admitted({ admission: 'granted', reservation_token: 'pass', ttl_sec: 17 }, telling)).toEqual({
      admission: 'ADMISSION_STATUS_GRANTED',
      reservationToken: 'pass',
      ttlSeconds: 17,
      validUntil: { seconds: 1_800_000_017, nanos: 250_000_000 },
    });
  });

  it.each([
    ['NOT_READY', 'ADMISSION_STATUS_DENIED'],
    ['NOT_YOURS', 'ADMISSION_STATUS_DENIED'],
    ['TOKEN_EXPIRED', 'ADMISSION_STATUS_EXPIRED'],
    ['ALREADY_ENTERED', 'ADMISSION_STATUS_EXPIRED'],
    ['TOKEN_NOT_FOUND', 'ADMISSION_STATUS_INVALID'],
  ] as const)('that is refused by %s is %s', (code, expected) => {
    expect(notAdmitted(refuse(code), telling).admission).toBe(expected);
  });
});
