/** What comes after a reservation: looking, confirming, cancelling, paying; and development tokens that name nobody. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { refuse } from '../../src/contract/errors.ts';
import { type Answered, as, ask, type Gate, newKeys, newPass, openGate } from '../helpers/booking.ts';
import { FakeBackends } from '../helpers/fake-backends.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

const keys = newKeys();
let server: TestRedis;
let backends: FakeBackends;
let gate: Gate;
let user: string;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  user = randomUUID();
  backends = new FakeBackends();
  gate = await openGate({ port: server.port, backends, keys });
});
afterEach(() => gate.close());

const get = (path: string, who: string | undefined = user): Promise<Answered> =>
  ask(gate, 'GET', path, { headers: as(who) });
const post = (path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answered> =>
  ask(gate, 'POST', path, { headers: { ...as(user), ...headers }, body });
const key = (text: string): Record<string, string> => ({ 'idempotency-key': text });

/** The id of a new reservation of the user's. */
async function reserved(): Promise<string> {
  const reservation_token = await newPass(keys, { subject: `dev:${user}` });
  const body = { event_id: 'evt_x', quantity: 1, reservation_token };
  return String((await post('/reservations', body, key(randomUUID()))).body.reservation_id);
}
const intentBody = (reservation_id: string) => ({ reservation_id, amount: 100, currency: 'KRW' });
async function intended(): Promise<string> {
  const made = await post('/payment/intent', intentBody(await reserved()), key(randomUUID()));
  return String(made.body.payment_intent_id);
}
const keysOf = (method: string) => backends.of(method).map(({ request }) => request.idempotencyKey);
const codes = (answers: readonly Answered[]) => answers.map(({ status, code }) => [status, code]);

describe('a reservation', () => {
  it('is shown to whose it is, with the backend’s own no for others', async () => {
    const id = await reserved();
    expect(await get(`/reservations/${id}`)).toMatchObject({ status: 200, body: { reservation_id: id } });
    expect(codes([await get(`/reservations/${id}`, 'eve'), await get('/reservations/rsv_99')])).toEqual([
      [403, 'FORBIDDEN'],
      [404, 'RESERVATION_NOT_FOUND'],
    ]);
  });

  it('is not looked for under an id that none can have', async () => {
    const odd = ['a%20b', '%0a', 'a'.repeat(129), '%C3%BC', 'a'.repeat(400)];
    const answers = await Promise.all(odd.map((id) => get(`/reservations/${id}`)));
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 400]);
    const others = [
      await post('/reservations/a%20b/confirm', { payment_intent_id: 'p' }),
      await post('/reservations/a%20b/cancel'),
      await get('/payment/a%20b/status'),
    ];
    expect(others.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect((await get(`/reservations/${'a'.repeat(128)}`)).code).toBe('RESERVATION_NOT_FOUND');
    expect(backends.calls).toHaveLength(1);
  });

  it('takes nobody’s requests, whatever they are', async () => {
    const body = {};
    const answers = [
      await ask(gate, 'GET', '/reservations/r1'),
      await ask(gate, 'GET', '/payment/p1/status'),
      ...(await Promise.all(
        ['/reservations', '/reservations/r1/confirm', '/reservations/r1/cancel'].map((path) =>
          ask(gate, 'POST', path, { body }),
        ),
      )),
      ...(await Promise.all(
        ['/payment/intent', '/payment/process'].map((path) =>
          ask(gate, 'POST', path, { body, headers: { authorization: 'Bearer nonsense' } }),
        ),
      )),
    ];
    expect(codes(answers)).toEqual(Array.from({ length: 7 }, () => [401, 'UNAUTHENTICATED']));
    expect(backends.calls).toEqual([]);
  });
});

describe('confirming and cancelling', () => {
  it('confirms with a payment, and gives the backend one key for one change where the visitor gave none', async () => {
    const id = await reserved();
    const confirm = (payment_intent_id: string) => post(`/reservations/${id}/confirm`, { payment_intent_id });
    backends.next.push(refuse('PAYMENT_NOT_APPROVED'), refuse('BACKEND_TIMEOUT'));
    expect((await confirm('pay_1')).status).toBe(412);
    expect((await confirm('pay_1')).status).toBe(504);
    expect(await confirm('pay_1')).toMatchObject({
      status: 200,
      body: { order_id: `ord_${id}`, status: 'CONFIRMED' },
    });
    await confirm('pay_2');
    const [first, second, third, other] = keysOf('confirm');
    expect(first).toMatch(/^[\w-]{43}$/);
    expect([second, third]).toEqual([first, first]);
    expect(other).not.toBe(first);
  });

  it('keeps the answer where the visitor gave a key', async () => {
    const id = await reserved();
    const body = { payment_intent_id: 'pay_1' };
    const path = `/reservations/${id}/confirm`;
    const first = await post(path, body, key('c-1'));
    const again = await post(path, body, key('c-1'));
    expect([again.text, again.headers['idempotency-replayed']]).toEqual([first.text, 'true']);
    const conflicts = [
      await post(path, { payment_intent_id: 'pay_2' }, key('c-1')),
      await post(`/reservations/${id}/cancel`, {}, key('c-1')),
      await post('/reservations/rsv_2/confirm', body, key('c-1')),
      await post('/payment/intent', intentBody(id), key('c-1')),
    ];
    expect(conflicts.map(({ code }) => code)).toEqual(Array(4).fill('IDEMPOTENCY_CONFLICT'));
    expect(keysOf('confirm')).toEqual(['c-1']);
    expect((await post(path, body, key('k'.repeat(129)))).code).toBe('BAD_REQUEST');
  });

  it('cancels with or without a body', async () => {
    const id = await reserved();
    const path = `/reservations/${id}/cancel`;
    expect(await post(path)).toMatchObject({ status: 200, body: { status: 'CANCELLED' } });
    expect((await post(path, { reason: 'ill' })).status).toBe(200);
    expect((await post(path, { reason: 'x'.repeat(201) })).status).toBe(400);
    expect((await post(`/reservations/${id}/confirm`, {})).status).toBe(400);
    expect(backends.of('cancel').map(({ request }) => request.reason)).toEqual(['', 'ill']);
    expect(new Set(keysOf('cancel')).size).toBe(1);
  });
});

describe('payment', () => {
  it('is begun once for a key, which it needs', async () => {
    const body = intentBody(await reserved());
    expect((await post('/payment/intent', body)).code).toBe('IDEMPOTENCY_REQUIRED');
    expect((await post('/payment/intent', { ...body, currency: 'won' }, key('i-1'))).status).toBe(400);
    backends.next.push(refuse('BACKEND_TIMEOUT'));
    expect((await post('/payment/intent', body, key('i-1'))).status).toBe(504);
    const made = await post('/payment/intent', body, key('i-1'));
    expect([made.status, made.body.next, made.body.status]).toEqual([201, 'webhook', 'PENDING']);
    const again = await post('/payment/intent', { scenario: 'approve', ...body }, key('i-1'));
    expect([again.status, again.text, again.headers['idempotency-replayed']]).toEqual([
      201,
      made.text,
      'true',
    ]);
    expect((await post('/payment/intent', { ...body, amount: 1 }, key('i-1'))).code).toBe(
      'IDEMPOTENCY_CONFLICT',
    );
    expect(keysOf('createIntent')).toEqual(['i-1', 'i-1']);
    expect(backends.of('createIntent')[0]?.request).toMatchObject({
      scenario: 'approve',
      userId: `dev:${user}`,
    });
  });

  it('is shown to and ended by whose it is', async () => {
    const id = await intended();
    expect((await get(`/payment/${id}/status`)).body).toMatchObject({ payment_intent_id: id });
    expect((await get(`/payment/${id}/status`, 'eve')).status).toBe(403);
    expect((await post('/payment/process', { payment_intent_id: id }, as('eve'))).status).toBe(403);
    expect(backends.of('process')).toEqual([]);
    expect(await post('/payment/process', { payment_intent_id: id })).toMatchObject({
      status: 200,
      body: { status: 'COMPLETED' },
    });
    await post('/payment/process', { payment_intent_id: id });
    expect(new Set(keysOf('process')).size).toBe(1);
  });

  it('cannot be ended by hand in production', async () => {
    const real = await openGate({ port: server.port, backends, keys, isSimulation: false });
    try {
      const answer = await ask(real, 'POST', '/payment/process', { headers: as(user), body: {} });
      expect([answer.status, answer.code]).toEqual([404, 'NOT_FOUND']);
    } finally {
      await real.close();
    }
  });
});

describe('a development token that names nobody', () => {
  it('acts for whoever entered, from the pass to the end', async () => {
    const nobody = { ...as(undefined) };
    const subject = 'v_abcdefgh';
    const send = (path: string, body: unknown, more = {}) =>
      ask(gate, 'POST', path, { headers: { ...nobody, ...more }, body });
    const made = await send(
      '/reservations',
      { event_id: 'evt_x', quantity: 2, reservation_token: await newPass(keys, { subject }) },
      key(user),
    );
    const id = String(made.body.reservation_id);
    const intent = await send('/payment/intent', intentBody(id), key(`${user}-pay`));
    const payment = String(intent.body.payment_intent_id);
    const answers = [
      await ask(gate, 'GET', `/reservations/${id}`, { headers: nobody }),
      await ask(gate, 'GET', `/payment/${payment}/status`, { headers: nobody }),
      await send('/payment/process', { payment_intent_id: payment }),
      await send(`/reservations/${id}/confirm`, { payment_intent_id: payment }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const users = backends.calls
      .filter(({ method }) => method !== 'process')
      .map(({ request }) => request.userId);
    expect(new Set(users)).toEqual(new Set([subject]));
    const unknown = await ask(gate, 'GET', '/reservations/rsv_77', { headers: nobody });
    expect([unknown.status, unknown.message]).toEqual([400, expect.stringContaining('X-User-Id')]);
  });
});

describe('the OpenAPI document', () => {
  it('has every route with its summary, security, key and success', async () => {
    const reply = await gate.app.fastify.inject({ url: '/swagger/json' });
    const { paths } = reply.json() as {
      paths: Record<string, Record<string, { summary?: string; security?: unknown; responses: object }>>;
    };
    const routes = [
      ['/reservations', 'post', '201'],
      ['/reservations/{id}', 'get', '200'],
      ['/reservations/{id}/confirm', 'post', '200'],
      ['/reservations/{id}/cancel', 'post', '200'],
      ['/payment/intent', 'post', '201'],
      ['/payment/{id}/status', 'get', '200'],
      ['/payment/process', 'post', '200'],
    ] as const;
    for (const [path, method, status] of routes) {
      const route = paths[`/api/v1${path}`]?.[method];
      expect(route?.summary, path).toBeTruthy();
      expect(route?.security).toEqual([{ bearer: [] }]);
      expect(Object.keys(route?.responses ?? {})).toContain(status);
    }
  });
});
