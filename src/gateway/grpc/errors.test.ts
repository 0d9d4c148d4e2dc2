import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, errorCatalogue, refuse } from '../../contract/errors.ts';
import { protos } from '../../grpc/protos.ts';
import { callEndOf, errorOf } from './errors.ts';

const codes = Object.keys(errorCatalogue) as ErrorCode[];
const ends: Partial<Record<ErrorCode, keyof typeof status>> = {
  BAD_REQUEST: 'INVALID_ARGUMENT',
  BODY_TOO_LARGE: 'RESOURCE_EXHAUSTED',
  RATE_LIMITED: 'RESOURCE_EXHAUSTED',
  UNAUTHENTICATED: 'UNAUTHENTICATED',
  OVERLOADED: 'UNAVAILABLE',
  UNAVAILABLE: 'UNAVAILABLE',
  INTERNAL: 'INTERNAL',
};

describe('a refusal', () => {
  it.each(codes)('%s ends the call or is told in the answer, as the table says', (code) => {
    const end = callEndOf(refuse(code), 'abc');
    expect(end && status[end.code]).toBe(ends[code]);
    if (end) expect(end.metadata.getMap()).toMatchObject({ 'x-request-id': 'abc', 'error-code': code });
  });

  it.each(codes)('%s has a word of common.v1 that crosses the wire', (code) => {
    const { responseSerialize, responseDeserialize } = protos().gateway.QueueService.service.LeaveQueue;
    const sent = errorOf(refuse(code), 'abc');
    const { error } = responseDeserialize(responseSerialize({ error: sent }));
    expect(error).toMatchObject({ code: sent.code, traceId: 'abc' });
    expect(error?.code).toMatch(/^ERROR_CODE_(?!UNSPECIFIED)[A-Z_]+$/);
    expect(error?.details[0]).toMatchObject({ reason: 'code', value: code });
  });

  it('says why, where, and when to ask again', () => {
    const body = { reason: 'window', detail: 'window', position: 700, waiting_token: 'secret' };
    expect(errorOf(refuse('NOT_READY', { retryAfterSec: 12, body, message: 'Wait.' }), 'abc')).toEqual({
      code: 'ERROR_CODE_FAILED_PRECONDITION',
      message: 'Wait.',
      traceId: 'abc',
      details: [
        { reason: 'code', value: 'NOT_READY' },
        { reason: 'retry_after_sec', value: '12' },
        { reason: 'reason', value: 'window' },
        { reason: 'detail', value: 'window' },
        { reason: 'position', value: '700' },
      ],
    });
  });

  it('tells clients that retry by themselves when to', () => {
    const { metadata } = callEndOf(refuse('OVERLOADED', { retryAfterSec: 3 }), 'abc') ?? {};
    expect(metadata?.getMap()).toMatchObject({ 'retry-after': '3', 'grpc-retry-pushback-ms': '3000' });
    expect(callEndOf(refuse('BAD_REQUEST'), 'abc')?.metadata.get('retry-after')).toEqual([]);
  });
});
