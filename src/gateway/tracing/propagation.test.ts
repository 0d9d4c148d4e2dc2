import { type SpanContext, trace } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { Propagation } from './propagation.ts';
import type { TraceHeaders } from './tracer.ts';

const traceId = '5759e988bd862e3fe1be46a994272793';
const spanId = '53995c3f42cd8ad8';
const traceparent = `00-${traceId}-${spanId}-01`;
const xrayHeader = `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=${spanId};Sampled=1`;

const origin = (headers: TraceHeaders, xray = true) => {
  const { context, traceId: adopted } = new Propagation({ xray }).originOf(headers);
  return { parent: trace.getSpanContext(context), adopted };
};

describe('where a trace comes from', () => {
  it('is the W3C header, with its flags and state', () => {
    const { parent } = origin({ traceparent, tracestate: 'shop=one,bus=two', 'x-amzn-trace-id': 'Root=1-a' });
    expect(parent).toMatchObject({ traceId, spanId, traceFlags: 1, isRemote: true });
    expect(parent?.traceState?.serialize()).toBe('shop=one,bus=two');
    expect(origin({ traceparent: traceparent.replace(/1$/, '0') }).parent).toMatchObject({ traceFlags: 0 });
  });

  it("is AWS's header where that is switched on", () => {
    const headers = { 'x-amzn-trace-id': xrayHeader };
    expect(origin(headers).parent).toMatchObject({ traceId, spanId, traceFlags: 1 });
    expect(origin(headers, false)).toEqual({ parent: undefined, adopted: undefined });
    expect(origin({ ...headers, traceparent: 'nonsense' }).parent).toMatchObject({ traceId });
  });

  it.each([
    ['Root=1-5759e988-bd862e3fe1be46a994272793', traceId],
    ['Self=1-67891234-12456789abcdef012345678;Root=1-5759e988-bd862e3fe1be46a994272793', traceId],
    ['Root=1-00000000-000000000000000000000000', undefined],
    ['Root=2-5759e988-bd862e3fe1be46a994272793', undefined],
    ['Root=1-5759E988-BD862E3FE1BE46A994272793', undefined],
    ['nonsense', undefined],
    ['', undefined],
  ])('is a trace without a parent: %s', (header, id) => {
    expect(origin({ 'x-amzn-trace-id': header })).toEqual({ parent: undefined, adopted: id });
  });

  it('is nowhere without a valid header', () => {
    for (const bad of ['', '00-0-0-01', traceparent.toUpperCase(), `00-${'0'.repeat(32)}-${spanId}-01`]) {
      expect(origin({ traceparent: bad })).toEqual({ parent: undefined, adopted: undefined });
    }
    expect(origin({ traceparent: [traceparent, traceparent] }).parent).toBeUndefined();
  });
});

describe('what calls carry on', () => {
  const headersOf = (span: Partial<SpanContext>, xray: boolean) =>
    new Propagation({ xray }).headersOf(trace.wrapSpanContext({ traceId, spanId, traceFlags: 1, ...span }));

  it('names the span, in both ways where X-Ray is on', () => {
    expect(headersOf({}, false)).toEqual({ traceparent });
    expect(headersOf({}, true)).toEqual({ traceparent, xrayTraceId: xrayHeader });
  });

  it('says that it is not sampled', () => {
    expect(headersOf({ traceFlags: 0 }, true)).toEqual({
      traceparent: traceparent.replace(/1$/, '0'),
      xrayTraceId: xrayHeader.replace(/1$/, '0'),
    });
  });

  it('keeps the state that came in', () => {
    const { parent } = origin({ traceparent, tracestate: 'shop=one' });
    const traceState = parent?.traceState;
    expect(headersOf(traceState === undefined ? {} : { traceState }, false)).toEqual({
      traceparent,
      tracestate: 'shop=one',
    });
  });
});
