import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, errorCatalogue } from '../../contract/errors.ts';
import { verdictOfCode, verdictOfStatus } from './refusals.ts';

/** What visitors get, and whether the breaker counts it as the backend's failure. */
type Row = readonly [ErrorCode, isFailure: boolean];

const failure: Row = ['BACKEND_ERROR', true];
const unavailable: Row = ['BACKEND_UNAVAILABLE', true];
const timeout: Row = ['BACKEND_TIMEOUT', true];
const overloaded: Row = ['OVERLOADED', false];
const collision: Row = ['BACKEND_UNAVAILABLE', false];

const ofStatus: Record<Exclude<keyof typeof status, 'OK'>, Row> = {
  CANCELLED: failure,
  UNKNOWN: failure,
  INVALID_ARGUMENT: ['BAD_REQUEST', false],
  DEADLINE_EXCEEDED: timeout,
  NOT_FOUND: ['RESERVATION_NOT_FOUND', false],
  ALREADY_EXISTS: ['STATE_CONFLICT', false],
  PERMISSION_DENIED: ['FORBIDDEN', false],
  RESOURCE_EXHAUSTED: overloaded,
  FAILED_PRECONDITION: ['STATE_CONFLICT', false],
  ABORTED: collision,
  OUT_OF_RANGE: ['BAD_REQUEST', false],
  UNIMPLEMENTED: failure,
  INTERNAL: failure,
  UNAVAILABLE: unavailable,
  DATA_LOSS: failure,
  UNAUTHENTICATED: failure,
};

const ofCode: Record<string, Row> = {
  UNSPECIFIED: failure,
  UNAUTHENTICATED: failure,
  FORBIDDEN: ['FORBIDDEN', false],
  UNAUTHORIZED: ['FORBIDDEN', false],
  INVALID_ARGUMENT: ['BAD_REQUEST', false],
  NOT_FOUND: ['RESERVATION_NOT_FOUND', false],
  ALREADY_EXISTS: ['STATE_CONFLICT', false],
  FAILED_PRECONDITION: ['STATE_CONFLICT', false],
  RATE_LIMITED: overloaded,
  QUOTA_EXCEEDED: overloaded,
  IDEMPOTENCY_REQUIRED: failure,
  IDEMPOTENCY_CONFLICT: ['IDEMPOTENCY_CONFLICT', false],
  RESERVATION_EXPIRED: ['RESERVATION_EXPIRED', false],
  PAYMENT_NOT_APPROVED: ['PAYMENT_NOT_APPROVED', false],
  INVENTORY_CONFLICT: ['SEATS_TAKEN', false],
  INSUFFICIENT_INVENTORY: ['SEATS_TAKEN', false],
  INTERNAL: failure,
  UNAVAILABLE: unavailable,
  TIMEOUT: timeout,
  UPSTREAM_TIMEOUT: timeout,
  UPSTREAM_ERROR: failure,
  DATA_CORRUPTION: failure,
  CONCURRENT_MODIFICATION: collision,
};

describe('the table of refusals', () => {
  it.each(Object.entries(ofStatus))('gRPC status %s comes to %j', (name, [code, isFailure]) => {
    const verdict = verdictOfStatus('reservation', status[name as keyof typeof status]);
    expect([verdict.refusal.code, verdict.isFailure]).toEqual([code, isFailure]);
  });

  it.each(Object.entries(ofCode))('error code %s comes to %j', (name, [code, isFailure]) => {
    const verdict = verdictOfCode('reservation', `ERROR_CODE_${name}`);
    expect([verdict.refusal.code, verdict.isFailure]).toEqual([code, isFailure]);
  });

  it('knows every status of gRPC', () => {
    const names = Object.values(status).filter((name) => typeof name === 'string');
    expect(Object.keys(ofStatus).sort()).toEqual(names.filter((name) => name !== 'OK').sort());
  });

  it('says of which service something was not found', () => {
    expect(verdictOfStatus('payment', status.NOT_FOUND).refusal.code).toBe('PAYMENT_NOT_FOUND');
    expect(verdictOfCode('payment', 'ERROR_CODE_NOT_FOUND').refusal.code).toBe('PAYMENT_NOT_FOUND');
  });

  it.each([23, 'ERROR_CODE_NEW', 'toString', '__proto__'])(
    'takes the unknown code %s for a failure',
    (code) => {
      expect(verdictOfCode('reservation', code)).toMatchObject({
        refusal: { code: 'BACKEND_ERROR' },
        isFailure: true,
      });
    },
  );

  it('takes an unknown status for a failure', () => {
    expect(verdictOfStatus('reservation', 99).refusal.code).toBe('BACKEND_ERROR');
  });

  it('says when to come back with every 503, and keeps nothing final that passes by itself', () => {
    const verdicts = [
      ...Object.keys(ofStatus).map((name) => verdictOfStatus('payment', status[name as keyof typeof status])),
      ...Object.keys(ofCode).map((name) => verdictOfCode('payment', `ERROR_CODE_${name}`)),
    ];
    for (const { refusal, isFailure } of verdicts) {
      const { status: httpStatus } = errorCatalogue[refusal.code];
      if (httpStatus === 503) expect(refusal.retryAfterSec).toBeGreaterThanOrEqual(1);
      if (isFailure) expect(httpStatus).toBeGreaterThanOrEqual(500);
    }
  });
});
