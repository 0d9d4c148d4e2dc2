import { expect, it } from 'vitest';
import type { Authenticator } from '../auth/authenticator.ts';
import type { RequestServices } from './asking.ts';
import { PaymentOperations } from './payment-operations.ts';

/** Payments of a service that knows all of them. */
function payments(authenticate: Authenticator): PaymentOperations {
  const given = async () => ({ ok: true, reply: {} });
  const services = {
    authenticate,
    backends: { payment: { createIntent: given, status: given, process: given } },
    once: async () => ({ status: 201, body: '{}', headers: [] }),
    owners: {},
  };
  return new PaymentOperations(services as unknown as RequestServices);
}

const json = (body: object) => ({
  headers: { 'content-type': 'application/json', 'idempotency-key': 'k1' },
  body: Buffer.from(JSON.stringify(body)),
  traceId: '0'.repeat(32),
});

it('asks once a request who it is: to ask is to count it for their limit', async () => {
  let asked = 0;
  const operations = payments(() => {
    asked += 1;
    return { authenticated: true, subject: 'ann' };
  });
  const intent = { reservation_id: 'rsv_1', amount: 100, currency: 'KRW' };
  expect((await operations.createIntent(json(intent))).status).toBe(201);
  expect(asked).toBe(1);
  expect((await operations.process(json({ payment_intent_id: 'pay_1' }))).status).toBe(201);
  expect(asked).toBe(2);
});
