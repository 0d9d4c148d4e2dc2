/** Traces from a visitor's request to Redis, by real gateways to a collector that reads what it is sent. */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { status as grpcStatus, type handleUnaryCall, Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { protos } from '../../src/grpc/protos.ts';
import type { EventRef } from '../../src/queue/store.ts';
import { eventually } from '../helpers/eventually.ts';
import { call, type Fleet, pause, startFleet } from '../helpers/fleet.ts';
import { type Collector, type ReceivedSpan, startCollector } from '../helpers/otlp.ts';
import { type Program, startProgram } from '../helpers/processes.ts';
import { QueueClient, signedInAs } from '../helpers/queue-client.ts';

let collector: Collector;
let fleet: Fleet;
let url: string;
let event: EventRef;
const others: Program[] = [];
/** Whatever must not leave the gateway, neither in spans nor in logs. */
const secrets: string[] = [];

const tracing = (endpoint: string) => ({
  OBSERVABILITY_TRACING_ENABLED: 'true',
  OBSERVABILITY_OTLP_ENDPOINT: endpoint,
  OBSERVABILITY_SAMPLE_RATE: '1',
  LOG_LEVEL: 'trace',
});

beforeAll(async () => {
  collector = await startCollector();
  fleet = await startFleet({ gateways: 1, env: tracing(collector.endpoint) });
  url = fleet.urls[0] ?? '';
  event = await fleet.event();
  // The first to ask has the event loaded: that is not what is looked at here.
  await join(url, visitor('00').headers);
});

afterAll(async () => {
  await Promise.all(others.map((gateway) => gateway.stop()));
  await fleet?.stop();
  await collector?.close();
});

/** One more gateway on the same Redis, with settings of its own. */
async function gatewayWith(env: Record<string, string>): Promise<Program & { readonly url: string }> {
  const argv = ['dist/gateway/main.js', '--port', '0', '--workers', '1'];
  const program = await startProgram({
    argv,
    env: { ...fleet.env, ...env },
    ready: /^listening (http:\S+)/m,
  });
  const gateway = Object.assign(program, { url: program.ready[1] ?? '' });
  others.push(gateway);
  return gateway;
}

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** A visitor whose browser traces: the ids of its trace and span, and the header that tells of them. */
function visitor(flags = '01') {
  const traceId = hex(16);
  const spanId = hex(8);
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-${flags}` } };
}

const join = (at: string, headers: Record<string, string> = {}, user = `user-${hex(6)}`) => {
  secrets.push(user);
  return call('POST', `${at}/api/v1/queue/join`, { body: { event_id: event.id, user_id: user }, headers });
};

/** A reservation service that finds nothing, and keeps by which headers it was called. */
async function recordingBackend() {
  const calls: Record<string, unknown>[] = [];
  const names = ['traceparent', 'tracestate', 'x-amzn-trace-id'];
  const server = new Server();
  const { service } = protos().reservation.ReservationService;
  const answer: handleUnaryCall<unknown, unknown> = ({ metadata }, done) => {
    calls.push(Object.fromEntries(names.map((name) => [name, metadata.get(name)[0]])));
    done({ code: grpcStatus.NOT_FOUND, details: 'nothing here' });
  };
  server.addService(service, Object.fromEntries(Object.keys(service).map((name) => [name, answer])));
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = ServerCredentials.createInsecure();
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return { calls, address: `127.0.0.1:${port}`, close: async () => server.forceShutdown() };
}

/** The request's own span, and what hangs on it. */
async function spansOf(traceId: string, route: string) {
  const server = await collector.find((span) => span.traceId === traceId && span.name === route);
  const children = (): ReceivedSpan[] => collector.spans.filter(({ parentId }) => parentId === server.spanId);
  return { server, children };
}

describe('a visitor who is traced', () => {
  it('sees join, status and enter in their trace, down to Redis', async () => {
    const { traceId, spanId, headers } = visitor();
    const state = { ...headers, tracestate: 'shop=one' };
    const joined = await join(url, { ...state, 'idempotency-key': `key-${hex(12)}` });
    expect(joined.status).toBe(202);
    expect(joined.headers['x-request-id']).toBe(traceId);
    const token = String(joined.body.waiting_token);
    const user = `load-${hex(8)}`;
    const status = await call('GET', `${url}/api/v1/queue/status?token=${token}`, { headers });
    expect(status.status).toBe(200);
    const entered = await call('POST', `${url}/api/v1/queue/enter`, {
      body: { waiting_token: token },
      headers: { ...headers, ...signedInAs(user) },
    });
    expect(entered.body).toMatchObject({ admission: 'granted' });
    secrets.push(token, user, String(entered.body.reservation_token), String(joined.body.reference));

    const join202 = await spansOf(traceId, 'POST /api/v1/queue/join');
    expect(join202.server).toMatchObject({ parentId: spanId, kind: 'server', isError: false });
    expect(join202.server).toMatchObject({ traceState: 'shop=one' });
    expect(join202.server.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/api/v1/queue/join',
      'http.response.status_code': '202',
      'batch.size': '1',
    });
    expect(join202.server.resource).toMatchObject({
      'service.name': 'tacos-gateway',
      'service.version': expect.stringMatching(/^\d+\.\d+\.\d+/),
      'service.instance.id': expect.stringMatching(/\/w1$/),
      'deployment.environment.name': 'test',
    });
    const inRedis = { traceId, kind: 'client', attributes: { 'db.system.name': 'redis' } };
    await eventually(() => expect(join202.children()).toMatchObject([{ ...inRedis, name: 'join' }]));
    const enter = await spansOf(traceId, 'POST /api/v1/queue/enter');
    expect(enter.server.parentId).toBe(spanId);
    await eventually(() => expect(enter.children()).toMatchObject([{ ...inRedis, name: 'enter' }]));
    const poll = await spansOf(traceId, 'GET /api/v1/queue/status');
    expect(poll.server).toMatchObject({ parentId: spanId, kind: 'server' });
    expect(poll.children()).toEqual([]);
    expect([...collector.types]).toEqual(['POST /v1/traces application/x-protobuf']);
  });

  it('finds their errors under the same id, on either path into the gateway', async () => {
    const forged = `t1.k1.${hex(20)}.${hex(12)}`;
    secrets.push(forged);
    const ask = async (path: string): Promise<void> => {
      const { traceId, spanId, headers } = visitor();
      const answer = await call('GET', `${url}/api/v1/queue/${path}?token=${forged}`, { headers });
      expect(answer.body).toMatchObject({ error: { code: 'TOKEN_NOT_FOUND', trace_id: traceId } });
      const { server } = await spansOf(traceId, 'GET /api/v1/queue/status');
      expect(server).toMatchObject({ parentId: spanId, isError: false });
      expect(server.attributes['http.response.status_code']).toBe('404');
    };
    await Promise.all(['status', '%73tatus'].map(ask));
  });

  it.each(['nowhere/at-all', '%zz'])(
    'gives nothing of an address away that is none of ours: %s',
    async (path) => {
      const { traceId, headers } = visitor();
      const { status, body } = await call('GET', `${url}/${path}`, { headers });
      expect(body).toMatchObject({ error: { trace_id: traceId } });
      const { server } = await spansOf(traceId, 'GET unknown');
      expect(server.attributes).toMatchObject({
        'http.route': 'unknown',
        'http.response.status_code': String(status),
      });
      expect(collector.bytes()).not.toContain(path);
    },
  );

  it('stays untraced where their browser decided so', async () => {
    const unsampled = visitor('00');
    const joined = await join(url, unsampled.headers);
    expect(joined.headers['x-request-id']).toBe(unsampled.traceId);
    await call('GET', `${url}/api/v1/queue/status?token=${joined.body.waiting_token}`, unsampled);
    const later = visitor();
    await join(url, later.headers);
    await spansOf(later.traceId, 'POST /api/v1/queue/join');
    expect(collector.spans.filter(({ traceId }) => traceId === unsampled.traceId)).toEqual([]);
  });

  it('shares a batch with others: the batch points to them, and they say how many they were', async () => {
    const visitors = Array.from({ length: 60 }, () => visitor());
    // A first round opens the connections, so that the second arrives at once.
    for (const _ of [1, 2]) await Promise.all(visitors.map(({ headers }) => join(url, headers)));
    const traces = new Set(visitors.map(({ traceId }) => traceId));
    const ours = (kind: string) =>
      collector.spans.filter((span) => traces.has(span.traceId) && span.kind === kind);
    await eventually(() => expect(ours('server').length).toBe(2 * visitors.length));
    const ids = new Set(ours('server').map(({ spanId }) => spanId));
    const sizes = ours('server').map(({ attributes }) => Number(attributes['batch.size']));
    expect(Math.min(...sizes)).toBeGreaterThan(0);
    const batches = ours('client').filter(({ name }) => name === 'join');
    expect(batches.some(({ links }) => links.length > 0)).toBe(true);
    for (const batch of batches) {
      const size = Number(batch.attributes['batch.size']);
      expect(batch.links.length).toBe(Math.min(32, size - 1));
      for (const id of [batch.parentId, ...batch.links]) expect(ids).toContain(id);
    }
    expect(batches.reduce((sum, { attributes }) => sum + Number(attributes['batch.size']), 0)).toBe(120);
  });
});

describe('calls over gRPC', () => {
  it('are traced where clients of the QueueService make them', async () => {
    const client = new QueueClient(fleet.grpcs[0] ?? '');
    const { traceId, spanId, headers } = visitor();
    const { code } = await client.call('JoinQueue', { eventId: event.id }, { metadata: headers });
    client.close();
    expect(code).toBe(0);
    const { server, children } = await spansOf(traceId, 'gateway.v1.QueueService/JoinQueue');
    expect(server).toMatchObject({ parentId: spanId, kind: 'server', isError: false });
    await eventually(() => expect(children()).toMatchObject([{ name: 'join', kind: 'client' }]));
  });

  it('carry the trace on to backends, in both headers where X-Ray is on', async () => {
    const backend = await recordingBackend();
    const gateway = await gatewayWith({
      OBSERVABILITY_XRAY_ENABLED: 'true',
      BACKEND_RESERVATION_API_GRPC_ADDRESS: backend.address,
    });
    const { traceId, headers } = visitor();
    // Nobody is in front here.
    const { id: event_id } = await fleet.event();
    const signedIn = signedInAs(`load-${hex(8)}`);
    const joined = await call('POST', `${gateway.url}/api/v1/queue/join`, {
      body: { event_id },
      headers: signedIn,
    });
    const { body } = await call('POST', `${gateway.url}/api/v1/queue/enter`, {
      body: { waiting_token: joined.body.waiting_token },
      headers: signedIn,
    });
    const key = `key-${hex(12)}`;
    secrets.push(String(body.reservation_token), String(joined.body.waiting_token), key);
    const reserved = await call('POST', `${gateway.url}/api/v1/reservations`, {
      body: { event_id, seat_ids: ['A1'], quantity: 1, reservation_token: body.reservation_token },
      headers: { ...signedIn, ...headers, tracestate: 'shop=one', 'idempotency-key': key },
    });
    expect(reserved.status).toBe(404);
    await backend.close();

    const { server } = await spansOf(traceId, 'POST /api/v1/reservations');
    const client = await collector.find(({ name, parentId }) => {
      return name === 'reservation/reserve' && parentId === server.spanId;
    });
    expect(client).toMatchObject({ traceId, kind: 'client', attributes: { 'rpc.system.name': 'grpc' } });
    const xray = `Root=1-${traceId.slice(0, 8)}-${traceId.slice(8)};Parent=${client.spanId};Sampled=1`;
    expect(backend.calls).toEqual([
      {
        traceparent: `00-${traceId}-${client.spanId}-01`,
        tracestate: 'shop=one',
        'x-amzn-trace-id': xray,
      },
    ]);
  });
});

describe('X-Ray', () => {
  const route = 'POST /api/v1/queue/join';
  const requestId = async (at: string, headers: Record<string, string>): Promise<string> =>
    String((await join(at, headers)).headers['x-request-id']);

  it('gives ids that begin with the second, and takes the header of AWS for its parent', async () => {
    const gateway = await gatewayWith({ ...fleet.env, OBSERVABILITY_XRAY_ENABLED: 'true' });
    const id = await requestId(gateway.url, {});
    expect(Math.abs(Number.parseInt(id.slice(0, 8), 16) - Date.now() / 1000)).toBeLessThan(30);

    const [rest, parent] = [hex(12), hex(8)];
    const root = `Root=1-5759e988-${rest}`;
    const header = (text: string) => ({ 'x-amzn-trace-id': text });
    const sampled = await requestId(gateway.url, header(`${root};Parent=${parent};Sampled=1`));
    expect(sampled).toBe(`5759e988${rest}`);
    // A load balancer that begins the trace names no parent.
    const balanced = hex(12);
    const adopted = await requestId(gateway.url, header(`Self=1-0-0;Root=1-5759e989-${balanced}`));
    expect(adopted).toBe(`5759e989${balanced}`);
    const unsampled = await requestId(gateway.url, header(`Root=1-5759e98a-${balanced};Sampled=0`));
    expect(unsampled).toBe(`5759e98a${balanced}`);
    const both = visitor();
    expect(await requestId(gateway.url, { ...both.headers, ...header(root) })).toBe(both.traceId);

    const parents = await Promise.all(
      [sampled, adopted, both.traceId].map(async (each) => (await spansOf(each, route)).server.parentId),
    );
    expect(parents).toEqual([parent, '', both.spanId]);
    expect(collector.spans.filter(({ traceId }) => traceId === unsampled)).toEqual([]);
  });
});

describe('a collector that is of no use', () => {
  it.concurrent.each(['gone', 'silent'])('costs visitors nothing and holds no drain up: %s', async (what) => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    if (what === 'gone') await new Promise((resolve) => silent.close(resolve));
    const gateway = await gatewayWith(tracing(`http://127.0.0.1:${port}/v1/traces`));
    const answers = await Promise.all(Array.from({ length: 50 }, () => join(gateway.url)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
    // Long enough that a batch is on its way to nobody.
    await pause(1_500);
    const startedMs = performance.now();
    expect((await join(gateway.url)).status).toBe(202);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    await gateway.stop();
    expect(performance.now() - startedMs).toBeLessThan(6_000);
    expect(await gateway.ended).toEqual({ code: 0, signal: null });
    const told = gateway.output().stderr.match(/.*spans were lost.*/g) ?? [];
    expect(told.length).toBeGreaterThan(0);
    const counts = told.map((line) => (JSON.parse(line) as { spans: number }).spans);
    expect(counts.reduce((sum, count) => sum + count)).toBeGreaterThan(50);
    silent.closeAllConnections();
    silent.close();
  });
});

describe('what left the gateways', () => {
  it('holds no token, user, query or address, neither in spans nor in logs', async () => {
    await pause(1_500);
    expect(secrets.length).toBeGreaterThan(100);
    const logs = [...fleet.gateways, ...others].map((gateway) => Object.values(gateway.output()).join());
    for (const secret of secrets) {
      expect(collector.bytes()).not.toContain(secret);
      for (const log of logs) expect(log).not.toContain(secret);
    }
    expect(collector.bytes()).toContain('/api/v1/queue/join');
    for (const word of ['127.0.0.1', 'token=', 'load-test-bypass-token']) {
      expect(collector.bytes()).not.toContain(word);
    }
  });
});
