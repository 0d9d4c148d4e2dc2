/** How a trace comes in by headers and goes out by them: W3C trace context, and AWS X-Ray's header beside it. */
import {
  type Context,
  createContextKey,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type Span,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { AWSXRAY_TRACE_ID_HEADER, AWSXRayPropagator } from '@opentelemetry/propagator-aws-xray';
import type { CallContext } from '../backends/backends.ts';
import type { TraceHeaders } from './tracer.ts';

/** In a context: whether a header without a parent wants the trace sampled (boolean). */
export const wantedKey = createContextKey('tacos: sampling as wanted');

/** Where a request stands in its trace. */
export interface Origin {
  readonly context: Context;
  /** The trace that it is the first span of; undefined = a new one, or the parent's in `context`. */
  readonly traceId?: string;
}

/** No caller is traced: the trace begins here. */
export const fresh: Origin = { context: ROOT_CONTEXT };

const headerGetter: TextMapGetter<TraceHeaders> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, name) => headers[name],
};

export class Propagation {
  private readonly w3c = new W3CTraceContextPropagator();
  private readonly xray: AWSXRayPropagator | undefined;

  constructor(options: { readonly xray: boolean }) {
    this.xray = options.xray ? new AWSXRayPropagator() : undefined;
  }

  /** W3C's header wins: load balancers of AWS add theirs to every request, whether or not it was traced before. */
  originOf(headers: TraceHeaders): Origin {
    if (typeof headers.traceparent === 'string') {
      const context = this.w3c.extract(ROOT_CONTEXT, headers, headerGetter);
      if (trace.getSpanContext(context) !== undefined) return { context };
    }
    const header = headers[AWSXRAY_TRACE_ID_HEADER];
    if (this.xray === undefined || typeof header !== 'string') return fresh;
    const context = this.xray.extract(ROOT_CONTEXT, headers, headerGetter);
    return trace.getSpanContext(context) === undefined ? rootOnly(header) : { context };
  }

  /** The headers for a call that is made in this span. */
  headersOf(span: Span): CallContext {
    const carrier: Record<string, string> = {};
    const context = trace.setSpan(ROOT_CONTEXT, span);
    this.w3c.inject(context, carrier, defaultTextMapSetter);
    this.xray?.inject(context, carrier, defaultTextMapSetter);
    const { traceparent = '', tracestate, [AWSXRAY_TRACE_ID_HEADER]: xrayTraceId } = carrier;
    return {
      traceparent,
      ...(tracestate === undefined || tracestate === '' ? {} : { tracestate }),
      ...(xrayTraceId === undefined ? {} : { xrayTraceId }),
    };
  }
}

/** A load balancer that begins a trace names its id alone (`Root=1-…`), sometimes whether to sample it. */
function rootOnly(header: string): Origin {
  const id = /(?:^|;)\s*Root=1-([0-9a-f]{8})-([0-9a-f]{24})\s*(?:;|$)/.exec(header);
  if (id === null || /^0+$/.test(`${id[1]}${id[2]}`)) return fresh;
  const sampled = /(?:^|;)\s*Sampled=([01])\s*(?:;|$)/.exec(header)?.[1];
  const context = sampled === undefined ? ROOT_CONTEXT : ROOT_CONTEXT.setValue(wantedKey, sampled === '1');
  return { context, traceId: `${id[1]}${id[2]}` };
}
