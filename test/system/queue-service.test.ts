import { randomUUID } from 'node:crypto';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, enterAt, type Fleet, joinAt, pause, startFleet, statusAt } from '../helpers/fleet.ts';
import { QueueClient, signedInAs } from '../helpers/queue-client.ts';

const secOf = (stamp: { seconds: number | string } | null | undefined): number => Number(stamp?.seconds ?? 0);
const nowSec = (): number => Date.now() / 1000;
const detailsOf = (error: { details: { reason: string; value: string }[] } | null | undefined) =>
  Object.fromEntries(error?.details.map(({ reason, value }) => [reason, value]) ?? []);

/** How many open connections to a port of 127.0.0.1 a process holds, from /proc. */
async function connectionsOf(pid: number, port: number): Promise<number> {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((row) => row.trim().split(/\s+/));
  const inodes = new Set(rows.filter((row) => row[1] === local && row[3] === '01').map((row) => row[9]));
  const fds = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return links.filter((link) => inodes.has(/^socket:\[(\d+)\]$/.exec(link)?.[1])).length;
}

describe('QueueService', () => {
  let fleet: Fleet;
  let client: QueueClient;
  let url: string;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 1, workers: 2 });
    client = new QueueClient(fleet.grpcs[0] ?? '');
    url = fleet.urls[0] ?? '';
  });
  afterAll(async () => {
    client.close();
    await fleet.stop();
  });

  /** A place, joined over gRPC. */
  const placeIn = async (event: string): Promise<string> =>
    (await client.join(event)).answer?.waitingToken ?? '';

  it('serves one place from either wire: joined by gRPC, asked by both, entered by gRPC', async () => {
    const { id } = await fleet.event({ tiers: '1-=0' });
    const joined = await client.join(id);
    expect(joined).toMatchObject({
      code: status.OK,
      answer: { positionHint: 1, status: 'QUEUE_STATUS_WAITING', error: null },
    });
    expect(Number(joined.trailers['poll-after-sec'])).toBeGreaterThan(0);
    const token = joined.answer?.waitingToken ?? '';
    const leftSec = secOf(joined.answer?.expiresAt) - nowSec();
    expect(leftSec).toBeGreaterThan(290);
    expect(leftSec).toBeLessThan(301);
    await expect.poll(async () => (await statusAt(url, token)).body.status, { timeout: 5_000 }).toBe('ready');
    const ready = {
      status: 'QUEUE_STATUS_READY',
      position: 1,
      etaSeconds: 0,
      admissionReady: true,
      error: null,
    };
    await expect
      .poll(async () => (await client.status(token)).answer, { timeout: 5_000 })
      .toMatchObject(ready);
    const entered = (await client.enter(token, 'ann')).answer;
    expect(entered).toMatchObject({ admission: 'ADMISSION_STATUS_GRANTED', ttlSeconds: 30, error: null });
    expect(secOf(entered?.validUntil) - nowSec()).toBeGreaterThan(25);
    const again = await enterAt(url, token, 'ann');
    expect(again.body.reservation_token).toBe(entered?.reservationToken);
    const after = async () => (await client.status(token)).answer?.status;
    await expect.poll(after, { timeout: 5_000 }).toBe('QUEUE_STATUS_EXPIRED');
    expect((await client.status(token)).answer).toMatchObject({
      status: 'QUEUE_STATUS_EXPIRED',
      expiresAt: null,
      error: { code: 'ERROR_CODE_ALREADY_EXISTS' },
    });
  });

  it('gives a place joined by HTTP up, once and again', async () => {
    const { id } = await fleet.event();
    const token = String((await joinAt(url, id)).body.waiting_token);
    for (let time = 0; time < 2; time += 1) {
      const left = (await client.leave(token)).answer;
      expect(left).toMatchObject({ success: true, error: null });
      expect(Math.abs(secOf(left?.leftAt) - nowSec())).toBeLessThan(5);
    }
    await expect
      .poll(async () => (await client.status(token)).answer?.status, { timeout: 5_000 })
      .toBe('QUEUE_STATUS_LEFT');
  });

  it('knows a person by token, claimed name or key, as HTTP does', async () => {
    const { id } = await fleet.event();
    const metadata = signedInAs('bea');
    const first = await client.join(id, 'somebody', { metadata });
    expect((await client.join(id, 'other', { metadata })).answer).toMatchObject({
      status: 'QUEUE_STATUS_ERROR',
      waitingToken: first.answer?.waitingToken,
      error: { code: 'ERROR_CODE_ALREADY_EXISTS', details: [{ reason: 'code', value: 'DUPLICATE_REQUEST' }] },
    });
    await client.join(id, 'cia');
    const claimed = await joinAt(url, id, { user_id: 'cia' });
    expect(claimed.status).toBe(409);
    expect((await client.join(id, 'cia')).answer).toMatchObject({
      waitingToken: '',
      status: 'QUEUE_STATUS_ERROR',
    });
    const key = { metadata: { 'idempotency-key': randomUUID() } };
    const keyed = await client.join(id, '', key);
    expect((await client.join(id, '', key)).answer?.waitingToken).toBe(keyed.answer?.waitingToken);
    expect((await client.join(id, 'dan', key)).answer?.error).toMatchObject({
      code: 'ERROR_CODE_IDEMPOTENCY_CONFLICT',
    });
    const other = await enterAt(url, first.answer?.waitingToken ?? '', 'eve');
    expect(other.body).toMatchObject({ error: { code: 'NOT_YOURS' } });
    expect((await client.enter(first.answer?.waitingToken ?? '', 'eve')).answer).toMatchObject({
      admission: 'ADMISSION_STATUS_DENIED',
      error: { code: 'ERROR_CODE_FORBIDDEN' },
    });
  });

  it('says why somebody is not let in yet, with the trace id that the caller gave', async () => {
    const event = await fleet.event({ capacity: 1, tiers: '1-=0' });
    const tokens = await Promise.all(Array.from({ length: 30 }, () => placeIn(event.id)));
    const changeId = randomUUID();
    await fleet.store.setPhase(event, { action: 'pause', changeId, audit: '' });
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const metadata = { ...signedInAs('fay'), traceparent: `00-${traceId}-b7ad6b7169203331-01` };
    const denied = (await client.enter(tokens[5] ?? '', 'fay', { metadata })).answer;
    expect(denied).toMatchObject({
      admission: 'ADMISSION_STATUS_DENIED',
      reservationToken: '',
      error: { code: 'ERROR_CODE_FAILED_PRECONDITION', traceId },
    });
    expect(detailsOf(denied?.error)).toMatchObject({ code: 'NOT_READY', reason: 'paused' });
    expect(Number(detailsOf(denied?.error).retry_after_sec)).toBeGreaterThan(0);
    expect(Number(detailsOf(denied?.error).position)).toBeGreaterThan(0);
  });

  it('tells refusals of the line in the answer', async () => {
    const event = await fleet.event({ opensAtMs: Date.now() + 3_600_000 });
    const early = (await client.join(event.id)).answer;
    expect(early).toMatchObject({
      status: 'QUEUE_STATUS_ERROR',
      error: { code: 'ERROR_CODE_FAILED_PRECONDITION' },
    });
    expect(detailsOf(early?.error)).toMatchObject({ code: 'QUEUE_NOT_OPEN' });
    expect(Date.parse(detailsOf(early?.error).opens_at ?? '')).toBeGreaterThan(Date.now());
    const unknown = 't1.k1.cGF5bG9hZA.bWFj';
    const notFound = { code: 'ERROR_CODE_NOT_FOUND' };
    expect((await client.status(unknown)).answer).toMatchObject({
      status: 'QUEUE_STATUS_ERROR',
      error: notFound,
    });
    expect((await client.status('x'.repeat(600))).answer).toMatchObject({ error: notFound });
    expect((await client.leave(unknown)).answer).toMatchObject({ success: false, error: notFound });
    expect((await client.enter(unknown, 'gus')).answer).toMatchObject({
      admission: 'ADMISSION_STATUS_INVALID',
      error: notFound,
    });
    const { id } = await fleet.event();
    const token = await placeIn(id);
    const metadata = signedInAs('hal');
    const misdirected = { waitingToken: token, eventId: event.id };
    expect((await client.call('RequestAdmission', misdirected, { metadata })).answer).toMatchObject({
      admission: 'ADMISSION_STATUS_INVALID',
      error: notFound,
    });
    expect((await client.stats('evt_nobody_made')).answer).toMatchObject({ events: [], error: notFound });
  });

  it('ends a call that asks for nothing sensible', async () => {
    const { id } = await fleet.event();
    const token = await placeIn(id);
    const bad = [
      client.join('../etc'),
      client.join(id, 'x'.repeat(129)),
      client.join(id, '', { metadata: { 'idempotency-key': 'k'.repeat(129) } }),
      client.status(''),
      client.stats('no such id!'),
      client.call('RequestAdmission', { waitingToken: token, userId: 'u'.repeat(129) }),
    ];
    for (const answered of await Promise.all(bad)) {
      expect(answered).toMatchObject({
        code: status.INVALID_ARGUMENT,
        trailers: { 'error-code': 'BAD_REQUEST' },
      });
      expect(answered.trailers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
    }
    const anonymous = await client.call('RequestAdmission', { waitingToken: token });
    expect(anonymous).toMatchObject({ code: status.UNAUTHENTICATED });
    const forged = { metadata: { authorization: 'Bearer nonsense' } };
    expect(await client.join(id, '', forged)).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(await client.stats()).toMatchObject({ code: status.UNAUTHENTICATED });
    const large = await client.call('JoinQueue', { eventId: id, sessionId: 'x'.repeat(17_000) });
    expect(large).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  });

  it('has figures of one event, and of all for who is signed in', async () => {
    const { id } = await fleet.event();
    await Promise.all(Array.from({ length: 7 }, () => placeIn(id)));
    const waiting = async () => (await client.stats(id)).answer?.events[0]?.totalWaiting;
    await expect.poll(waiting, { timeout: 5_000 }).toBe(7);
    const all = await client.stats('', { metadata: signedInAs('ida') });
    expect(all.answer?.events.map(({ eventId }) => eventId)).toContain(id);
    expect(all.answer?.system?.totalActiveQueues).toBeGreaterThan(0);
    expect(Math.abs(secOf(all.answer?.system?.lastUpdated) - nowSec())).toBeLessThan(10);
  });

  it('is served by all workers, and seen in the metrics of them together', async () => {
    const { id } = await fleet.event();
    const token = await placeIn(id);
    const clients = Array.from({ length: 8 }, () => new QueueClient(fleet.grpcs[0] ?? ''));
    const polled = async (): Promise<number> => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      const route = 'method="GRPC",route="/gateway.v1.QueueService/GetQueueStatus",status="200"';
      return Number(new RegExp(`requests_total\\{${route}\\} (\\d+)`).exec(metrics)?.[1] ?? 0);
    };
    const before = await polled();
    for (const each of clients) expect((await each.status(token)).code).toBe(status.OK);
    await expect.poll(polled, { timeout: 5_000 }).toBe(before + 8);
    const primary = fleet.gateways[0]?.pid ?? 0;
    const children = await readFile(`/proc/${primary}/task/${primary}/children`, 'utf8');
    const workers = children.trim().split(/\s+/).map(Number);
    const port = Number((fleet.grpcs[0] ?? '').split(':')[1]);
    const held = await Promise.all(workers.map((pid) => connectionsOf(pid, port)));
    expect(held).toHaveLength(2);
    for (const connections of held) expect(connections).toBeGreaterThan(0);
    for (const each of clients) each.close();
  });

  it('is unavailable, within 2 s and with a time to ask again, while Redis is away', async () => {
    const { id } = await fleet.event();
    const token = await placeIn(id);
    await pause(300);
    process.kill(fleet.redis.pid, 'SIGSTOP');
    try {
      const askedMs = performance.now();
      const refused = await client.join(id);
      expect(performance.now() - askedMs).toBeLessThan(2_500);
      expect(refused).toMatchObject({ code: status.UNAVAILABLE, trailers: { 'error-code': 'UNAVAILABLE' } });
      expect(Number(refused.trailers['retry-after'])).toBeGreaterThan(0);
      const late = await client.join(id, '', { withinMs: 200 });
      expect(late).toMatchObject({ code: status.DEADLINE_EXCEEDED });
      expect((await client.status(token)).answer).toMatchObject({
        status: 'QUEUE_STATUS_WAITING',
        position: 1,
      });
    } finally {
      process.kill(fleet.redis.pid, 'SIGCONT');
    }
    await expect.poll(async () => (await client.join(id)).code, { timeout: 10_000 }).toBe(status.OK);
  });
});

describe('a gateway that stops while QueueService is called', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ gateways: 2, workers: 2 });
  });
  afterAll(() => fleet.stop());

  it('fails no call of clients that know another one', async () => {
    const { id } = await fleet.event();
    const clients = Array.from({ length: 6 }, () => new QueueClient(`ipv4:${fleet.grpcs.join(',')}`));
    const askers = clients.flatMap((each) => [each, each, each, each]);
    const tokens = await Promise.all(
      askers.map(async (each) => (await each.join(id)).answer?.waitingToken ?? ''),
    );
    let isOver = false;
    let calls = 0;
    const failures: string[] = [];
    const ask = async (client: QueueClient, token: string): Promise<void> => {
      while (!isOver) {
        const { code, details } = await client.status(token);
        calls += 1;
        if (code !== status.OK) failures.push(`${code} ${details}`);
        // A place may ask 50 times a second.
        await pause(25);
      }
    };
    const asking = askers.map((each, at) => ask(each, tokens[at] ?? ''));
    await pause(500);
    const [leaving] = fleet.gateways;
    leaving?.child.kill('SIGTERM');
    expect(await leaving?.ended).toEqual({ code: 0, signal: null });
    await pause(500);
    isOver = true;
    await Promise.all(asking);
    for (const each of clients) each.close();
    expect(failures).toEqual([]);
    expect(calls).toBeGreaterThan(100);
    expect((await call('GET', `${fleet.urls[1]}/readyz`)).status).toBe(200);
  });
});
