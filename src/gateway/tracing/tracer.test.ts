import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { type Collector, startCollector } from '../../../test/helpers/otlp.ts';
import { filesIn, importsOf } from '../../../test/tidy/source-files.ts';
import { refuse } from '../../contract/errors.ts';
import type { Backends, CallContext } from '../backends/backends.ts';
import { traceBackends } from './traced-backends.ts';
import { loadTracer, type Tracer, withTraceId } from './tracer.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const logged: string[] = [];
const log = pino({ level: 'debug' }, { write: (line: string) => logged.push(line) });

async function tracerTo(endpoint: string, settings: { sampleRate?: number; xray?: boolean } = {}) {
  const tracer = await loadTracer({
    settings: { enabled: true, endpoint, sampleRate: 1, xray: false, ...settings },
    version: '1.2.3',
    environmentName: 'test',
    workerId: 'g/w1',
    log,
  });
  if (tracer === undefined) throw new Error('tracing is on, but there is no tracer');
  return tracer;
}

async function traced(settings: { sampleRate?: number; xray?: boolean } = {}) {
  const collector: Collector = await startCollector();
  cleanups.push(() => collector.close());
  return { collector, tracer: await tracerTo(collector.endpoint, settings) };
}

const traceId = '0af7651916cd43dd8448eb211c80319c';
const from = (flags = '01') => ({ traceparent: `00-${traceId}-b7ad6b7169203331-${flags}` });
const call = { backend: 'reservation', method: 'reserve' } as const;
const before: CallContext = { traceparent: `00-${traceId}-${'c'.repeat(16)}-00` };
const done = { method: 'POST', route: '/api/v1/reservations', status: 201 };

/** What a backend is sent for a request with these headers. */
const sent = (tracer: Tracer, headers: Record<string, string>): Promise<CallContext> => {
  let got = before;
  const request = tracer.startRequest(headers);
  return request.run(async () => {
    await tracer.callBackend(call, before, async (context) => {
      got = context;
      return { ok: true, reply: {} };
    });
    request.endHttp(done);
    return got;
  });
};

describe('tracing that is off', () => {
  it('loads nothing', async () => {
    const settings = { enabled: false, endpoint: 'http://127.0.0.1:9/', sampleRate: 1, xray: true };
    const options = { settings, version: '1', environmentName: 'test', workerId: 'g/w1', log };
    expect(await loadTracer(options)).toBeUndefined();
  });

  it('is loaded late by one file alone', () => {
    const imports = filesIn('src')
      .filter(({ path }) => /\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path))
      .flatMap(importsOf);
    const knowing = imports.filter(({ to }) => to.startsWith('@opentelemetry/')).map((each) => each.from);
    const folder = 'src/gateway/tracing';
    expect([...new Set(knowing)].sort()).toEqual(
      ['export', 'otel', 'propagation'].map((name) => `${folder}/${name}.ts`),
    );
    const users = imports.filter(({ to }) => to === `${folder}/otel.ts`).map((each) => each.from);
    expect(users).toEqual([`${folder}/tracer.ts`]);
  });
});

describe('calls to backends', () => {
  it('carry on the trace, with a span of their own for its parent', async () => {
    const { collector, tracer } = await traced();
    const { traceparent } = await sent(tracer, from());
    await tracer.close(2_000);
    const server = await collector.find(({ kind }) => kind === 'server');
    const client = await collector.find(({ kind }) => kind === 'client');
    expect(traceparent).toBe(`00-${traceId}-${client.spanId}-01`);
    expect(client).toMatchObject({ traceId, name: 'reservation/reserve', parentId: server.spanId });
    expect(server).toMatchObject({
      traceId,
      name: 'POST /api/v1/reservations',
      parentId: 'b7ad6b7169203331',
    });
  });

  it('carry on that a trace is not sampled', async () => {
    const { collector, tracer } = await traced();
    expect((await sent(tracer, from('00'))).traceparent).toMatch(
      new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`),
    );
    await tracer.close(2_000);
    expect(collector.spans).toEqual([]);
  });

  it("carry on AWS's header beside it, and the state of others", async () => {
    const { tracer } = await traced({ xray: true });
    const { traceparent, xrayTraceId, tracestate } = await sent(tracer, {
      ...from(),
      tracestate: 'shop=one',
    });
    const spanId = traceparent.slice(36, 52);
    expect(xrayTraceId).toBe(`Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=${spanId};Sampled=1`);
    expect(tracestate).toBe('shop=one');
    await tracer.close(2_000);
  });

  it('are left as they are outside of requests', async () => {
    const { collector, tracer } = await traced();
    const outcome = await tracer.callBackend(call, before, async (context) => ({ ok: true, reply: context }));
    expect(outcome).toEqual({ ok: true, reply: before });
    await tracer.close(2_000);
    expect(collector.spans).toEqual([]);
  });

  it('say how they failed, in our own words alone', async () => {
    const { collector, tracer } = await traced();
    const secret = 'hunter2';
    const request = tracer.startRequest({});
    await request.run(async () => {
      await tracer.callBackend({ ...call, method: 'get' }, before, async () => refuse('FORBIDDEN'));
      await tracer.callBackend({ ...call, method: 'cancel' }, before, async () =>
        refuse('BACKEND_UNAVAILABLE'),
      );
      const broken = async () => Promise.reject(new TypeError(secret));
      await expect(tracer.callBackend(call, before, broken)).rejects.toThrow(secret);
    });
    request.endHttp({ ...done, status: 500 });
    await tracer.close(2_000);
    const told = collector.spans.map(({ name, isError, attributes }) => [
      name,
      isError,
      attributes['error.type'],
    ]);
    expect(told).toEqual([
      ['reservation/get', false, 'FORBIDDEN'],
      ['reservation/cancel', true, 'BACKEND_UNAVAILABLE'],
      ['reservation/reserve', true, 'TypeError'],
      ['POST /api/v1/reservations', true, '500'],
    ]);
    expect(collector.bytes()).not.toContain(secret);
  });

  it('are traced for every method of every backend', async () => {
    const { collector, tracer } = await traced();
    const contexts: CallContext[] = [];
    const answer = async (_: unknown, context: CallContext) => {
      contexts.push(context);
      return refuse('NOT_FOUND');
    };
    const plain: Backends = {
      reservation: { reserve: answer, get: answer, confirm: answer, cancel: answer },
      payment: { createIntent: answer, status: answer, process: answer },
      breakers: () => ({ payment: 'open' }),
      close: () => {},
    };
    const { reservation, payment, breakers } = traceBackends(plain, tracer);
    expect(breakers()).toEqual({ payment: 'open' });
    const methods = [...Object.values(reservation), ...Object.values(payment)] as (typeof answer)[];
    const request = tracer.startRequest(from());
    for (const method of methods) await request.run(() => method({}, before));
    request.endHttp(done);
    await tracer.close(2_000);
    expect(collector.spans.length).toBe(methods.length + 1);
    expect(collector.spans.slice(0, -1).map(({ spanId }) => `00-${traceId}-${spanId}-01`)).toEqual(
      contexts.map(({ traceparent }) => traceparent),
    );
  });
});

describe('requests', () => {
  it('are sampled at the rate, but for those whose caller decided', async () => {
    const { collector, tracer } = await traced({ sampleRate: 0 });
    for (let count = 0; count < 50; count += 1) tracer.startRequest({}).endHttp(done);
    tracer.startRequest(from()).endRpc({ service: 'queue.v1.QueueService', method: 'Join', code: 14 });
    await tracer.close(2_000);
    expect(collector.spans.map(({ name }) => name)).toEqual(['queue.v1.QueueService/Join']);
    expect(collector.spans[0]).toMatchObject({ isError: true, kind: 'server' });
    expect(collector.spans[0]?.attributes).toMatchObject({ 'rpc.grpc.status_code': '14' });
  });

  it('end once', async () => {
    const { collector, tracer } = await traced();
    const request = tracer.startRequest({});
    request.endHttp(done);
    request.endHttp({ ...done, status: 500 });
    await tracer.close(2_000);
    expect(collector.spans.map(({ attributes }) => attributes['http.response.status_code'])).toEqual(['201']);
  });

  it('lend their trace id to what the line logs meanwhile, and not later', async () => {
    const { tracer } = await traced({ sampleRate: 0 });
    logged.length = 0;
    const lineLog = withTraceId(log, tracer);
    const request = tracer.startRequest(from());
    await request.run(async () => {
      lineLog.warn({ event: 'evt_x' }, 'during');
      await Promise.resolve();
      request.endHttp(done);
      lineLog.info({}, 'after');
    });
    const lines = logged.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ msg, event, traceId: id }) => [msg, event, id])).toEqual([
      ['during', 'evt_x', traceId],
      ['after', undefined, undefined],
    ]);
    await tracer.close(2_000);
  });
});

describe('a collector that never answers', () => {
  it('gets no more than fits, and what was lost is said once', async () => {
    const silent: Server = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => {
      silent.closeAllConnections();
      return new Promise((resolve) => silent.close(resolve));
    });
    const tracer = await tracerTo(`http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1/traces`);
    logged.length = 0;
    for (let count = 0; count < 10_000; count += 1) tracer.startRequest({}).endHttp(done);
    expect(logged.length).toBe(1);
    const startedMs = performance.now();
    await tracer.close(200);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    const lines = logged.map(
      (line) => JSON.parse(line) as { spans: number; spansSinceStart: number; msg: string },
    );
    expect(lines.map(({ msg }) => msg)).toEqual(['spans were lost', 'spans were lost']);
    expect(lines[1]?.spansSinceStart).toBe(10_000);
    expect(lines.reduce((sum, { spans }) => sum + spans, 0)).toBe(10_000);
  });
});
