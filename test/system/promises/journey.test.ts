import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCrowd } from '../../../src/simulator/crowd.ts';
import { type SimulatedBackends, startBackends } from '../../helpers/backends.ts';
import { eventually } from '../../helpers/eventually.ts';
import { type Answer, call, type Fleet, joinAt, pause, startFleet } from '../../helpers/fleet.ts';
import { signedInAs } from '../../helpers/queue-client.ts';

const seats = 300;
const holdMs = 3_000;
/** Visitors of the sale over HTTP, and over gRPC. */
const crowd = { http: 900, grpc: 100 };

/** From the line to the order: real Redis, two gateways, the simulated services as a process, a thousand visitors. */
describe('the journey', () => {
  let fleet: Fleet;
  let backends: SimulatedBackends;
  beforeAll(async () => {
    backends = await startBackends({ seats, hold: `${holdMs}ms` });
    fleet = await startFleet({ gateways: 2, env: backends.env });
  });
  afterAll(async () => {
    await fleet?.stop();
    await backends?.stop();
  });

  const gateway = (index: number): string => fleet.urls[index % fleet.urls.length] ?? '';
  const hall = async (event: string) => (await backends.stats()).events[event];

  /** Sends until the answer is final: no gateway or service is busy, and nobody else asks with the same key. */
  async function insist(path: string, options: Parameters<typeof call>[2], first = 0): Promise<Answer> {
    const method = options?.body === undefined ? 'GET' : 'POST';
    for (let attempt = first; ; attempt += 1) {
      const answer = await call(method, `${gateway(attempt)}/api/v1${path}`, options);
      const isBusy = answer.status === 429 || answer.status >= 500 || 'retry-after' in answer.headers;
      if (!isBusy || attempt > first + 60) return answer;
      await pause(300);
    }
  }
  const codeOf = ({ body }: Answer): string => (body.error as { code: string } | undefined)?.code ?? '';
  const keyed = (user: string, key: string) => ({ ...signedInAs(user), 'idempotency-key': key });

  /** Lets a user in, for their pass. */
  async function enter(event: string, user: string): Promise<string> {
    const joined = await joinAt(gateway(0), event, { headers: signedInAs(user) });
    expect(joined.status).toBe(202);
    const body = { waiting_token: joined.body.waiting_token };
    const entered = await eventually(
      async () => {
        const answer = await call('POST', `${gateway(1)}/api/v1/queue/enter`, {
          body,
          headers: signedInAs(user),
        });
        return answer.status === 200 && answer;
      },
      { withinMs: 20_000, everyMs: 250 },
    );
    return String(entered.body.reservation_token);
  }

  const reserve = (
    wanted: { event: string; user: string; pass: string; key: string; seatIds?: string[] },
    first = 0,
  ) =>
    insist(
      '/reservations',
      {
        headers: keyed(wanted.user, wanted.key),
        body: {
          event_id: wanted.event,
          reservation_token: wanted.pass,
          ...(wanted.seatIds === undefined ? { quantity: 1 } : { seat_ids: wanted.seatIds }),
        },
      },
      first,
    );

  it('of 1,000 visitors sells 300 seats once each; who never pays gives theirs back to others', async () => {
    const { id: event } = await fleet.event({ refillPerSec: 50 });
    const buyers = { buy: 1, neverPay: 0.15, payFail: 0.05, paySlow: 0.05, repeat: 0.3, doubleClick: 0.1 };
    const arrivals = (perSec: number) => ({ kind: 'poisson', perSec }) as const;
    const sell = (visitors: number, more: object) =>
      runCrowd({ gateway: fleet.urls, event, visitors, connections: 48, forMs: 70_000, ...more });
    const overGrpc = { gateway: fleet.grpcs.map((address) => `grpc://${address}`), buyGateway: fleet.urls };
    const reports = await Promise.all([
      sell(crowd.http, { ...buyers, arrivals: arrivals(200), runId: 'a' }),
      sell(crowd.grpc, { ...buyers, arrivals: arrivals(40), runId: 'g', ...overGrpc }),
    ]);

    // What was never paid for comes back, and nobody has it: a second crowd gets it.
    await eventually(async () => (await hall(event))?.held === 0, { withinMs: holdMs + 5_000, everyMs: 50 });
    const between = await hall(event);
    expect(between?.seatsReleased.byTime).toBeGreaterThan(10);
    const left = between?.free ?? 0;
    if (left > 0) reports.push(await sell(40 + left, { buy: 1, runId: 'b', repeat: 0.3 }));

    const sales = reports.map((report) => report.sales);
    const story = JSON.stringify(
      reports.map(({ outcomes, sales: { orders: _, ...rest }, errors }) => ({ outcomes, rest, errors })),
    );
    expect(
      reports.slice(0, 2).map(({ outcomes }) => outcomes.entered),
      story,
    ).toEqual([crowd.http, crowd.grpc]);
    for (const { duplicates } of reports) expect(duplicates, story).toEqual({ places: 0, grants: 0 });

    // Each seat once, and every order that a visitor was told of is one of the inventory's; no other is.
    const sold = await backends.sold(event);
    const soldSeats = sold.flatMap(({ seat_ids }) => seat_ids);
    expect(soldSeats).toHaveLength(seats);
    expect(new Set(soldSeats).size).toBe(seats);
    const told = sales.flatMap(({ orders }) => orders);
    expect(told.map(({ orderId }) => orderId).sort(), story).toEqual(
      sold.map(({ order_id }) => order_id).sort(),
    );
    // A payment of scenario delay takes as long as a hold: who is slow has paid in vain, and gets no order.
    expect(sales[0]?.ends.refused, story).toBe(0);
    expect(sales[0]?.ends.expired, story).toBeGreaterThan(0);
    expect(sales[1]?.ends.confirmed, story).toBeGreaterThan(0);
    const kept = new Map(sold.map((order) => [order.order_id, order]));
    for (const { orderId, reservationId, userId, seatIds } of told) {
      expect(kept.get(orderId)).toEqual({
        order_id: orderId,
        reservation_id: reservationId,
        // Subjects of load test tokens are a namespace of their own.
        user_id: `load:${userId}`,
        seat_ids: seatIds,
      });
    }

    // The same key got the same answer each time, whichever gateway was asked.
    const repeated = sales.reduce((sum, each) => sum + each.repeated, 0);
    expect(repeated, story).toBeGreaterThan(300);
    expect(
      sales.map(({ answeredOtherwise }) => answeredOtherwise),
      story,
    ).toEqual(sales.map(() => 0));

    // Every hold ended exactly one way.
    const after = await eventually(
      async () => {
        const counts = await hall(event);
        return counts?.held === 0 && counts;
      },
      { withinMs: holdMs + 5_000 },
    );
    const { made, committed, released, expired } = after.holds;
    expect(after).toMatchObject({ free: 0, held: 0, sold: seats });
    expect(committed + released + expired).toBe(made);
    expect(committed).toBe(told.length);
  }, 110_000);

  it('lets fifty racing copies of one reservation make one', async () => {
    const { id: event } = await fleet.event();
    const pass = await enter(event, 'racer');
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => reserve({ event, user: 'racer', pass, key }, index)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect((await hall(event))?.holds.made).toBe(1);
  });

  it('refuses a pass that was used, or is of another user or event, or forged: no service hears of it', async () => {
    const [{ id: event }, { id: other }] = [await fleet.event(), await fleet.event()];
    const used = await enter(event, 'owner');
    const fresh = await enter(event, 'lender');
    const first = { event, user: 'owner', pass: used, key: 'first-reservation-of-owner' };
    const seatIds = ['A-1-1', 'A-1-2'];
    expect(await reserve({ ...first, seatIds })).toMatchObject({ status: 201, body: { seat_ids: seatIds } });
    const asked = async () => (await backends.stats()).calls;
    const before = await asked();
    const key = () => randomUUID();
    const [head = '', claims = '', signature = ''] = fresh.split('.');
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    const refused = [
      await reserve({ ...first, key: key() }),
      await reserve({ event, user: 'borrower', pass: fresh, key: key() }),
      await reserve({ event: other, user: 'lender', pass: fresh, key: key() }),
      await reserve({ event, user: 'lender', pass: `${head}.${claims}.${flipped}`, key: key() }),
      await reserve({ event, user: 'lender', pass: `${head}.${claims}.`, key: key() }),
      await reserve({ event, user: 'lender', pass: 'not-a-pass', key: key() }),
    ];
    expect(refused.map((answer) => [answer.status, codeOf(answer)])).toEqual(
      refused.map(() => [403, 'PASS_REFUSED']),
    );
    expect(await asked()).toEqual(before);
    // None of that has spoilt the pass for its owner, and the first key still gets the first answer.
    expect((await reserve({ event, user: 'lender', pass: fresh, key: key() })).status).toBe(201);
    expect((await reserve({ ...first, seatIds })).status).toBe(201);
    const conflict = await reserve({ ...first, seatIds: ['A-1-3'] });
    expect([conflict.status, codeOf(conflict)]).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
  });

  it("shows nobody another's reservation, nor lets them confirm or cancel it", async () => {
    const { id: event } = await fleet.event();
    const pass = await enter(event, 'ann');
    const reserved = await reserve({ event, user: 'ann', pass, key: randomUUID() });
    const path = `/reservations/${reserved.body.reservation_id}`;
    const as = (user: string) => ({ headers: keyed(user, randomUUID()) });
    expect((await insist(path, as('eve'))).status).toBe(403);
    expect((await insist(`${path}/cancel`, { ...as('eve'), body: {} })).status).toBe(403);
    const body = { payment_intent_id: 'pi_none' };
    expect((await insist(`${path}/confirm`, { ...as('eve'), body })).status).toBe(403);
    const unpaid = await insist(`${path}/confirm`, { ...as('ann'), body });
    expect([unpaid.status, codeOf(unpaid)]).toEqual([412, 'PAYMENT_NOT_APPROVED']);
    expect((await insist(path, as('ann'))).body).toMatchObject({ status: 'HOLD', event_id: event });
    expect(await insist(`${path}/cancel`, { ...as('ann'), body: {} })).toMatchObject({
      status: 200,
      body: { status: 'CANCELLED' },
    });
    expect((await hall(event))?.free).toBe(seats);
  });
});
