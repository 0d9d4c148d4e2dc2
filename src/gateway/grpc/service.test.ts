import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { status } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeLine, goodToken } from '../../../test/helpers/fake-line.ts';
import { QueueClient, signedInAs } from '../../../test/helpers/queue-client.ts';
import { refuse, TacosError } from '../../contract/errors.ts';
import { statsEventsMax } from '../../contract/limits.ts';
import { createAuthenticator } from '../auth/authenticator.ts';
import { devTokenScheme } from '../auth/dev-tokens.ts';
import { createFrontDesk } from '../front-desk.ts';
import { Meters } from '../metrics/meters.ts';
import { OverloadGuard } from '../overload/guard.ts';
import { openGate, type RateGate } from '../rate-limit/rate-gate.ts';
import type { Tracer } from '../tracing/tracer.ts';
import { GrpcListenError, type GrpcServing, serveGrpc } from './server.ts';

const running: { readonly grpc: GrpcServing; readonly client: QueueClient }[] = [];
afterEach(async () => {
  for (const { grpc, client } of running.splice(0)) {
    client.close();
    await grpc.drain(1_000);
  }
});

async function start(
  authEnterRequired = true,
  more: { gate?: RateGate; guard?: OverloadGuard; tracer?: Tracer; requestMs?: number } = {},
) {
  const line = new FakeLine();
  const meters = new Meters();
  const logged: string[] = [];
  const log = pino({ level: 'error' }, { write: (text: string) => logged.push(text) });
  const authenticate = createAuthenticator([devTokenScheme]);
  const { gate = openGate, guard = new OverloadGuard({ lateMs: 0, isServed: () => true }) } = more;
  const desk = createFrontDesk({ line, authenticate, authEnterRequired, meters, gate, guard });
  const options = { host: '127.0.0.1', port: 0, backlog: 16, desk, line, meters, log, ...more, gate };
  const grpc = await serveGrpc(options);
  const client = new QueueClient(`127.0.0.1:${grpc.port}`);
  running.push({ grpc, client });
  return { line, meters, logged, grpc, client, options };
}

describe('a call', () => {
  it('asks the line for who is signed in, by which name and key', async () => {
    const { line, client } = await start();
    await client.join('evt_a', 'ann');
    const metadata = { ...signedInAs('bea'), 'idempotency-key': 'key-1' };
    await client.join('evt_a', '', { metadata });
    expect(line.joins).toEqual([
      { eventId: 'evt_a', userId: 'ann', caller: {} },
      {
        eventId: 'evt_a',
        idempotencyKey: 'key-1',
        caller: { authenticated: true, subject: 'load:bea' },
      },
    ]);
  });

  it('of somebody unknown is let in only where that is allowed', async () => {
    const closed = await start();
    const ask = { waitingToken: goodToken };
    expect((await closed.client.call('RequestAdmission', ask)).code).toBe(status.UNAUTHENTICATED);
    expect(closed.line.enters).toEqual([]);
    const open = await start(false);
    expect((await open.client.call('RequestAdmission', ask)).answer?.admission).toBe(
      'ADMISSION_STATUS_GRANTED',
    );
  });

  it.each([
    ['QUEUE_FULL', status.OK, 503],
    ['EVENT_NOT_FOUND', status.OK, 404],
    ['UNAVAILABLE', status.UNAVAILABLE, 503],
    ['RATE_LIMITED', status.RESOURCE_EXHAUSTED, 429],
  ] as const)('that the line refuses by %s is counted as HTTP would', async (code, expected, httpStatus) => {
    const { line, client, meters } = await start();
    line.onJoin = () => refuse(code);
    const answered = await client.join('evt_a');
    expect(answered.code).toBe(expected);
    expect(answered.answer?.error?.traceId ?? answered.trailers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(meters.operations.join.refused).toEqual(new Map([[code, 1]]));
    const [meter] = [...meters.routes()].filter(({ statuses }) => statuses.size > 0);
    expect(meter).toMatchObject({ method: 'GRPC', route: '/gateway.v1.QueueService/JoinQueue' });
    expect(meter?.statuses).toEqual(new Map([[httpStatus, 1]]));
  });

  it('that cannot be read is refused and counted', async () => {
    const { client, meters } = await start();
    const path = '/gateway.v1.QueueService/LeaveQueue';
    const answered = await new Promise<number>((resolve) => {
      const asIs = (bytes: Buffer): Buffer => bytes;
      client.raw
        .makeUnaryRequest(path, asIs, asIs, Buffer.from('0aff', 'hex'), () => {})
        .on('status', ({ code }) => resolve(code));
    });
    expect(answered).toBe(status.INVALID_ARGUMENT);
    expect(meters.operations.leave.refused).toEqual(new Map([['BAD_REQUEST', 1]]));
  });

  it('that meets a bug is told no more than that, and the log is told all', async () => {
    const { line, client, logged } = await start();
    line.onStatus = () => Promise.reject(new Error('secret detail'));
    const answered = await client.status(goodToken);
    expect(answered).toMatchObject({ code: status.INTERNAL, details: 'Something went wrong on our side.' });
    expect(logged.join()).toContain('secret detail');
    expect(logged.join()).toContain(answered.trailers['x-request-id']);
    line.onStatus = () => {
      throw new TacosError('OVERLOADED');
    };
    expect((await client.status(goodToken)).code).toBe(status.UNAVAILABLE);
  });

  it('of an unknown method is not implemented', async () => {
    const { client } = await start();
    const code = await new Promise<number>((resolve) => {
      const asIs = (bytes: Buffer): Buffer => bytes;
      client.raw
        .makeUnaryRequest('/gateway.v1.QueueService/Nothing', asIs, asIs, Buffer.alloc(0), () => {})
        .on('status', (ended) => resolve(ended.code));
    });
    expect(code).toBe(status.UNIMPLEMENTED);
  });
});

describe('limits and traces', () => {
  it('know the address that a call comes from, and who it was forwarded for', async () => {
    const noted: unknown[] = [];
    const gate: RateGate = {
      ...openGate,
      noteAddress: (remote, headers) => noted.push([remote, headers['x-forwarded-for']]),
      byAddress: () => refuse('RATE_LIMITED', { retryAfterSec: 4 }),
    };
    const { client } = await start(true, { gate });
    await client.join('evt_a', '', { metadata: { 'x-forwarded-for': '192.0.2.7' } });
    const guessed = await client.status('t1.k1.guessed.token', {
      metadata: { 'x-forwarded-for': '192.0.2.8' },
    });
    expect(guessed).toMatchObject({ code: status.RESOURCE_EXHAUSTED, trailers: { 'retry-after': '4' } });
    expect(noted).toEqual([
      ['127.0.0.1', '192.0.2.7'],
      ['127.0.0.1', '192.0.2.8'],
    ]);
  });

  it('hold for figures of one event too, which need no sign-in', async () => {
    const asked: unknown[] = [];
    const gate: RateGate = {
      ...openGate,
      noteAddress: (remote, headers) => {
        headers['x-real-ip'] = remote;
      },
      byAddress: (headers) => {
        asked.push(headers['x-real-ip']);
        return refuse('RATE_LIMITED', { retryAfterSec: 4 });
      },
    };
    const { client } = await start(true, { gate });
    expect((await client.stats('evt_a')).code).toBe(status.RESOURCE_EXHAUSTED);
    expect(asked).toEqual(['127.0.0.1']);
  });

  it('give each call a span with its trace id and its end', async () => {
    const begun: unknown[] = [];
    const ended: unknown[] = [];
    const tracer = {
      startRequest: (headers: unknown) => {
        begun.push(headers);
        return {
          traceId: 'f'.repeat(32),
          run: <T>(act: () => T) => act(),
          endRpc: (end: unknown) => ended.push(end),
        };
      },
    } as unknown as Tracer;
    const { client } = await start(true, { tracer });
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const told = await client.status('t1.k1.no.token', { metadata: { traceparent } });
    expect(told.answer?.error?.traceId).toBe('f'.repeat(32));
    await client.status('');
    expect(begun[0]).toMatchObject({ traceparent });
    const method = { service: 'gateway.v1.QueueService', method: 'GetQueueStatus' };
    expect(ended).toEqual([
      { ...method, code: status.OK },
      { ...method, code: status.INVALID_ARGUMENT },
    ]);
  });
});

it('figures are of the fullest events, and totals of all', async () => {
  const { line, client } = await start();
  const event = { away: 0, tokens: 1, revision: 1, lagMs: 0, joined: 9, etaErrorRatio: 0, brakeRatio: 1 };
  const settings = { admits: true, refillPerSec: 20, capacity: 100, window: 100, changeEndsAtMs: null };
  line.events = Array.from({ length: statsEventsMax + 5 }, (_, index) => ({
    ...event,
    ...settings,
    brakeWanted: undefined,
    event: `evt_${index}`,
    waiting: index,
    admitted: 2,
  }));
  const metadata = signedInAs('ann');
  const { answer } = await client.stats('', { metadata });
  expect(answer?.events).toHaveLength(statsEventsMax);
  expect(answer?.events[0]).toMatchObject({
    eventId: 'evt_104',
    totalWaiting: 104,
    totalAdmitted: 2,
    admissionRatePerMinute: 600,
    averageWaitTimeSeconds: 45,
  });
  expect(answer?.system).toMatchObject({
    totalActiveQueues: 105,
    totalWaitingUsers: (104 * 105) / 2,
    totalAdmittedUsers: 210,
    systemCapacityPercentage: 50,
    averageAdmissionRate: 600,
  });
  const one = await client.stats('evt_3');
  expect(one.answer?.events.map(({ eventId }) => eventId)).toEqual(['evt_3']);
});

describe('the server', () => {
  it('cuts a call whose message does not come', async () => {
    const { grpc, line } = await start(true, { requestMs: 200 });
    const session = connectHttp2(`http://127.0.0.1:${grpc.port}`).on('error', () => {});
    const call = session.request({
      ':method': 'POST',
      ':path': '/gateway.v1.QueueService/JoinQueue',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const answered = new Promise<unknown>((resolve) => {
      call.once('response', (headers) => resolve(headers['grpc-status']));
    });
    const closed = new Promise((resolve) => call.once('close', resolve));
    call.write(Buffer.from('0000000009', 'hex'));
    try {
      expect(await answered).toBe(String(status.DEADLINE_EXCEEDED));
      await closed;
      expect(line.joins).toEqual([]);
    } finally {
      session.destroy();
    }
  });

  it('leaves a call alone that was sent in time, however long its answer takes', async () => {
    const { client, line } = await start(true, { requestMs: 200 });
    line.onStatus = () =>
      new Promise((resolve) => {
        setTimeout(() => resolve({ ok: true, reply: line.statusReply }), 600);
      });
    expect((await client.status(goodToken)).code).toBe(status.OK);
  });

  it('says which port it cannot have', async () => {
    const { grpc, options } = await start();
    const taken = serveGrpc({ ...options, port: grpc.port });
    await expect(taken).rejects.toBeInstanceOf(GrpcListenError);
    await expect(taken).rejects.toMatchObject({ cause: { code: 'EADDRINUSE' } });
  });

  it('answers what is under way when it stops, and takes nothing new', async () => {
    const { line, client, grpc } = await start();
    let release = (): void => {};
    line.onStatus = () =>
      new Promise((resolve) => {
        release = () => resolve({ ok: true, reply: line.statusReply });
      });
    const underWay = client.status(goodToken);
    await expect.poll(() => line.statusCalls).toBe(1);
    const drained = grpc.drain(10_000);
    const late = new QueueClient(`127.0.0.1:${grpc.port}`);
    expect((await late.status(goodToken, { withinMs: 2_000 })).code).toBe(status.UNAVAILABLE);
    late.close();
    release();
    expect((await underWay).answer).toMatchObject({ status: 'QUEUE_STATUS_WAITING' });
    await drained;
  });

  it('cuts what is still under way when its time is over, and who never said anything', async () => {
    const { line, client, grpc } = await start();
    line.onStatus = () => new Promise(() => {});
    const underWay = client.status(goodToken);
    await expect.poll(() => line.statusCalls).toBe(1);
    const silent = connect(grpc.port, '127.0.0.1')
      .on('error', () => {})
      .resume();
    await new Promise((resolve) => silent.once('connect', resolve));
    const closed = new Promise((resolve) => silent.once('close', resolve));
    await grpc.drain(300);
    expect((await underWay).code).not.toBe(status.OK);
    await closed;
  });
});
