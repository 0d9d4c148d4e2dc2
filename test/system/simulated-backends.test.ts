import { createServer, type Server } from 'node:http';
import { type Client, credentials, type requestCallback, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreateReservationResponse__Output } from '../../generated/proto/reservation/v1/CreateReservationResponse.ts';
import { protos } from '../../src/grpc/protos.ts';
import { type SimulatedBackends, startBackends } from '../helpers/backends.ts';
import { eventually } from '../helpers/eventually.ts';
import { pause } from '../helpers/fleet.ts';

const event = 'evt_hall';
const deadlineMs = 10_000;
const asked = <T>(call: (done: requestCallback<T>) => unknown): Promise<T> =>
  new Promise((resolve, reject) => {
    call((error, reply) => (error || reply === undefined ? reject(error) : resolve(reply)));
  });

/** Clients of the three services. */
function connect({ addresses }: SimulatedBackends) {
  const { reservation, payment } = protos();
  const plain = credentials.createInsecure();
  const services = {
    reservation: new reservation.ReservationService(addresses.reservation, plain),
    inventory: new reservation.InventoryService(addresses.inventory, plain),
    payment: new payment.PaymentService(addresses.payment, plain),
  };
  const limit = (ms = deadlineMs) => ({ deadline: Date.now() + ms });
  return {
    ...services,
    reserve: (request: {
      userId: string;
      key?: string;
      seatIds?: string[];
      quantity?: number;
      event?: string;
    }) =>
      asked<CreateReservationResponse__Output>((done) => {
        const { key = '', seatIds = [], quantity = 0, userId } = request;
        const wanted = { eventId: request.event ?? event, userId, seatIds, quantity, idempotencyKey: key };
        services.reservation.CreateReservation(wanted, limit(), done);
      }),
    pay: (
      request: { reservationId: string; userId: string; amount: number; webhookUrl?: string },
      scenario: 'APPROVE' | 'FAIL' | 'DELAY' | 'TIMEOUT' = 'APPROVE',
      ms?: number,
    ) =>
      asked<{ paymentIntentId: string; error: { code: string } | null }>((done) => {
        const { amount, ...rest } = request;
        const wanted = { ...rest, amount: { amount, currency: 'KRW' } };
        const scene = `PAYMENT_SCENARIO_${scenario}` as const;
        services.payment.CreatePaymentIntent({ ...wanted, scenario: scene }, limit(ms), done);
      }),
    paid: (paymentIntentId: string, userId = '') =>
      asked<{ payment: { status: string } | null; error: { code: string } | null }>((done) =>
        services.payment.GetPaymentStatus({ paymentIntentId, userId }, limit(), done),
      ),
    confirm: (request: { reservationId: string; paymentIntentId: string; userId: string; key?: string }) =>
      asked<{ orderId: string; error: { code: string } | null }>((done) => {
        const { key = '', ...wanted } = request;
        services.reservation.ConfirmReservation({ ...wanted, idempotencyKey: key }, limit(), done);
      }),
    cancel: (reservationId: string, userId: string) =>
      asked<{ status: string; error: { code: string } | null }>((done) =>
        services.reservation.CancelReservation({ reservationId, userId }, limit(), done),
      ),
    get: (reservationId: string, userId: string) =>
      asked<{ reservation: { status: string; orderId: string } | null; error: { code: string } | null }>(
        (done) => services.reservation.GetReservation({ reservationId, userId }, limit(), done),
      ),
    close: () => {
      for (const client of Object.values(services) as Client[]) client.close();
    },
  };
}

/** A payment that has been completed. */
async function completed(
  clients: ReturnType<typeof connect>,
  wanted: { readonly reservationId: string; readonly userId: string; readonly amount: number },
): Promise<string> {
  const { paymentIntentId } = await clients.pay(wanted);
  const isDone = async () =>
    (await clients.paid(paymentIntentId)).payment?.status === 'PAYMENT_STATUS_COMPLETED';
  await eventually(isDone);
  return paymentIntentId;
}

describe('the simulated services', () => {
  let backends: SimulatedBackends;
  let clients: ReturnType<typeof connect>;
  beforeAll(async () => {
    backends = await startBackends({ seats: 40 });
    clients = connect(backends);
  });
  afterAll(async () => {
    clients.close();
    await backends.stop();
    expect(await backends.ended).toEqual({ code: 0, signal: null });
  });
  const seatsOf = async (name: string) => (await backends.stats()).events[name];
  const paidFor = (reservationId: string, userId: string, amount: number) =>
    completed(clients, { reservationId, userId, amount });

  it('hold seats of 200 racing requests all or none: each seat once', async () => {
    const race = 'evt_race';
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, index) => {
        const first = (index * 7) % 19;
        const seatIds = [first + 1, first + 2].map((number) => `A-1-${number}`);
        return clients.reserve({ userId: `u${index}`, seatIds, event: race });
      }),
    );
    const won = replies.filter(({ error }) => error === null);
    const seats = won.flatMap(({ reservedSeats }) => reservedSeats.map(({ id }) => id));
    expect(new Set(seats).size).toBe(seats.length);
    expect(won.every(({ reservedSeats }) => reservedSeats.length === 2)).toBe(true);
    expect(won.length).toBeGreaterThanOrEqual(6);
    const codes = new Set(replies.flatMap(({ error }) => error?.code ?? []));
    expect(codes).toEqual(new Set(['ERROR_CODE_INVENTORY_CONFLICT']));
    const { held, sold, holds } = (await seatsOf(race)) ?? { held: -1, sold: -1, holds: { made: -1 } };
    expect({ held, sold, made: holds.made }).toEqual({ held: seats.length, sold: 0, made: won.length });
  });

  it('sell no more seats than there are to 200 racing requests for any seat', async () => {
    const race = 'evt_any';
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        clients.reserve({ userId: `u${index}`, quantity: 1, event: race }),
      ),
    );
    expect(replies.filter(({ error }) => error === null)).toHaveLength(40);
    const refused = replies.flatMap(({ error }) => error?.code ?? []);
    expect(new Set(refused)).toEqual(new Set(['ERROR_CODE_INSUFFICIENT_INVENTORY']));
  });

  it('make one reservation of fifty racing copies, and refuse the key with another request', async () => {
    const copy = { userId: 'copier', key: 'key-1', quantity: 1 };
    const replies = await Promise.all(Array.from({ length: 50 }, () => clients.reserve(copy)));
    expect(new Set(replies.map(({ reservationId }) => reservationId)).size).toBe(1);
    expect((await seatsOf(event))?.holds.made).toBe(1);
    const other = await clients.reserve({ ...copy, quantity: 2 });
    expect(other.error?.code).toBe('ERROR_CODE_IDEMPOTENCY_CONFLICT');
    expect((await clients.cancel(replies[0]?.reservationId ?? '', 'copier')).error).toBeNull();
  });

  it('confirm what its user paid for, and nothing else', async () => {
    const { reservationId, totalAmount } = await clients.reserve({ userId: 'buyer', quantity: 2 });
    const own = { reservationId, userId: 'buyer' };
    const amount = totalAmount?.amount ?? 0;
    expect(amount).toBe(300_000);
    const codeOf = async (paymentIntentId: string) =>
      (await clients.confirm({ ...own, paymentIntentId })).error?.code;
    expect(await codeOf('pi_none')).toBe('ERROR_CODE_PAYMENT_NOT_APPROVED');
    const failed = await clients.pay({ ...own, amount }, 'FAIL');
    await eventually(
      async () => (await clients.paid(failed.paymentIntentId)).payment?.status === 'PAYMENT_STATUS_FAILED',
    );
    expect(await codeOf(failed.paymentIntentId)).toBe('ERROR_CODE_PAYMENT_NOT_APPROVED');
    expect(await codeOf(await paidFor(reservationId, 'buyer', amount - 1))).toBe(
      'ERROR_CODE_PAYMENT_NOT_APPROVED',
    );
    expect(await codeOf(await paidFor(reservationId, 'other', amount))).toBe(
      'ERROR_CODE_PAYMENT_NOT_APPROVED',
    );
    expect(await codeOf(await paidFor('rsv_other', 'buyer', amount))).toBe('ERROR_CODE_PAYMENT_NOT_APPROVED');
    const paymentIntentId = await paidFor(reservationId, 'buyer', amount);
    const strange = await clients.confirm({ reservationId, paymentIntentId, userId: 'other' });
    expect(strange.error?.code).toBe('ERROR_CODE_FORBIDDEN');
    expect((await clients.get(reservationId, 'other')).error?.code).toBe('ERROR_CODE_FORBIDDEN');
    const orders = await Promise.all(
      Array.from({ length: 5 }, (_, index) => clients.confirm({ ...own, paymentIntentId, key: `c${index}` })),
    );
    expect(orders.map(({ error }) => error)).toEqual([null, null, null, null, null]);
    expect(new Set(orders.map(({ orderId }) => orderId)).size).toBe(1);
    const [order] = orders;
    expect((await clients.get(reservationId, 'buyer')).reservation).toMatchObject({
      status: 'RESERVATION_STATUS_CONFIRMED',
      orderId: order?.orderId,
    });
    expect((await clients.cancel(reservationId, 'buyer')).error?.code).toBe('ERROR_CODE_FAILED_PRECONDITION');
    const sold = await backends.sold(event);
    expect(sold).toMatchObject([
      { order_id: order?.orderId, reservation_id: reservationId, user_id: 'buyer' },
    ]);
  });

  it('tell what is free, by section', async () => {
    await clients.reserve({ userId: 'u', seatIds: ['A-2-1'], event: 'evt_map' });
    const status = await asked((done) => clients.inventory.GetInventoryStatus({ eventId: 'evt_map' }, done));
    expect(status).toMatchObject({
      stats: { totalSeats: 40, availableSeats: 39, reservedSeats: 1, soldSeats: 0 },
      sections: [{ sectionId: 'A', availableSeats: 39 }],
    });
    const seatIds = ['A-2-1', 'A-2-2'];
    const check = await asked((done) =>
      clients.inventory.CheckAvailability({ eventId: 'evt_map', seatIds }, done),
    );
    expect(check).toMatchObject({ available: false, unavailableSeatIds: ['A-2-1'], remainingInSection: 39 });
  });

  it('answer a payment of scenario timeout to nobody', async () => {
    const waiting = clients.pay({ reservationId: 'r', userId: 'u', amount: 1 }, 'TIMEOUT', 400);
    await expect(waiting).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  it('are slow and fail when told by the control port, in outside calls only, and count every call', async () => {
    const before = await backends.stats();
    await backends.setLatency(700);
    const startMs = performance.now();
    expect((await clients.reserve({ userId: 'u', quantity: 1, event: 'evt_slow' })).error).toBeNull();
    const tookMs = performance.now() - startMs;
    expect(tookMs).toBeGreaterThanOrEqual(690);
    expect(tookMs).toBeLessThan(1_390);
    await backends.setLatency(0);
    await backends.setFailing(100, 'reservation');
    await expect(clients.reserve({ userId: 'u', quantity: 1 })).rejects.toMatchObject({
      code: status.UNAVAILABLE,
    });
    await backends.setFailing(0);
    expect((await clients.reserve({ userId: 'u', quantity: 1, event: 'evt_slow' })).error).toBeNull();
    const { calls } = await backends.stats();
    expect(
      (calls.reservation.CreateReservation ?? 0) - (before.calls.reservation.CreateReservation ?? 0),
    ).toBe(3);
    expect((calls.inventory.ReserveSeat ?? 0) - (before.calls.inventory.ReserveSeat ?? 0)).toBe(2);
  });
});

describe('holds of two seconds', () => {
  let backends: SimulatedBackends;
  let clients: ReturnType<typeof connect>;
  beforeAll(async () => {
    backends = await startBackends({ seats: 40, hold: '2s' });
    clients = connect(backends);
  });
  afterAll(async () => {
    clients.close();
    await backends.stop();
  });
  const seatsOf = async (name: string) => (await backends.stats()).events[name];

  it('give seats back when the hold ends, once; a confirmation after that is refused', async () => {
    const late = 'evt_late';
    const held = await clients.reserve({ userId: 'slow', seatIds: ['A-1-1'], event: late });
    const paymentIntentId = await completed(clients, {
      reservationId: held.reservationId,
      userId: 'slow',
      amount: 150_000,
    });
    await eventually(async () => (await seatsOf(late))?.free === 40, { withinMs: 8_000, everyMs: 50 });
    const refused = await clients.confirm({
      reservationId: held.reservationId,
      userId: 'slow',
      paymentIntentId,
    });
    expect(refused.error?.code).toBe('ERROR_CODE_RESERVATION_EXPIRED');
    expect((await seatsOf(late))?.seatsReleased).toEqual({ byTime: 1, onRequest: 0 });
    const next = await clients.reserve({ userId: 'next', seatIds: ['A-1-1'], event: late });
    expect(next.error).toBeNull();
  });

  it('prolong a hold, up to twice its length', async () => {
    const { reservationId } = await clients.reserve({ userId: 'thinker', quantity: 1, event: 'evt_longer' });
    const extend = (extensionSeconds: number) =>
      asked<{ extensionAllowed: boolean }>((done) =>
        clients.reservation.ExtendHold({ reservationId, userId: 'thinker', extensionSeconds }, done),
      );
    expect(await extend(2)).toMatchObject({ extensionAllowed: true, extendedSeconds: 2 });
    expect(await extend(1)).toMatchObject({ extensionAllowed: false });
    await pause(2_200);
    expect((await seatsOf('evt_longer'))?.held).toBe(1);
    const own = await asked<{ reservations: object[] }>((done) =>
      clients.reservation.ListReservations({ userId: 'thinker' }, done),
    );
    expect(own.reservations).toMatchObject([{ reservationId, status: 'RESERVATION_STATUS_HOLD' }]);
  });
});

describe('webhooks of the simulated payments', () => {
  let backends: SimulatedBackends;
  let clients: ReturnType<typeof connect>;
  let merchant: Server;
  let url = '';
  const told: { id: string; body: { status: string; payment_intent_id: string } }[] = [];
  let refusals = 2;
  beforeAll(async () => {
    backends = await startBackends();
    clients = connect(backends);
    merchant = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      told.push({ id: String(request.headers['x-webhook-id']), body: JSON.parse(text) });
      refusals -= 1;
      response.writeHead(refusals >= 0 ? 503 : 200).end();
    });
    await new Promise<void>((resolve) => merchant.listen(0, '127.0.0.1', resolve));
    const address = merchant.address();
    url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hook`;
  });
  afterAll(async () => {
    clients.close();
    merchant.closeAllConnections();
    merchant.close();
    await backends.stop();
  });

  it('are sent again after a failure, with the same id, until one is taken', async () => {
    const { paymentIntentId } = await clients.pay({
      reservationId: 'r',
      userId: 'u',
      amount: 1,
      webhookUrl: url,
    });
    await eventually(async () => (await backends.stats()).webhooks.delivered === 1, { withinMs: 8_000 });
    expect(told).toHaveLength(3);
    expect(new Set(told.map(({ id }) => id)).size).toBe(1);
    expect(told[0]?.body).toMatchObject({ status: 'COMPLETED', payment_intent_id: paymentIntentId });
    expect((await backends.stats()).webhooks).toEqual({ waiting: 0, tries: 3, delivered: 1, failed: 0 });
  });

  it('go to this machine only', async () => {
    const away = { reservationId: 'r', userId: 'u', amount: 1, webhookUrl: 'http://192.0.2.1/hook' };
    expect((await clients.pay(away)).error?.code).toBe('ERROR_CODE_INVALID_ARGUMENT');
  });

  it('can be told by hand, and then change the payment', async () => {
    const { paymentIntentId } = await clients.pay(
      { reservationId: 'r', userId: 'u', amount: 1, webhookUrl: url },
      'DELAY',
    );
    const targetStatus = 'PAYMENT_STATUS_FAILED';
    const reply = await asked((done) =>
      clients.payment.SimulateWebhook({ paymentIntentId, targetStatus }, done),
    );
    expect(reply).toMatchObject({ webhookSent: true });
    await eventually(() => told.at(-1)?.body.payment_intent_id === paymentIntentId);
    expect(told.at(-1)?.body.status).toBe('FAILED');
    const processed = await asked((done) => clients.payment.ProcessPayment({ paymentIntentId }, done));
    expect(processed).toMatchObject({ status: 'PAYMENT_STATUS_FAILED', result: { success: false } });
    const cancelled = await asked((done) => clients.payment.CancelPayment({ paymentIntentId }, done));
    expect(cancelled).toMatchObject({ error: { code: 'ERROR_CODE_FAILED_PRECONDITION' } });
    const own = await asked((done) => clients.payment.ListPayments({ userId: 'u' }, done));
    expect(own).toMatchObject({ payments: [{ paymentIntentId }, {}], pageInfo: { totalCount: 2 } });
  });
});
