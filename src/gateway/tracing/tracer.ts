/**
 * Traces as the rest of the gateway knows them, without OpenTelemetry, which is loaded only where tracing is switched
 * on. Whoever serves requests (the thin path, Fastify, gRPC) does three things:
 *
 * 1. `span = tracer.startRequest(headers)` when the request is there, and `span.traceId` is its trace id;
 * 2. `span.run(() => operation)` around what answers it, once its body has been read: Redis commands and backend calls
 *    in there find their span by themselves;
 * 3. `span.endHttp(…)` or `span.endRpc(…)` when the answer is known.
 *
 * gRPC hands over its metadata as headers: `{ traceparent, tracestate, 'x-amzn-trace-id' }`, each where it is a string.
 * No attribute of a span holds a token, a user, a query string or an address: only names that we gave ourselves.
 */
import type { Logger } from 'pino';
import type { LineTracer } from '../../queue/line-tracer.ts';
import type { BackendName, BackendOutcome, CallContext } from '../backends/backends.ts';
import type { GatewayConfig } from '../config.ts';

/** Headers of a request, of which `traceparent`, `tracestate` and `x-amzn-trace-id` are read. */
export type TraceHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** How an HTTP request ended. `route` is its pattern, never its address. */
export interface HttpEnd {
  readonly method: string | undefined;
  readonly route: string;
  readonly status: number;
}

/** How a gRPC call ended. */
export interface RpcEnd {
  /** Full name, such as `queue.v1.QueueService`. */
  readonly service: string;
  readonly method: string;
  /** gRPC status, 0 = OK. */
  readonly code: number;
}

/** One request that is being served. Sampled or not, it has a trace id. */
export interface RequestSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Runs `act`, and all that it starts, as work for this request. */
  run<T>(act: () => T): T;
  /** The first end counts. */
  endHttp(end: HttpEnd): void;
  endRpc(end: RpcEnd): void;
}

/** A call to one of the backends. */
export interface BackendCall {
  readonly backend: BackendName;
  readonly method: string;
}

export interface Tracer {
  startRequest(headers: TraceHeaders): RequestSpan;
  /** Trace id of the request under way here; undefined outside of requests. */
  currentTraceId(): string | undefined;
  /** Makes a call with a span of its own, which `act` must pass on; `context` is passed on outside of requests. */
  callBackend<T>(
    call: BackendCall,
    context: CallContext,
    act: (context: CallContext) => Promise<BackendOutcome<T>>,
  ): Promise<BackendOutcome<T>>;
  /** For the line. */
  readonly line: LineTracer;
  /** Sends what is still here, for at most `withinMs`; what is left then is lost. */
  close(withinMs: number): Promise<void>;
}

export interface TracerOptions {
  readonly settings: GatewayConfig['tracing'];
  readonly version: string;
  readonly environmentName: string;
  readonly workerId: string;
  readonly log: Logger;
}

/** The tracer that the settings ask for; undefined where tracing is off, and then nothing of it is loaded. */
export async function loadTracer(options: TracerOptions): Promise<Tracer | undefined> {
  if (!options.settings.enabled) return undefined;
  const { createOtelTracer } = await import('./otel.ts');
  return createOtelTracer(options);
}

/** What the line logs to, and what of it names the request that it happened in. */
export interface LineLog {
  warn(detail: object, message: string): void;
  info(detail: object, message: string): void;
}

/** The log with the trace id of the request under way in each line. */
export function withTraceId(log: LineLog, tracer: Tracer): LineLog {
  return {
    warn: (detail, message) => log.warn({ ...detail, traceId: tracer.currentTraceId() }, message),
    info: (detail, message) => log.info({ ...detail, traceId: tracer.currentTraceId() }, message),
  };
}
