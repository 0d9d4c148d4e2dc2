/** Reservations as visitors make them: the pass, the Idempotency-Key, and what holds when things break half-way. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { refuse } from '../../src/contract/errors.ts';
import { RequestBook } from '../../src/gateway/requests/request-book.ts';
import { as, ask, type Gate, newKeys, newPass, openGate } from '../helpers/booking.ts';
import { eventually } from '../helpers/eventually.ts';
import { FakeBackends } from '../helpers/fake-backends.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { openTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';

const keys = newKeys();
let server: TestRedis;
let proxy: TcpProxy;
let backends: FakeBackends;
let gates: Gate[] = [];
/** Added to the clock by which passes end, ms. */
let aheadMs = 0;

beforeAll(async () => {
  server = await startRedis();
  proxy = await openTcpProxy({ port: server.port });
});
afterAll(async () => {
  await proxy.close();
  await server.stop();
});
beforeEach(async () => {
  aheadMs = 0;
  backends = new FakeBackends();
  gates = [await open()];
});
afterEach(async () => {
  await Promise.all(gates.map((gate) => gate.close()));
});

const open = (port = server.port, more = {}): Promise<Gate> =>
  openGate({ port, backends, keys, nowMs: () => Date.now() + aheadMs, ...more });
const gate = (at = 0): Gate => gates[at] as Gate;

interface Try {
  readonly pass: string;
  readonly key?: string;
  readonly user?: string | undefined;
  readonly event?: string;
  readonly seats?: readonly string[];
  readonly headers?: Record<string, string>;
  readonly on?: Gate;
}

const bodyOf = ({ pass, event = 'evt_x', seats = ['A1', 'A2'] }: Try) => ({
  event_id: event,
  seat_ids: seats,
  reservation_token: pass,
});
function reserve(attempt: Try) {
  const { key = 'key-1', on = gate(), headers = {} } = attempt;
  const user = 'user' in attempt ? attempt.user : 'ann';
  return ask(on, 'POST', '/reservations', {
    headers: { ...as(user), 'idempotency-key': key, ...headers },
    body: bodyOf(attempt),
  });
}
/** Users whose keys no test before has used. */
const newUser = (): { user: string; subject: string } => {
  const user = randomUUID();
  return { user, subject: `dev:${user}` };
};
const unwell = refuse('BACKEND_TIMEOUT');

describe('a reservation', () => {
  it('is made with a pass and a key, and asked of the backend as the visitor asked', async () => {
    const { user, subject } = newUser();
    const pass = await newPass(keys, { subject });
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const made = await reserve({ pass, user, headers: { traceparent } });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({
      reservation_id: 'rsv_1',
      status: 'HOLD',
      hold_expires_at: '2026-05-01T10:01:00.000Z',
      seat_ids: ['A1', 'A2'],
    });
    expect(made.headers['idempotency-replayed']).toBeUndefined();
    const request = {
      eventId: 'evt_x',
      seatIds: ['A1', 'A2'],
      quantity: 2,
      userId: subject,
      reservationToken: pass,
      idempotencyKey: 'key-1',
    };
    expect(backends.calls).toEqual([{ method: 'reserve', request, traceparent }]);
  });

  it('is refused before anybody is asked where something is missing or wrong', async () => {
    const { user, subject } = newUser();
    const body = bodyOf({ pass: await newPass(keys, { subject }) });
    const headers = { ...as(user), 'idempotency-key': 'k' };
    const post = (options: object) => ask(gate(), 'POST', '/reservations', options);
    const answers = [
      await post({ body, headers: { 'idempotency-key': 'k' } }),
      await post({ body, headers: as(user) }),
      await post({ body, headers: { ...headers, 'idempotency-key': '' } }),
      await post({ body, headers: { ...headers, 'idempotency-key': 'k'.repeat(129) } }),
      await post({ body, headers: { ...headers, 'idempotency-key': 'ключ' } }),
      await post({ body: { ...body, seat_ids: [] }, headers }),
      await post({ body: { ...body, quantity: 3 }, headers }),
      await post({ body: '{', headers }),
      await post({ body, headers: { ...headers, 'content-type': 'text/plain' } }),
    ];
    expect(answers.map(({ status, code }) => [status, code])).toEqual([
      [401, 'UNAUTHENTICATED'],
      [400, 'IDEMPOTENCY_REQUIRED'],
      [400, 'IDEMPOTENCY_REQUIRED'],
      ...Array.from({ length: 5 }, () => [400, 'BAD_REQUEST']),
      [415, 'UNSUPPORTED_MEDIA_TYPE'],
    ]);
    expect(backends.calls).toEqual([]);
    // None of them used the pass up.
    expect((await post({ body, headers: { ...headers, 'idempotency-key': 'another' } })).status).toBe(201);
  });
});

describe('a pass', () => {
  it('is refused where it is forged, or for another event, another person or a time that is over', async () => {
    const { user, subject } = newUser();
    const good = await newPass(keys, { subject });
    const attempts: [Try, string][] = [
      [{ pass: await newPass(newKeys(4), { subject }) }, 'not valid'],
      [{ pass: `${good.slice(0, -6)}AAAAAA` }, 'not valid'],
      [{ pass: 'no token at all' }, 'not valid'],
      [{ pass: 'x'.repeat(4_000) }, 'not valid'],
      [{ pass: await newPass(keys, { subject, event: 'evt_y' }) }, 'another event'],
      [{ pass: await newPass(keys) }, 'another person'],
      [{ pass: await newPass(keys, { subject: 'v_abcdefgh' }) }, 'another person'],
      [{ pass: await newPass(keys, { subject, grantedMs: Date.now() - 31_000 }) }, 'expired'],
    ];
    for (const [attempt, reason] of attempts) {
      const refused = await reserve({ user, ...attempt });
      expect([refused.status, refused.code]).toEqual([403, 'PASS_REFUSED']);
      expect(refused.message).toContain(reason);
    }
    expect(backends.calls).toEqual([]);
    expect((await reserve({ pass: good, user })).status).toBe(201);
  });

  it('serves one reservation', async () => {
    const { user, subject } = newUser();
    const pass = await newPass(keys, { subject });
    expect((await reserve({ pass, user })).status).toBe(201);
    const again = await reserve({ pass, user, key: 'key-2' });
    expect([again.status, again.code, again.message]).toEqual([
      403,
      'PASS_REFUSED',
      'This reservation token has been used.',
    ]);
    expect(backends.calls).toHaveLength(1);
  });

  it('ends after 30 s for whoever has not begun', async () => {
    const { user, subject } = newUser();
    const pass = await newPass(keys, { subject });
    aheadMs = 31_000;
    expect((await reserve({ pass, user })).message).toContain('expired');
    expect(backends.calls).toEqual([]);
  });

  it('stays with the first key after a timeout, even when its 30 s are over', async () => {
    const { user, subject } = newUser();
    const pass = await newPass(keys, { subject });
    backends.next.push({ after: unwell }, refuse('BACKEND_UNAVAILABLE'));
    expect((await reserve({ pass, user })).status).toBe(504);
    expect((await reserve({ pass, user, key: 'key-2' })).message).toContain('used');
    aheadMs = 120_000;
    expect((await reserve({ pass, user })).status).toBe(503);
    expect((await reserve({ pass, user, seats: ['B1'] })).code).toBe('IDEMPOTENCY_CONFLICT');
    expect((await reserve({ pass, user, key: 'key-2' })).message).toContain('used');
    expect(await reserve({ pass, user })).toMatchObject({ status: 201, body: { reservation_id: 'rsv_1' } });
    expect(backends.of('reserve').map(({ request }) => request.idempotencyKey)).toEqual(
      Array(3).fill('key-1'),
    );
    expect(backends.reservations.size).toBe(1);
    expect((await reserve({ pass, user })).headers['idempotency-replayed']).toBe('true');
    expect(backends.calls).toHaveLength(3);
  });

  it('is free for other seats when the backend said no for good', async () => {
    const { user, subject } = newUser();
    const pass = await newPass(keys, { subject });
    backends.next.push(refuse('SEATS_TAKEN'));
    const taken = await reserve({ pass, user });
    expect([taken.status, taken.code]).toEqual([409, 'SEATS_TAKEN']);
    const same = await reserve({ pass, user });
    expect([same.text, same.status, same.headers['idempotency-replayed']]).toEqual([taken.text, 409, 'true']);
    expect((await reserve({ pass, user, key: 'key-2', seats: ['B1'] })).status).toBe(201);
    expect((await reserve({ pass, user, key: 'key-3', seats: ['B2'] })).message).toContain('used');
  });

  it('of somebody who entered without signing in serves the first who shows it, where that is allowed', async () => {
    gates.push(await open(server.port, { authEnterRequired: false }));
    const [first, second] = [newUser(), newUser()];
    const pass = await newPass(keys, { subject: 'v_abcdefgh' });
    const on = gate(1);
    expect((await reserve({ pass, user: first.user })).message).toContain('another person');
    expect((await reserve({ pass, user: first.user, on })).status).toBe(201);
    expect((await reserve({ pass, user: second.user, key: 'key-2', on })).message).toContain('used');
    expect((await reserve({ pass, user: second.user, on })).code).toBe('IDEMPOTENCY_CONFLICT');
    expect((await reserve({ pass, user: undefined, key: 'key-3', on })).message).toContain('used');
    expect(backends.calls.map(({ request }) => request.userId)).toEqual([first.subject]);
  });
});

describe('an Idempotency-Key', () => {
  it('gives the same answer again for the same body, and refuses another one', async () => {
    const { user, subject } = newUser();
    const pass = await newPass(keys, { subject });
    const first = await reserve({ pass, user });
    const again = await reserve({ pass, user });
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect(again.headers['idempotency-replayed']).toBe('true');
    const other = await reserve({ pass, user, seats: ['B1'] });
    expect([other.status, other.code]).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
    expect(backends.calls).toHaveLength(1);
    expect(gate().meters.idempotency).toEqual({ new: 1, replayed: 1, conflict: 1, in_flight: 0 });
  });

  it('is one person’s own', async () => {
    const people = [newUser(), newUser()];
    for (const { user, subject } of people) {
      expect((await reserve({ pass: await newPass(keys, { subject }), user })).status).toBe(201);
    }
    expect(backends.calls).toHaveLength(2);
  });

  it('holds copies off while the first is being answered', async () => {
    const { user, subject } = newUser();
    const pass = await newPass(keys, { subject });
    // As long as it may take within the time of its mark, which is 1.2 s.
    backends.delayMs = 900;
    const first = reserve({ pass, user });
    await eventually(() => backends.calls.length === 1);
    const copy = await reserve({ pass, user });
    expect([copy.status, copy.code, copy.headers['retry-after']]).toEqual([409, 'REQUEST_IN_FLIGHT', '1']);
    expect((await first).status).toBe(201);
    expect((await reserve({ pass, user })).headers['idempotency-replayed']).toBe('true');
    expect(backends.calls).toHaveLength(1);
  });

  it('is free again after answers that are not final', async () => {
    const { user, subject } = newUser();
    const pass = await newPass(keys, { subject });
    const passing = ['BACKEND_ERROR', 'BACKEND_TIMEOUT', 'BACKEND_UNAVAILABLE', 'RATE_LIMITED'] as const;
    backends.next.push(...passing.map((code) => refuse(code)));
    for (const code of passing) expect((await reserve({ pass, user })).code).toBe(code);
    expect((await reserve({ pass, user })).status).toBe(201);
  });

  it('is free again after a bug, which is not told', async () => {
    const { user, subject } = newUser();
    const pass = await newPass(keys, { subject });
    backends.next.push(() => {
      throw new Error('secret detail');
    });
    const failed = await reserve({ pass, user });
    expect([failed.status, failed.code, failed.text.includes('secret')]).toEqual([500, 'INTERNAL', false]);
    expect((await reserve({ pass, user })).status).toBe(201);
  });

  it('lets one of 50 racing copies over two gateways through at a time, and makes one reservation', async () => {
    gates.push(await open());
    const { user, subject } = newUser();
    const pass = await newPass(keys, { subject });
    backends.delayMs = 20;
    const copies = await Promise.all(
      Array.from({ length: 50 }, (_, at) => reserve({ pass, user, on: gate(at % 2) })),
    );
    const made = copies.filter(({ status }) => status === 201);
    expect(made.length).toBeGreaterThanOrEqual(1);
    expect(new Set(made.map(({ text }) => text)).size).toBe(1);
    expect(made.filter(({ headers }) => headers['idempotency-replayed'] === undefined)).toHaveLength(1);
    expect(copies.filter(({ code }) => code === 'REQUEST_IN_FLIGHT')).toHaveLength(50 - made.length);
    expect([backends.inFlightMax, backends.reservations.size, backends.calls.length]).toEqual([1, 1, 1]);
  });

  it('lets one of 50 racing keys have a pass', async () => {
    gates.push(await open());
    const { user, subject } = newUser();
    const pass = await newPass(keys, { subject });
    backends.delayMs = 20;
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, at) => reserve({ pass, user, key: `key-${at}`, on: gate(at % 2) })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'PASS_REFUSED')).toHaveLength(49);
    expect(backends.calls).toHaveLength(1);
  });

  it('is freed by time where a gateway died half-way', async () => {
    const { user, subject } = newUser();
    const pass = await newPass(keys, { subject });
    // The end of the first attempt never comes, as after a kill.
    const { end } = RequestBook.prototype;
    RequestBook.prototype.end = () => new Promise(() => {});
    try {
      expect((await reserve({ pass, user })).status).toBe(201);
    } finally {
      RequestBook.prototype.end = end;
    }
    expect((await reserve({ pass, user })).code).toBe('REQUEST_IN_FLIGHT');
    const later = await eventually(async () => {
      const answer = await reserve({ pass, user });
      return answer.code === 'REQUEST_IN_FLIGHT' ? false : answer;
    });
    expect([later.status, later.headers['idempotency-replayed']]).toEqual([201, undefined]);
    expect(backends.of('reserve').map(({ request }) => request.idempotencyKey)).toEqual(['key-1', 'key-1']);
    expect(backends.reservations.size).toBe(1);
  });
});

describe('without Redis', () => {
  it('refuses within 2 s and asks no backend, whether Redis is cut off or gone', async () => {
    gates.push(await open(proxy.port));
    const { user, subject } = newUser();
    const pass = await newPass(keys, { subject });
    const refused = async (): Promise<void> => {
      const startedMs = performance.now();
      const answer = await reserve({ pass, user, on: gate(1) });
      expect([answer.status, answer.code]).toEqual([503, 'UNAVAILABLE']);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(performance.now() - startedMs).toBeLessThan(2_000);
    };
    proxy.cut();
    await refused();
    gate(1).redis.disconnect();
    await refused();
    proxy.mend();
    expect(backends.calls).toEqual([]);
  });

  it('asks no backend where Redis is so slow that the call could outlast its mark, and frees the key', async () => {
    gates.push(await open(proxy.port));
    const { user, subject } = newUser();
    const pass = await newPass(keys, { subject });
    proxy.delayMs = 400;
    try {
      expect((await reserve({ pass, user, on: gate(1) })).code).toBe('UNAVAILABLE');
      expect(backends.calls).toEqual([]);
    } finally {
      proxy.delayMs = 0;
    }
    expect(await eventually(async () => (await reserve({ pass, user })).status === 201)).toBe(true);
    expect(backends.calls).toHaveLength(1);
  });

  it('gives the answer to whoever it went away under, and a repeat reaches the backend with the same key', async () => {
    gates.push(await open(proxy.port));
    const { user, subject } = newUser();
    const pass = await newPass(keys, { subject });
    backends.delayMs = 600;
    const first = reserve({ pass, user, on: gate(1) });
    await eventually(() => backends.calls.length === 1);
    proxy.cut();
    expect((await first).status).toBe(201);
    proxy.mend();
    await eventually(() => gate(1).logged.some((line) => line.includes('could not be kept')));
    const again = await eventually(async () => {
      const answer = await reserve({ pass, user, on: gate(1) });
      return answer.status === 201 && answer;
    });
    expect(again.body).toEqual((await first).body);
    const calls = backends.of('reserve').map(({ request }) => request.idempotencyKey);
    expect([calls, backends.reservations.size]).toEqual([['key-1', 'key-1'], 1]);
  });
});
