/** Server spans of what Fastify answers; the thin path has its own in the exchange. */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { RequestSpan, Tracer } from './tracer.ts';

/** Asked by machines every few seconds: spans of these would be most of what small gateways send. */
const probes = new Set(['/healthz', '/readyz', '/metrics']);

export class FastifySpans {
  private readonly tracer: Tracer;
  private readonly spans = new WeakMap<IncomingMessage, RequestSpan>();

  constructor(tracer: Tracer) {
    this.tracer = tracer;
  }

  /** Begins the request's span. Gives its trace id; undefined for probes, which have none. */
  begin(request: IncomingMessage): string | undefined {
    if (probes.has(request.url ?? '')) return undefined;
    const span = this.tracer.startRequest(request.headers);
    this.spans.set(request, span);
    return span.traceId;
  }

  /** Ends the request's span. `route` = its pattern; undefined where it met none. */
  end(
    request: IncomingMessage,
    answered: { readonly route: string | undefined; readonly status: number },
  ): void {
    const { route = 'unknown', status } = answered;
    this.spans.get(request)?.endHttp({ method: request.method, route, status });
  }

  /** To be called before the routes are there. */
  addHooks(app: FastifyInstance): void {
    // Not earlier: the events of a body that is read come in a context of their own.
    app.addHook('preHandler', (request, _, done) => {
      const span = this.spans.get(request.raw);
      if (span === undefined) done();
      else span.run(done);
    });
    app.addHook('onResponse', async (request, reply) => {
      this.end(request.raw, { route: request.routeOptions.url, status: reply.statusCode });
    });
  }
}
