/** The payment service as routes see it. */
import type { CreatePaymentIntentResponse__Output } from '../../../generated/proto/payment/v1/CreatePaymentIntentResponse.ts';
import type { GetPaymentStatusResponse__Output } from '../../../generated/proto/payment/v1/GetPaymentStatusResponse.ts';
import type { PaymentServiceClient } from '../../../generated/proto/payment/v1/PaymentService.ts';
import type { PaymentStatus__Output } from '../../../generated/proto/payment/v1/PaymentStatus.ts';
import type { ProcessPaymentResponse__Output } from '../../../generated/proto/payment/v1/ProcessPaymentResponse.ts';
import { present } from '../../contract/config-kinds.ts';
import { refuse } from '../../contract/errors.ts';
import {
  type IntentBody,
  type IntentReply,
  type PaymentReply,
  type ProcessReply,
  paymentStatuses,
} from '../../contract/reservations.ts';
import {
  BrokenAnswer,
  readId,
  readMoney,
  readPart,
  readReason,
  readTimeIfAny,
  readWebAddress,
  readWord,
} from './answers.ts';
import type { BackendOutcome, PaymentBackend } from './backends.ts';
import type { BackendCaller } from './caller.ts';

const scenarios = {
  approve: 'PAYMENT_SCENARIO_APPROVE',
  fail: 'PAYMENT_SCENARIO_FAIL',
  delay: 'PAYMENT_SCENARIO_DELAY',
} as const satisfies Record<IntentBody['scenario'], string>;

/** Calls through `caller`; `webhookUrl` = where the service tells how a payment ended, '' = nowhere. */
export function createPaymentBackend(
  caller: BackendCaller<PaymentServiceClient>,
  webhookUrl: string,
): PaymentBackend {
  return {
    createIntent: ({ reservation_id, amount, currency, scenario, userId, idempotencyKey }, context) => {
      const request = {
        reservationId: reservation_id,
        amount: { amount, currency },
        userId,
        scenario: scenarios[scenario],
        webhookUrl,
        idempotencyKey,
      };
      return caller.call(
        {
          method: 'CreatePaymentIntent',
          isRepeatable: idempotencyKey !== '',
          secrets: [idempotencyKey],
          send: (client, ...rest) => client.createPaymentIntent(request, ...rest),
          read: readIntent,
        },
        context,
      );
    },
    status: (request, context) =>
      caller.call(
        {
          method: 'GetPaymentStatus',
          isRepeatable: true,
          send: (client, ...rest) => client.getPaymentStatus(request, ...rest),
          read: (answer: GetPaymentStatusResponse__Output) => readPayment(answer, request),
        },
        context,
      ),
    process: (request, context) =>
      caller.call(
        {
          method: 'ProcessPayment',
          // Without a key, a second one may pay twice.
          isRepeatable: request.idempotencyKey !== '',
          secrets: [request.idempotencyKey],
          send: (client, ...rest) => client.processPayment(request, ...rest),
          read: readProcessed,
        },
        context,
      ),
  };
}

function readIntent(answer: CreatePaymentIntentResponse__Output): BackendOutcome<IntentReply> {
  return {
    ok: true,
    reply: {
      payment_intent_id: readId(answer.paymentIntentId, 'payment_intent_id'),
      status: readStatus(answer.status),
      next: 'webhook',
      ...present({
        payment_url: readWebAddress(answer.paymentUrl),
        expires_at: readTimeIfAny(answer.expiresAt, 'expires_at'),
      }),
    },
  };
}

function readPayment(
  answer: GetPaymentStatusResponse__Output,
  asked: { readonly paymentIntentId: string; readonly userId: string },
): BackendOutcome<PaymentReply> {
  const payment = readPart(answer.payment, 'payment');
  if (payment.paymentIntentId !== asked.paymentIntentId)
    throw new BrokenAnswer('payment_intent_id is another one');
  // The service is told who asks, and should refuse by itself.
  if (payment.userId !== '' && payment.userId !== asked.userId) return refuse('FORBIDDEN');
  return {
    ok: true,
    reply: {
      payment_intent_id: readId(payment.paymentIntentId, 'payment_intent_id'),
      reservation_id: readId(payment.reservationId, 'reservation_id'),
      status: readStatus(payment.status),
      ...readMoney(payment.amount, 'amount'),
      ...present({
        processed_at: readTimeIfAny(payment.processedAt, 'processed_at'),
        failure_reason: readReason(payment.result?.failureReason),
      }),
    },
  };
}

function readProcessed(answer: ProcessPaymentResponse__Output): BackendOutcome<ProcessReply> {
  return {
    ok: true,
    reply: {
      payment_id: readId(answer.paymentId, 'payment_id'),
      status: readStatus(answer.status),
      ...present({
        processed_at: readTimeIfAny(answer.processedAt, 'processed_at'),
        failure_reason: readReason(answer.result?.failureReason),
      }),
    },
  };
}

const readStatus = (value: PaymentStatus__Output): (typeof paymentStatuses)[number] =>
  readWord(value, { prefix: 'PAYMENT_STATUS_', words: paymentStatuses, field: 'status' });
