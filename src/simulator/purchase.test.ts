import { afterEach, describe, expect, it } from 'vitest';
import { runCrowd } from './crowd.ts';
import {
  type FakeAnswer,
  type FakeGateway,
  fakeError,
  fakeGranted,
  fakeJoined,
  fakeReady,
  startFakeGateway,
} from './fake-gateway.ts';
import type { CrowdOptions } from './options.ts';
import { renderReport } from './report-text.ts';
import type { Call } from './wire.ts';

let gateway: FakeGateway | undefined;
afterEach(() => gateway?.close());

const reserved = {
  status: 201,
  body: {
    ...{ reservation_id: 'rsv_1', status: 'HOLD', hold_expires_at: '2026-01-01T00:00:00Z' },
    ...{ seat_ids: ['A-1-1'], amount: 150_000, currency: 'KRW' },
  },
};
const intended = { status: 201, body: { payment_intent_id: 'pi_1', status: 'PENDING', next: 'webhook' } };
const payment = (status: string): FakeAnswer => ({
  status: 200,
  body: { payment_intent_id: 'pi_1', reservation_id: 'rsv_1', status, amount: 150_000, currency: 'KRW' },
});
const confirmed = { status: 200, body: { order_id: 'ord_1', status: 'CONFIRMED' } };

/** Lets one buyer run against scripted answers: the n-th of a call, then the last for good. */
async function buy(script: Partial<Record<Call, FakeAnswer[]>>, options: Partial<CrowdOptions> = {}) {
  const usual: Partial<Record<Call, FakeAnswer[]>> = {
    ...{ join: [fakeJoined('w1')], status: [fakeReady()], enter: [fakeGranted('pass')], intent: [intended] },
    ...{ reserve: [reserved], payment: [payment('PENDING'), payment('COMPLETED')], confirm: [confirmed] },
  };
  const asked: Partial<Record<Call, number>> = {};
  gateway = await startFakeGateway(({ call }) => {
    const count = asked[call] ?? 0;
    asked[call] = count + 1;
    const answers = { ...usual, ...script }[call] ?? [];
    return answers[Math.min(count, answers.length - 1)] ?? fakeError(404, 'NOT_FOUND');
  });
  const settings = { gateway: gateway.url, event: 'evt_x', runId: 'r', visitors: 1, thinkMaxMs: 0, buy: 1 };
  const report = await runCrowd({ ...settings, forMs: 5_000, ...options });
  const { calls } = gateway;
  return { report, sales: report.sales, of: (call: Call) => calls.filter((each) => each.call === call) };
}

describe('a buyer', () => {
  it('reserves, pays, waits for the payment and confirms', async () => {
    const { report, sales, of } = await buy({});
    expect(report.outcomes).toMatchObject({ entered: 1, unfinished: 0 });
    expect(sales).toMatchObject({ begun: 1, reserved: 1, paid: 1, seats: 1, ends: { confirmed: 1 } });
    expect(sales.orders).toEqual([
      { orderId: 'ord_1', reservationId: 'rsv_1', userId: 'sim-r-0', seatIds: ['A-1-1'] },
    ]);
    expect(of('payment')).toHaveLength(2);
    expect(of('reserve')[0]?.headers).toMatchObject({
      'idempotency-key': 'simulated-visitor-r-0-reserve',
      'x-user-id': 'sim-r-0',
    });
    expect(renderReport(report)).toContain('bought                1 of 1, 1 seats  1 reserved  1 paid');
  });

  it.each([
    ['soldOut', { reserve: [fakeError(409, 'SEATS_TAKEN')] }, {}],
    ['refused', { reserve: [fakeError(403, 'PASS_REFUSED')] }, {}],
    ['declined', { payment: [payment('FAILED')] }, {}],
    ['expired', { confirm: [fakeError(410, 'RESERVATION_EXPIRED')] }, {}],
    ['neverPaid', {}, { neverPay: 1 }],
    ['gaveUp', { reserve: ['cut'] }, { giveUpAfterMs: 300 }],
  ] as const)('ends as %s', async (end, script, options) => {
    const { report, sales } = await buy(script as Partial<Record<Call, FakeAnswer[]>>, options);
    expect(sales.ends[end]).toBe(1);
    expect(sales.orders).toEqual([]);
    expect(report.outcomes.entered).toBe(1);
  });

  it('tries again under the same key while the gateway is busy or silent', async () => {
    const busy = fakeError(503, 'BACKEND_UNAVAILABLE', {}, { 'retry-after': '0' });
    const inFlight = fakeError(409, 'REQUEST_IN_FLIGHT', {}, { 'retry-after': '1' });
    const { sales, of } = await buy({ reserve: ['cut', reserved], confirm: [busy, inFlight, confirmed] });
    expect(sales.ends.confirmed).toBe(1);
    expect(of('confirm')).toHaveLength(3);
    expect(new Set(of('confirm').map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  it('notices when a repeated request is answered otherwise', async () => {
    const other = { status: 201, body: { ...reserved.body, reservation_id: 'rsv_2' } };
    const same = await buy({}, { repeat: 1 });
    expect(same.sales.repeated).toBeGreaterThanOrEqual(6);
    expect(same.sales.answeredOtherwise).toBe(0);
    await gateway?.close();
    const different = await buy({ reserve: [reserved, other] }, { repeat: 1 });
    expect(different.sales.answeredOtherwise).toBeGreaterThanOrEqual(1);
  });

  it('counts as entered while the run ends in the middle of a purchase', async () => {
    const { report } = await buy({ payment: [payment('PENDING')] }, { forMs: 800 });
    expect(report.outcomes).toMatchObject({ entered: 1, unfinished: 0 });
  });
});
