/** Tracing by OpenTelemetry. Only tracer.ts imports this file, and only where tracing is on. */
import {
  type Context,
  createContextKey,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type Tracer as SpanMaker,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  type IdGenerator,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import {
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_SYSTEM_NAME,
  ATTR_DEPLOYMENT_ENVIRONMENT_NAME,
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_RPC_METHOD,
  ATTR_RPC_SYSTEM_NAME,
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions';
import { errorCatalogue } from '../../contract/errors.ts';
import type { LineTracer } from '../../queue/line-tracer.ts';
import type { BackendOutcome, CallContext } from '../backends/backends.ts';
import { createHexIds, createNewTraceId, type TraceIdForm } from '../http/trace-id.ts';
import { BoundedExport } from './export.ts';
import { fresh, Propagation, wantedKey } from './propagation.ts';
import type {
  BackendCall,
  HttpEnd,
  RequestSpan,
  RpcEnd,
  TraceHeaders,
  Tracer,
  TracerOptions,
} from './tracer.ts';

/** Requests that one batch of joins points to: the rest is found by its time. */
const linksMax = 32;
/** How many requests a Redis command served at once. */
const batchSizeAttribute = 'batch.size';

const requestKey = createContextKey('tacos: request');
const batchKey = createContextKey('tacos: batch');

/** In the context of a call that serves several requests. */
interface Batch {
  readonly size: number;
  readonly links: Link[];
}

/** Makes the tracer. It is on its own: nothing global is registered. */
export function createOtelTracer(options: TracerOptions): Tracer {
  const { settings } = options;
  const out = new BoundedExport({ endpoint: settings.endpoint, log: options.log });
  const byRate = new TraceIdRatioBasedSampler(settings.sampleRate);
  const ids = new Ids(settings.xray ? 'xray' : 'random');
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceOf(options)),
    sampler: samplerOf(byRate),
    idGenerator: ids,
    spanProcessors: [out],
  });
  const spans = provider.getTracer('tacos-gateway', options.version);
  return new OtelTracer({ spans, ids, byRate, out, propagation: new Propagation(settings) });
}

const resourceOf = ({ version, environmentName, workerId }: TracerOptions) =>
  resourceFromAttributes({
    [ATTR_SERVICE_NAME]: 'tacos-gateway',
    [ATTR_SERVICE_VERSION]: version,
    [ATTR_SERVICE_INSTANCE_ID]: workerId,
    [ATTR_DEPLOYMENT_ENVIRONMENT_NAME]: environmentName,
    // Its name until 2024, which many backends still look for.
    'deployment.environment': environmentName,
  });

/** As the caller decided; who begins a trace here is sampled at the rate. */
function samplerOf(byRate: TraceIdRatioBasedSampler): Sampler {
  const root: Sampler = {
    shouldSample: (context, traceId) => {
      const wanted = context.getValue(wantedKey);
      if (wanted === undefined) return byRate.shouldSample(context, traceId);
      return {
        decision: wanted === true ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD,
      };
    },
    toString: () => byRate.toString(),
  };
  return new ParentBasedSampler({ root });
}

const isInRate = (byRate: TraceIdRatioBasedSampler, traceId: string): boolean =>
  byRate.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;

class Ids implements IdGenerator {
  readonly generateSpanId = createHexIds(8);
  /** The id of the next trace, where its first span is begun for somebody who named it. */
  next: string | undefined;
  private readonly newTraceId: () => string;

  constructor(form: TraceIdForm) {
    this.newTraceId = createNewTraceId(form);
  }

  generateTraceId(): string {
    const id = this.next ?? this.newTraceId();
    this.next = undefined;
    return id;
  }
}

interface Parts {
  readonly spans: SpanMaker;
  readonly ids: Ids;
  readonly byRate: TraceIdRatioBasedSampler;
  readonly out: BoundedExport;
  readonly propagation: Propagation;
}

class OtelTracer implements Tracer {
  readonly line: LineTracer = {
    command: (name) => this.command(name),
    current: () => recording(this.contexts.active()),
    together: (requests, size, act) => this.together(requests as readonly Span[], size, act),
  };
  private readonly contexts = new AsyncLocalStorageContextManager();
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  startRequest(headers: TraceHeaders): RequestSpan {
    const { spans, ids, byRate, propagation } = this.parts;
    const origin = propagation.originOf(headers);
    const traceId = origin === fresh ? ids.generateTraceId() : origin.traceId;
    // Most requests: the SDK would come to the same by a way that costs several times as much.
    if (origin === fresh && traceId !== undefined && !isInRate(byRate, traceId)) {
      const spanContext = { traceId, spanId: ids.generateSpanId(), traceFlags: TraceFlags.NONE };
      return new OtelRequestSpan(trace.wrapSpanContext(spanContext), this.contexts);
    }
    ids.next = traceId;
    // Its name is known when it ends: the route is.
    const span = spans.startSpan('request', { kind: SpanKind.SERVER }, origin.context);
    return new OtelRequestSpan(span, this.contexts);
  }

  currentTraceId(): string | undefined {
    const request = this.contexts.active().getValue(requestKey);
    // Timers that a request started go on in its context after its end.
    return request instanceof OtelRequestSpan && !request.isOver ? request.traceId : undefined;
  }

  async callBackend<T>(
    { backend, method }: BackendCall,
    context: CallContext,
    act: (context: CallContext) => Promise<BackendOutcome<T>>,
  ): Promise<BackendOutcome<T>> {
    const here = this.contexts.active();
    if (trace.getSpan(here) === undefined) return act(context);
    const { spans, propagation } = this.parts;
    const span = spans.startSpan(`${backend}/${method}`, { kind: SpanKind.CLIENT }, here);
    span.setAttributes({ [ATTR_RPC_SYSTEM_NAME]: 'grpc', [ATTR_RPC_METHOD]: `${backend}/${method}` });
    try {
      const outcome = await act(propagation.headersOf(span));
      if (!outcome.ok) {
        span.setAttribute(ATTR_ERROR_TYPE, outcome.code);
        if (errorCatalogue[outcome.code].status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      }
      return outcome;
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  close(withinMs: number): Promise<void> {
    return this.parts.out.close(withinMs);
  }

  private command(name: string): ((error?: unknown) => void) | undefined {
    const here = this.contexts.active();
    if (recording(here) === undefined) return undefined;
    const batch = here.getValue(batchKey) as Batch | undefined;
    const span = this.parts.spans.startSpan(
      name,
      {
        kind: SpanKind.CLIENT,
        attributes: {
          [ATTR_DB_SYSTEM_NAME]: 'redis',
          [ATTR_DB_OPERATION_NAME]: name,
          ...(batch === undefined ? {} : { [batchSizeAttribute]: batch.size }),
        },
        ...(batch === undefined ? {} : { links: batch.links }),
      },
      here,
    );
    return (error) => {
      if (error !== undefined) fail(span, error);
      span.end();
    };
  }

  private together<T>(requests: readonly Span[], size: number, act: () => Promise<T>): Promise<T> {
    const [first, ...others] = requests.filter((span) => span.isRecording());
    if (first === undefined) return this.contexts.with(ROOT_CONTEXT, act);
    for (const span of [first, ...others]) span.setAttribute(batchSizeAttribute, size);
    const links = others.slice(0, linksMax).map((span) => ({ context: span.spanContext() }));
    const batch: Batch = { size, links };
    return this.contexts.with(trace.setSpan(ROOT_CONTEXT, first).setValue(batchKey, batch), act);
  }
}

/** The span under way in a context, if it is sampled and not over. */
function recording(context: Context): Span | undefined {
  const span = trace.getSpan(context);
  return span?.isRecording() === true ? span : undefined;
}

/** The name alone: messages of errors may hold what a visitor sent. */
function fail(span: Span, error: unknown): void {
  span.setAttribute(ATTR_ERROR_TYPE, error instanceof Error ? error.name : '_OTHER');
  span.setStatus({ code: SpanStatusCode.ERROR });
}

class OtelRequestSpan implements RequestSpan {
  readonly traceId: string;
  isOver = false;
  private readonly span: Span;
  private readonly contexts: AsyncLocalStorageContextManager;

  constructor(span: Span, contexts: AsyncLocalStorageContextManager) {
    this.span = span;
    this.contexts = contexts;
    this.traceId = span.spanContext().traceId;
  }

  run<T>(act: () => T): T {
    return this.contexts.with(trace.setSpan(ROOT_CONTEXT, this.span).setValue(requestKey, this), act);
  }

  endHttp({ method = '_OTHER', route, status }: HttpEnd): void {
    this.end(`${method} ${route}`, status >= 500 ? String(status) : undefined, {
      [ATTR_HTTP_REQUEST_METHOD]: method,
      [ATTR_HTTP_ROUTE]: route,
      [ATTR_HTTP_RESPONSE_STATUS_CODE]: status,
    });
  }

  endRpc({ service, method, code }: RpcEnd): void {
    const name = `${service}/${method}`;
    this.end(name, serverFaults.has(code) ? String(code) : undefined, {
      [ATTR_RPC_SYSTEM_NAME]: 'grpc',
      [ATTR_RPC_METHOD]: name,
      'rpc.grpc.status_code': code,
    });
  }

  private end(name: string, fault: string | undefined, attributes: Record<string, string | number>): void {
    if (this.isOver) return;
    this.isOver = true;
    if (!this.span.isRecording()) return;
    this.span.updateName(name).setAttributes(attributes);
    if (fault !== undefined) {
      this.span.setAttribute(ATTR_ERROR_TYPE, fault).setStatus({ code: SpanStatusCode.ERROR });
    }
    this.span.end();
  }
}

/** gRPC codes that are the server's fault: unknown, deadline, unimplemented, internal, unavailable, data loss. */
const serverFaults = new Set([2, 4, 12, 13, 14, 15]);
